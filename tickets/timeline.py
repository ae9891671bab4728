"""What happened on a ticket, as agents read it: messages and events on one line of time, a page at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Case, Q, QuerySet, TextField, Value, When

from tickets import merged
from tickets.compiled import Compiled
from tickets.models import InboundEmail, Message, Ticket, TicketEvent, User
from tickets.queries import PAGE


@dataclass(frozen=True)
class Timeline:
    """Messages and events, oldest first. `earlier` is the cursor of what came before them, empty at the start."""

    items: list[Message | TicketEvent]
    earlier: str = ""


# What the message beside it says better.
_SPOKEN = ("replied", "noted", "mentioned", "unverified", "received", "machine_mail")
_MESSAGE_COLUMNS = (
    "id", "ticket_id", "kind", "author_id", "author_name", "body", "folded", "source", "is_machine", "recipients",
    "created_at", "origin", "side_id", "mentions",
)  # fmt: skip


SHOWN = ("messages", "notes", "events")


def page(ticket: Ticket, user: User, *, earlier: str = "", show: str = "", size: int = PAGE) -> Timeline:
    """The newest `size` things that happened, or those before the cursor; `show` is one of SHOWN, all without it.
    Messages carry `has_html`, that there is an original, and `rich`, how an agent formatted it."""
    first = _first_page(ticket, user, size) if not earlier and show not in SHOWN else None
    if first is not None:
        return _arranged(first, ticket, size)
    messages, events = _messages(ticket, user), _events(ticket)
    if show in SHOWN:
        notes = Q(kind=Message.Kind.NOTE)
        messages = messages.none() if show == "events" else messages.filter(notes if show == "notes" else ~notes)
        events = events if show == "events" else events.none()
    first_message, _dash, first_event = earlier.partition("-")
    if all(part.isascii() and part.isdigit() and len(part) < 19 for part in (first_message, first_event)):
        messages, events = messages.filter(pk__lt=int(first_message)), events.filter(pk__lt=int(first_event))
    return _arranged([*messages[: size + 1], *events[: size + 1]], ticket, size)


def _first_page(ticket: Ticket, user: User, size: int) -> list[Message | TicketEvent] | None:
    """The page that nearly everybody asks for, without writing its queries anew; None where there is more to them."""
    if ticket.merged_count or size != PAGE or not (user.is_agent or user.is_superuser):
        return None
    return [*_newest_messages.all(ticket.pk), *_newest_events.all(ticket.pk)]


def _arranged(found: list[Message | TicketEvent], ticket: Ticket, size: int) -> Timeline:
    found.sort(key=lambda item: (_happened(item, ticket), isinstance(item, Message), item.pk))
    items = found[-size:]
    return Timeline(items, _earlier(found, items) if len(found) > size else "")


def news(ticket: Ticket, user: User, message: int, event: int) -> list[Message | TicketEvent]:
    """What happened after the newest message and event of an open page, oldest first; its last page if it is more."""
    found: list[Message | TicketEvent] = [
        *_messages(ticket, user).filter(pk__gt=message)[:PAGE], *_events(ticket).filter(pk__gt=event)[:PAGE],
    ]  # fmt: skip
    return sorted(found, key=lambda item: (_happened(item, ticket), isinstance(item, Message), item.pk))[-PAGE:]


def messages(ticket: Ticket, user: User, keys: Iterable[int]) -> list[Message | TicketEvent]:
    return list(_messages(ticket, user).filter(pk__in=keys))


def conversation(ticket: Ticket, user: User, *, most: int) -> list[Message]:
    """What was written, oldest first; the newest `most` if there is more."""
    return list(_messages(ticket, user)[:most])[::-1]


def mails(messages: Iterable[Message]) -> dict[int, int]:
    """Message -> the mail that it came by."""
    came = [message.pk for message in messages if message.source == "email"]
    return dict(InboundEmail.objects.filter(message__in=came).values_list("message_id", "pk")) if came else {}


def _messages(ticket: Ticket, user: User) -> QuerySet[Message]:
    return _drawn(merged.messages(ticket).visible_to(user))


def _drawn(rows: QuerySet[Message]) -> QuerySet[Message]:
    rows = rows.annotate(
        has_html=~Q(html="") & Q(source="email"),
        rich=Case(When(source="staff", then="html"), default=Value("", TextField())),
    )
    return rows.only(*_MESSAGE_COLUMNS).order_by("-id")


def _events(ticket: Ticket | int) -> QuerySet[TicketEvent]:
    rows = TicketEvent.objects.filter(ticket=ticket).exclude(kind__in=_SPOKEN)
    return rows.defer("message", "handled_at", "attempts", "next_attempt_at").order_by("-id")


_newest_messages: Compiled[Message] = Compiled(lambda ticket: _drawn(Message.objects.filter(ticket=ticket))[: PAGE + 1])
_newest_events: Compiled[TicketEvent] = Compiled(lambda ticket: _events(ticket)[: PAGE + 1])


def _happened(item: Message | TicketEvent, ticket: Ticket) -> datetime:
    """The opening is written down after the first message, but comes before it."""
    return ticket.created_at if isinstance(item, TicketEvent) and item.kind == "opened" else item.created_at


def _earlier(found: list[Message | TicketEvent], items: list[Message | TicketEvent]) -> str:
    """Ids of the first message and event shown; of a kind that is not shown, everything is still to come."""
    places = []
    for kind in (Message, TicketEvent):
        shown = [item.pk for item in items if isinstance(item, kind)]
        left = [item.pk for item in found if isinstance(item, kind)]
        places.append(min(shown) if shown else max(left, default=0) + 1)
    return f"{places[0]}-{places[1]}"
