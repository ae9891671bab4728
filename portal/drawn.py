"""A conversation as HTML. The template engine asks for each value by name, which for many messages is half the page."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _


def thread(messages: Iterable[dict[str, Any]]) -> SafeString:
    """List items for messages as portal.presenters.messages gives them."""
    quoted = escape(_("Quoted text"))
    return mark_safe("".join(f"<li>{_message(one, quoted)}</li>" for one in messages))  # noqa: S308 - escaped there


def _message(one: dict[str, Any], quoted: str) -> str:
    return (
        f'<article class="message message--{one["kind"]}" id="message-{one["id"]}" aria-labelledby="by-{one["id"]}">'
        f'<header class="message__head"><span class="avatar avatar--{one["hue"]}" aria-hidden="true">'
        f'{escape(one["initials"])}</span><div class="message__who"><h2 class="message__author" id="by-{one["id"]}">'
        f'{escape(one["author"])}</h2></div><span class="message__when"><relative-time>'
        f'<time datetime="{one["when_iso"]}">{escape(one["when"])}</time></relative-time></span></header>'
        f'<div class="message__body prose" dir="auto">{one["body_html"]}</div>{_below(one, quoted)}</article>'
    )


def _below(one: dict[str, Any], quoted: str) -> str:
    """What few messages have: quoted text and files."""
    html = ""
    if one["folded_html"]:
        html = (
            f'<details class="message__more"><summary aria-label="{quoted}">…</summary>'
            f'<div class="message__quoted prose" dir="auto">{one["folded_html"]}</div></details>'
        )
    if one["attachments"]:
        html += render_to_string("components/attachments.html", {"attachments": one["attachments"]})
    return html
