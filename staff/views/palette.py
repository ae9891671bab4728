"""What the command palette offers for the words typed: tickets, verbs of the open one, views, customers, pages."""

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
from tickets import permissions, queries, worklists
from tickets.models import SavedView, Ticket, User
from tickets.worklists import TooSlow

MOST = 6
SHORTEST = 2
MACRO = "#message-form"
Items = list[dict[str, Any]]


@require_safe
@agents_only
def palette(request: AgentRequest) -> HttpResponse:
    text = request.GET.get("q", "").replace("\0", "").strip()[:200]
    ticket = _open_ticket(request)
    groups = [
        (_("This ticket"), _verbs(request, ticket, text) if ticket else []),
        (_("Macros"), _macros(request.user, ticket, text) if ticket else []),
        (_("Tickets"), _tickets(request.user, text)),
        (_("Views"), _views(request.user, text)),
        (_("Customers"), _customers(text)),
        (_("Pages"), _pages(request.user, text)),
    ]
    return render(request, "staff/_palette_items.html", {"groups": [group for group in groups if group[1]]})


def _item(label: Any, url: str, hint: Any = "", press: str = "", load: str = "") -> dict[str, Any]:
    """`press`: the verb whose button does it; `load`: where on the ticket's page the address is opened."""
    return {"label": label, "url": url, "hint": hint, "press": press, "load": load}


def _fits(label: Any, text: str) -> bool:
    return all(word in str(label).lower() for word in text.lower().split())


def _open_ticket(request: AgentRequest) -> Ticket | None:
    number = request.GET.get("ticket", "")[:24]
    try:
        return find_ticket(request.user, number) if number else None
    except Http404:
        return None


def _macros(user: User, ticket: Ticket, text: str) -> Items:
    """Choosing one shows what it would do, with the reply to be changed; nothing is done before that is confirmed."""
    if not text or not (permissions.possible("follow", ticket) and permissions.can(user, "follow", ticket)):
        return []
    wanted = [one for one in macros.offered(ticket, user) if _fits(f"{_('Macro')} {one['name']}", text)]
    return [_item(one["name"], one["url"], " · ".join(one["effects"]), load=MACRO) for one in wanted[:MOST]]


def _verbs(request: AgentRequest, ticket: Ticket, text: str) -> Items:
    is_follower = ticket.followers.filter(user=request.user).exists()
    offered = verbs.offered(ticket, verbs.possible(ticket, request.user), is_follower=is_follower)
    found = [_item(one["label"], one["url"], one["key"], one["verb"]) for one in offered if _fits(one["label"], text)]
    return found[: MOST * 3 if text else MOST]


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
