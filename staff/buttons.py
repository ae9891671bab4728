"""The verbs of a ticket page as HTML, see staff.verbs: buttons that act, and buttons that open a verb's form."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

Verb = dict[str, Any]
_BACK = {"reopen", "unarchive"}


def drawn(verbs: list[Verb], number: str, token: str) -> dict[str, SafeString]:
    """`primary` for the header, `more` for its menu, `forms` that load when opened, `back` for a closed ticket.
    `token` is the request's against forgery. Each works without scripts, as a form or a link."""
    small, menu, back = "button button--small", "menu__item", "button button--primary button--small"
    return {
        "primary": _safe(_button(verb, small, number, token) for verb in verbs if verb["primary"]),
        "more": _safe(_button(verb, menu, number, token) for verb in verbs if not verb["primary"]),
        "forms": _safe(_form(verb) for verb in verbs if verb["panel"]),
        "back": _safe(_button(verb, back, number, token) for verb in verbs if verb["verb"] in _BACK),
    }


def _safe(pieces: Iterable[str]) -> SafeString:
    return mark_safe("".join(pieces))  # noqa: S308 - escaped below


def _button(verb: Verb, classes: str, number: str, token: str) -> str:
    label, key = escape(verb["label"]), verb["key"]
    bound, hint = (f' data-key="{key}"', f" <kbd>{key}</kbd>") if key else ("", "")
    grave = " menu__item--danger" if classes == "menu__item" else " button--danger"
    if verb["panel"]:
        classes += grave if verb["danger"] else ""
        target = f'type="button" popovertarget="{verb["verb"]}-form"'
        return f'<button class="{classes}" {target}{bound}>{label}{hint}</button>'
    url, confirm = escape(verb["url"]), ""
    if verb["danger"]:
        question = _("%(verb)s #%(number)s?") % {"verb": verb["label"], "number": number}
        confirm = f' data-confirm="{escape(question)}"'
        classes += grave
    return (
        f'<form method="post" action="{url}" hx-post="{url}" hx-sync="#main:drop" '
        f'hx-disabled-elt="find button"{confirm}>'
        f'<input type="hidden" name="csrfmiddlewaretoken" value="{token}">'
        f'<button class="{classes}"{bound}>{label}{hint}</button></form>'
    )


def _form(verb: Verb) -> str:
    """Loaded on the first opening; without scripts the menu holds a link to it."""
    url = escape(verb["url"])
    return (
        f'<div class="menu menu--form" id="{verb["verb"]}-form" popover hx-get="{url}" hx-trigger="toggle once" '
        f'hx-target="this" hx-swap="innerHTML"><a class="menu__item" href="{url}">{escape(verb["label"])}</a></div>'
    )
