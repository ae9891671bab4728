"""Addresses, numbers and names within a sentence that may run the other way."""

from __future__ import annotations

from django import template
from django.utils.html import format_html

from portal import wording

register = template.Library()
register.filter("isolated", wording.isolated)


@register.filter
def apart(text: object) -> str:
    """For a page; `isolated` is for a sentence without markup."""
    return format_html("<bdi>{}</bdi>", text)
