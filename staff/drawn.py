"""What a page repeats many times, as HTML: rows, links, messages, events.

The template engine asks for each value by name, two thousand of them for fifty rows; an f-string does not. Whoever
changes a piece escapes what people wrote. The rest of the page stands in templates/staff/.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from html import escape
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from staff import keys as keyboard
from staff.keys import GO


@lru_cache(maxsize=64)
def glyph(name: str, *, tinted: bool = False) -> SafeString:
    """The shape of a state or an event; the same each time, so it is rendered once per process."""
    html = render_to_string("components/glyph.html", {"glyph": name, "tinted": tinted})
    return mark_safe(html.strip())  # noqa: S308 - our own template, no data in it


def chip(text: str, kind: str, icon: str = "") -> str:
    """What components/chip.html draws."""
    if icon:
        return _chip_with_icon(text, kind, icon)
    return f'<span class="chip chip--{kind}"><span>{escape(text)}</span></span>'


@lru_cache(maxsize=256)
def _chip_with_icon(text: str, kind: str, icon: str) -> str:
    return render_to_string("components/chip.html", {"chip": {"text": text, "kind": kind, "icon": icon}})


def time(when: str, iso: str) -> str:
    """What components/time.html draws."""
    return f'<relative-time><time datetime="{iso}">{escape(when)}</time></relative-time>'


def row(one: dict[str, Any], words: dict[str, str]) -> str:
    """A list's row; words: `waits` is said of one that waits for an answer, `choose` of its checkbox. The subject's
    link covers the row."""
    classes = "row" + (" row--selected" if one["selected"] else "") + (" row--unread" if one["unread"] else "")
    current = ' aria-current="true"' if one["selected"] else ""
    unread = f'<bdi class="visually-hidden">{words["waits"]}: </bdi>' if one["unread"] else ""
    kind = "row__who row__who--draft" if one["is_draft"] else "row__who"
    who = f'<bdi class="{kind}">{escape(one["preview_who"])}:</bdi> ' if one["preview_who"] else ""
    return (
        f'<li class="{classes}" id="row-{one["id"]}"><div class="row__state">{glyph(one["glyph"], tinted=True)}'
        f"{checkbox(one, words)}</div>"
        f'<div class="row__text"><div class="row__meta"><span class="ellipsis" dir="auto"><bdi class="visually-hidden">'
        f"{escape(one['state_label'])}: </bdi>{escape(one['requester'])} · {one['number']}</span>"
        f"{time(one['when'], one['when_iso'])}</div>"
        f'<a class="row__subject" dir="auto" href="{escape(one["url"])}"{current}>{unread}{escape(one["subject"])}</a>'
        f'<p class="row__preview" dir="auto">{who}{escape(one["preview"])}</p>'
        f'<div class="row__foot"><div class="chips">{"".join(one["chips"])}</div>{assignee(one["assignee"])}</div>'
        "</div></li>\n"
    )


def checkbox(one: dict[str, Any], words: dict[str, str]) -> str:
    """Chooses the row for the form of bulk work, which stands elsewhere on the page."""
    return (
        f'<label class="row__check"><input type="checkbox" form="bulk" name="ticket" value="{one["id"]}" '
        f'aria-label="{words["choose"]} #{one["number"]}"></label>'
    )


def assignee(person: Any) -> str:
    """Initials in a circle, the name for those who do not see it."""
    if person is None:
        return ""
    name = escape(person.display_name)
    return (
        f'<span class="avatar avatar--tiny avatar--{person.hue}" title="{name}"><span aria-hidden="true">'
        f'{escape(person.initials)}</span><span class="visually-hidden">{name}</span></span>'
    )


def group_head(label: str) -> str:
    return f'<li class="row-group"><h3>{escape(label)}</h3></li>'


def rail_links(items: Iterable[dict[str, Any]]) -> SafeString:
    """The rail's list items: label and url, count and alarm where there are any, active."""
    return mark_safe("".join(map(_rail_link, items)))  # noqa: S308 - escaped there


def _rail_link(item: dict[str, Any]) -> str:
    current = ' aria-current="page"' if item["active"] else ""
    alarm = " rail__count--alarm" if item.get("alarm") else ""
    count = f'<span class="rail__count{alarm}">{item["count"]}</span>' if item.get("count") else ""
    label, slug = escape(str(item["label"])), escape(item["slug"])
    letter = GO.get(item["slug"], "")
    current += f' data-go="{letter}"' if letter else ""
    return (
        f'<li><a class="rail__link" id="rail-{slug}" href="{escape(item["url"])}"{current}>'
        f"<span>{label}</span>{count}</a></li>"
    )


def timeline(items: Iterable[dict[str, Any]]) -> SafeString:
    """The list items of a ticket's thread, see staff.thread."""
    words = {"note": escape(_("internal note")), "quoted": escape(_("Quoted text"))}
    drawn = (f"<li>{_message(item, words) if item['type'] == 'message' else _events(item)}</li>" for item in items)
    return mark_safe("".join(drawn))  # noqa: S308 - escaped there


def _events(item: dict[str, Any]) -> str:
    if item["type"] == "event":
        return _event(item)
    lines = "".join(map(_event, item["items"]))
    return f'<details class="events"><summary>{glyph("event")}{escape(item["label"])}</summary>{lines}</details>'


def _event(item: dict[str, Any]) -> str:
    moment = time(item["when"], item["when_iso"])
    return f'<p class="event">{glyph(item["glyph"])}<span>{escape(str(item["text"]))} · {moment}</span></p>'


def _message(item: dict[str, Any], words: dict[str, str]) -> str:
    """kind: reply (ours), customer, note."""
    detail = f'<span class="message__detail">{escape(item["author_detail"])}</span>' if item["author_detail"] else ""
    note = f'<span class="chip">{words["note"]}</span>' if item["kind"] == "note" else ""
    kind, mark = item["mark"]
    note += chip(mark, kind) if mark else ""
    note += chip(item["security"], "neutral") if item["security"] else ""
    note += chip(f"#{item['from']}", "info") if item["from"] else ""
    return (
        f'<article class="message message--{item["kind"]}" id="message-{item["id"]}" aria-labelledby="by-{item["id"]}">'
        f'<header class="message__head"><span class="avatar avatar--{item["hue"]}" aria-hidden="true">'
        f'{escape(item["initials"])}</span><div class="message__who"><h2 class="message__author" id="by-{item["id"]}">'
        f'{escape(item["author"])}</h2>{note}{detail}</div><span class="message__when">{_delivery(item)}'
        f"{time(item['when'], item['when_iso'])}</span></header>"
        f"{_warnings(item)}"
        f'<div class="message__body prose" dir="auto">{item["body_html"]}</div>{_below(item, words["quoted"])}'
        f"{item['delivery_html']}{_actions(item)}</article>"
    )


def _actions(item: dict[str, Any]) -> str:
    """Links to forms about the message, each a page of its own without scripts."""
    swap = 'hx-target="#message-form" hx-swap="innerHTML"'
    links = "".join(
        f'<a href="{escape(url)}" hx-get="{escape(url)}" {swap}>{escape(word)}</a>' for url, word in item["actions"]
    )
    return f'<p class="message__actions">{links}</p>' if links else ""


def _warnings(item: dict[str, Any]) -> str:
    return "".join(f'<p class="message__warning">{escape(one)}</p>' for one in item["warnings"])


def _delivery(item: dict[str, Any]) -> str:
    if not item["delivery"]:
        return ""
    return f"<span>{escape(item['delivery'])}</span> · "


def _below(item: dict[str, Any], quoted: str) -> str:
    """What few messages have: quoted text, files, the original e-mail."""
    html = ""
    if item["folded_html"]:
        html = (
            f'<details class="message__more"><summary aria-label="{quoted}">…</summary>'
            f'<div class="message__quoted prose">{item["folded_html"]}</div></details>'
        )
    if item["attachments"] or item["original_url"] or item["source_url"]:
        html += render_to_string("staff/_message_extras.html", {"message": item})
    return html


def keys() -> SafeString:
    """The sheet of keys."""
    return _keys(get_language())


@lru_cache(maxsize=32)
def _keys(language: str | None) -> SafeString:
    return render_to_string("components/keys.html", {"sheet": keyboard.sheet()})
