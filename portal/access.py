"""Who is looking: somebody signed in, or a guest who came by a link from a mail."""

from __future__ import annotations

import ipaddress
from datetime import timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest
from django.utils import timezone

from tickets import merged
from tickets.compiled import Compiled
from tickets.links import read_guest_token
from tickets.models import Follower, Message, Ticket, User
from tickets.models.ticket import TicketQuerySet

_LINKS = "guest_links"
_KEPT_LINKS = 20
_JUST_NOW = timedelta(minutes=5)  # no reply can be taken back for longer
# Nothing on the page asks for these; whoever does reads them then.
_UNREAD = ("search", "help_topic__description", "help_topic__auto_response", "assignee__password", "assignee__notes")
_SHOWN = ("department", "help_topic", "status", "assignee")
_own: Compiled[Ticket] = Compiled(
    lambda number, person: _at(number).filter(requester=person).order_by()  # the number is unique
)


def own_tickets(user: User) -> QuerySet[Ticket]:
    """What the portal lists for somebody: what they may see as a customer. Agents find their work in the workspace."""
    rows = Ticket.objects.visible_to(user).kept().filter(merged_into__isnull=True)
    if user.is_agent or user.is_superuser:
        return rows.filter(requester=user).annotate(hides_preview=_is_held())
    older = Follower.objects.filter(ticket=OuterRef("pk"), user=user, sees_from__gt=OuterRef("last_message_at"))
    # the last message is from before they were let in, or can still be taken back
    return rows.annotate(hides_preview=Exists(older) | _is_held())


def _is_held() -> Q:
    """Asked only of tickets on which something was written just now."""
    now = timezone.now()
    held = Message.objects.filter(ticket=OuterRef("pk"), leaves_at__gt=now, created_at__gt=now - _JUST_NOW)
    return Q(last_message_at__gt=now - _JUST_NOW) & Q(Exists(held))


def visit(request: HttpRequest, number: str) -> tuple[Ticket, User]:
    """The ticket and the person who reads it. Http404 for a stranger, as if there were no such number."""
    if request.user.is_authenticated:
        # Nearly always it is their own; the whole question is dearer to plan than to answer.
        found = _own.all(number, request.user.pk) or list(_at(number) & Ticket.objects.visible_to(request.user))
        if found:
            return found[0], request.user
    token = request.session.get(_LINKS, {}).get(number)
    admitted = read_guest_token(token) if token else None
    if admitted is None or admitted[0].number != number:
        raise Http404
    return admitted


def _at(number: str) -> TicketQuerySet:
    return Ticket.objects.kept().filter(number=number).select_related(*_SHOWN).defer(*_UNREAD)


def person_for(request: HttpRequest, ticket: Ticket) -> User | None:
    """Who is looking at the ticket, None for a stranger."""
    try:
        return visit(request, ticket.number)[1]
    except Http404:
        return None


def admit(request: HttpRequest, ticket: Ticket, token: str) -> None:
    """Lets this browser see the ticket for as long as the link is good: it is read anew at every visit."""
    links = request.session.get(_LINKS, {})
    if number_is_new := ticket.number not in links:
        request.session.cycle_key()
    if number_is_new or links[ticket.number] != token:
        links.pop(ticket.number, None)
        kept = list(links.items())[1 - _KEPT_LINKS :]
        request.session[_LINKS] = {**dict(kept), ticket.number: token}


def readable(ticket: Ticket, person: User) -> QuerySet[Message]:
    """The conversation as customers see it: agents, too, find no internal note in the portal."""
    return merged.readable(ticket, person)


def client_ip(request: HttpRequest) -> str:
    """The address of the browser. X-Forwarded-For counts only as far as our own proxies wrote it."""
    hops, proxies = request.headers.get("X-Forwarded-For", "").split(","), settings.TRUSTED_PROXIES
    address = hops[-proxies] if proxies and len(hops) >= proxies else ""
    for candidate in (address, request.META.get("REMOTE_ADDR", "")):
        try:
            return str(ipaddress.ip_address(candidate.strip()))
        except ValueError:
            continue
    return "0.0.0.0"  # noqa: S104 - a Unix socket without a proxy has no address


def network(request: HttpRequest) -> str:
    """Whom limits count: one IPv4 address, or the /64 that one IPv6 customer has."""
    address = ipaddress.ip_address(client_ip(request))
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False).network_address)
    return str(address)
