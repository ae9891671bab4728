"""What the command palette offers for the words typed: verbs and macros of the open ticket, tickets, views, customers,
pages."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from staff import macros, verbs
from staff.access import AgentRequest, agents_only, find_ticket
from staff.keys import GO_LABELS
from tickets import queries, worklists
from tickets.models import SavedView, User
from tickets.worklists import TooSlow

MOST = 6
SHORTEST = 2
Items = list[dict[str, Any]]


@require_safe
@agents_only
def palette(request: AgentRequest) -> HttpResponse:
    text = request.GET.get("q", "").replace("\0", "").strip()[:200]
    groups = [
        *_of_ticket(request, text),
        (_("Tickets"), _tickets(request.user, text)),
        (_("Views"), _views(request.user, text)),
        (_("Customers"), _customers(text)),
        (_("Pages"), _pages(request.user, text)),
    ]
    return render(request, "staff/_palette_items.html", {"groups": [group for group in groups if group[1]]})


def _item(label: Any, url: str, hint: Any = "", press: str = "", *, is_shown: bool = False) -> dict[str, Any]:
    """`press` names the verb whose button is pressed; `is_shown`: what stands at `url` is put into that verb's form."""
    return {"label": label, "url": url, "hint": hint, "press": press, "is_shown": is_shown}


def _fits(label: Any, text: str) -> bool:
    return all(word in str(label).lower() for word in text.lower().split())


def _of_ticket(request: AgentRequest, text: str) -> list[tuple[Any, Items]]:
    """What may be done with the open ticket; each macro with what it would do."""
    number = request.GET.get("ticket", "")[:24]
    if not number:
        return []
    try:
        ticket = find_ticket(request.user, number)
    except Http404:
        return []
    is_follower = ticket.followers.filter(user=request.user).exists()
    may = verbs.possible(ticket, request.user)
    offered = verbs.offered(ticket, may, request.user, is_follower=is_follower)
    found = [_item(one["label"], one["url"], one["key"], one["verb"]) for one in offered if _fits(one["label"], text)]
    rows = macros.offered(ticket, request.user) if any(one["verb"] == "macros" for one in offered) else []
    fit = [
        _item(row["name"], row["url"], " · ".join(row["effects"]), "macros", is_shown=True)
        for row in rows
        if _fits(row["name"], text)
    ]
    most = MOST * 3 if text else MOST
    return [(_("This ticket"), found[:most]), (_("Macros"), fit[:most])]


def _tickets(user: User, text: str) -> Items:
    """The number exactly, else a few of what a search finds; nothing typed: what was open last."""
    if not text:
        return [_ticket(*row[:2]) for row in queries.recently_viewed(user, MOST)]
    number = text.removeprefix("#").upper()
    exact = (
        queries.work_of(user).filter(number=number).values_list("number", "subject")[:1] if len(number) <= 24 else ()
    )
    if found := list(exact):
        return [_ticket(*row) for row in found]
    if len(text) < SHORTEST:
        return []
    try:
        rows = worklists.page(worklists.of_query(_beginning(text), user), user, size=MOST).rows
    except TooSlow:
        return []
    return [_ticket(row.number, row.subject) for row in rows]


def _beginning(text: str) -> str:
    """The last word may still be unfinished."""
    return text if text.endswith("*") or not text[-1].isalnum() or ":" in text.split()[-1] else f"{text}*"


def _ticket(number: str, subject: str) -> dict[str, Any]:
    return _item(subject, reverse("staff:ticket", args=[number]), f"#{number}")


def _views(user: User, text: str) -> Items:
    own = [(queue.slug, queue.label) for queue in queries.QUEUES.values() if user.is_superuser or not queue.for_admins]
    saved = SavedView.objects.visible_to(user).values_list("slug", "name")
    found = [_item(label, reverse("staff:view", args=[slug])) for slug, label in (*own, *saved) if _fits(label, text)]
    return found[:MOST] if text else []


def _customers(text: str) -> Items:
    if len(text) < SHORTEST or " " in text.strip():
        return []
    people = User.objects.filter(email__startswith=text.lower(), is_agent=False).order_by("email")[:MOST]
    search = reverse("staff:search")
    return [_item(one.display_name, f"{search}?q=requester:{one.email}", one.email) for one in people]


def _pages(user: User, text: str) -> Items:
    names = ["ticket_new", "views", "me", "bulk", "mail", "canned", *(["forms", "rules"] if user.is_superuser else [])]
    labels = {
        **GO_LABELS, "me": _("How you work"), "bulk": _("Bulk work"), "forms": _("Forms"), "rules": _("Rules"),
    }  # fmt: skip
    found = [_item(labels[name], reverse(f"staff:{name}")) for name in names if _fits(labels[name], text)]
    if user.is_superuser and _fits(_("Settings"), text):
        found.append(_item(_("Settings"), reverse("admin:index")))
    return found
