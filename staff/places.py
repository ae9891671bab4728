"""Which list an address means, and the address of a list."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from django.urls import reverse

from tickets import worklists
from tickets.models import User
from tickets.worklists import Worklist

# What of an address says which part of which list it is, in which order.
PLACE = ("after", "before", "sort", "group", "as")


def find(user: User, given: Mapping[str, str]) -> Worklist | None:
    """The list that the address names by `view` or `q`, arranged as it says."""
    text = given.get("q", "").replace("\0", "").strip()
    found = worklists.of_query(text, user) if text else worklists.find(user, given.get("view", ""))
    return found.arranged(order=given.get("sort", ""), group=given.get("group", "")) if found else None


def place(given: Mapping[str, str]) -> dict[str, str]:
    """Where in the list the reader is, and how it is laid out."""
    return {name: given[name] for name in PLACE if given.get(name)}


def name_of(worklist: Worklist) -> dict[str, str]:
    """The query that names the list beside a ticket."""
    return {"view": worklist.slug} if worklist.slug else {"q": worklist.query}


def url_of(worklist: Worklist, **place: str) -> str:
    """Its address; empty values are left out."""
    kept = {name: value for name, value in place.items() if value}
    if not worklist.slug:
        return f"{reverse('staff:search')}?{urlencode({'q': worklist.query, **kept})}"
    return reverse("staff:view", args=[worklist.slug]) + (f"?{urlencode(kept)}" if kept else "")
