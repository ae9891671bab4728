"""A ticket's timeline as the templates take it: messages as cards, what happened between them as lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from staff import deliveries, drawn, rich, senders, text
from staff.times import Clock
from tickets import permissions, timeline
from tickets.compiled import AnyOf, Compiled
from tickets.events import EVENTS, sentence
from tickets.models import Attachment, Message, Ticket, TicketEvent, User
from tickets.models.people import hue, initials
from tickets.sizes import size
from tickets.states import Source

# Said by itself even among other events: where a ticket came from and how it ended.
_LOUD = {"opened", "reopened", "closed", "closed_quiet", "confirmed", "resolved", "sla_breach", "mail_failed",
         "mail_delayed", "mail_complaint"}  # fmt: skip


FILTERS = {"": gettext_lazy("All"), "messages": gettext_lazy("Messages"), "notes": gettext_lazy("Notes"),
           "events": gettext_lazy("Events")}  # fmt: skip


def present(
    ticket: Ticket, user: User, token: str, earlier: str = "", show: str = "", back: str = ""
) -> dict[str, Any]:
    """{"timeline": drawn.timeline(items), "earlier_url": the page before, "seen": id of the newest message, "filters"}.
    `token` is the request's against forgery, `show` one of FILTERS, `back` the query that names the list beside."""
    found = timeline.page(ticket, user, earlier=earlier, show=show)
    messages = [item for item in found.items if isinstance(item, Message)]
    items = list(_Thread(ticket, user, messages, token).items(found.items))
    events = [item.pk for item in found.items if isinstance(item, TicketEvent)]
    base = reverse("staff:ticket", args=[ticket.number])
    partial = bool(earlier) or show in timeline.SHOWN
    kept = f"&show={show}" if show in timeline.SHOWN else ""
    return {
        "timeline": drawn.timeline(items),
        "earlier_url": f"{base}?earlier={found.earlier}{kept}" if found.earlier else "",
        "seen": _newest(ticket) if partial else max((message.pk for message in messages), default=0),
        "newest_event": _newest_event(ticket) if partial else max(events, default=0),
        "filters": [
            {"label": label, "url": f"{base}?show={name}{back.replace('?', '&')}", "active": name == show}
            for name, label in FILTERS.items()
        ],
    }


def _newest_event(ticket: Ticket) -> int:
    return ticket.events.order_by("-pk").values_list("pk", flat=True).first() or 0


def on_paper(ticket: Ticket, user: User, token: str, *, most: int, has_notes: bool) -> str:
    """All messages as HTML; notes only if `has_notes`."""
    messages = [
        one for one in timeline.conversation(ticket, user, most=most) if has_notes or one.kind != Message.Kind.NOTE
    ]
    return drawn.timeline(_Thread(ticket, user, messages, token).items(messages))


def news(ticket: Ticket, user: User, token: str, message: int, event: int, cards: Sequence[int]) -> dict[str, Any]:
    """{"timeline": what came after that message and that event, "cards": these messages again, as HTML;
    "newest_message", "newest_event"}."""
    found, again = timeline.news(ticket, user, message, event), timeline.messages(ticket, user, cards) if cards else []
    messages = [item for item in found if isinstance(item, Message)]
    drawing = _Thread(ticket, user, [*messages, *again], token)
    return {
        "timeline": drawn.timeline(drawing.items(found)),
        "cards": drawn.timeline(drawing.items(again)),
        "newest_message": max((one.pk for one in messages), default=message),
        "newest_event": max((one.pk for one in found if isinstance(one, TicketEvent)), default=event),
    }


def _newest(ticket: Ticket) -> int:
    return ticket.messages.order_by("-pk").values_list("pk", flat=True).first() or 0


class _Thread:
    def __init__(self, ticket: Ticket, user: User, messages: list[Message], token: str) -> None:
        self.ticket, self.user, self.clock, self.token = ticket, user, Clock(user), token
        self.files = _files(messages)
        self.mails = deliveries.of(message for message in messages if message.kind == Message.Kind.REPLY)
        self.may_reply = permissions.can(user, "reply", ticket)
        may = {verb: permissions.possible(verb, ticket) and permissions.can(user, verb, ticket) for verb in _ACTIONS}
        self.may_split, self.may_ask = may["split"], may["side"]
        self.numbers, self.sources = _numbers(ticket, messages), timeline.mails(messages)

    def items(self, found: Iterable[Message | TicketEvent]) -> Iterator[dict[str, Any]]:
        for quiet, run in groupby(found, lambda item: isinstance(item, TicketEvent) and item.kind not in _LOUD):
            if not quiet:
                yield from (self.message(one) if isinstance(one, Message) else self.event(one) for one in run)
                continue
            events = [self.event(one) for one in run if isinstance(one, TicketEvent)]
            if len(events) == 1:
                yield events[0]
            else:
                label = ngettext("%(count)d other activity", "%(count)d other activities", len(events))
                yield {"type": "events", "label": label % {"count": len(events)}, "items": events}

    def event(self, event: TicketEvent) -> dict[str, Any]:
        return {
            "type": "event",
            "glyph": EVENTS[event.kind].icon,
            "text": sentence(event),
            "when": self.clock.at(event.created_at),
            "when_iso": event.created_at.isoformat(),
        }

    def message(self, message: Message) -> dict[str, Any]:
        shown, folded = text.fold(message.body, message.folded)
        delivery = self.delivery(message)
        return {
            "type": "message",
            "id": message.pk,
            "kind": message.kind,
            "author": message.author_name,
            "author_detail": self.detail(message),
            "initials": initials(message.author_name),
            "hue": hue(message.author_id or 0),
            "when": self.clock.at(message.created_at),
            "when_iso": message.created_at.isoformat(),
            "body_html": self.marked(message, self.rich(message) or text.to_html(shown)),
            "folded_html": text.to_html(folded) if folded else "",
            "attachments": [file for file in self.files.get(message.pk, ()) if not file["content_id"]],
            "delivery": delivery["word"],
            "delivery_html": deliveries.drawn(delivery["lines"], self.token),
            "mark": senders.mark(message.origin),
            "security": senders.security(message.origin),
            "warnings": senders.warnings(message.origin),
            "from": self.numbers.get(message.ticket_id, ""),
            "actions": self.actions(message),
            "original_url": reverse("staff:message_html", args=[message.pk]) if message.has_html else "",
            "source_url": self.source(message),
        }

    def marked(self, message: Message, html: str) -> str:
        words = {(message.body[start:end], pk == self.user.pk) for start, end, pk in message.mentions}
        return text.mark(html, words) if words else html

    def actions(self, message: Message) -> list[tuple[str, str]]:
        """(address, word) of what can be done with this one message."""
        if message.ticket_id != self.ticket.pk or message.is_machine:
            return []
        found, number = [], self.ticket.number
        if message.side_id and self.may_ask:
            found.append((reverse("staff:side_message", args=[number, message.side_id]), _("Write to them")))
        if message.kind == Message.Kind.CUSTOMER and self.may_split:
            found.append((reverse("staff:split", args=[number, message.pk]), _("Split off")))
        if message.kind != Message.Kind.NOTE and self.may_ask:
            found.append((f"{reverse('staff:side', args=[number])}?message={message.pk}", _("Forward")))
        return found

    def rich(self, message: Message) -> str:
        html = message.rich  # type: ignore[attr-defined]
        if not html:
            return ""
        pictures = {
            file["content_id"]: file["picture"] for file in self.files.get(message.pk, ()) if file["content_id"]
        }
        return rich.shown(html, pictures) or ""

    def source(self, message: Message) -> str:
        """Where the mail's headers and bytes stand, if it came as one."""
        return reverse("staff:mail_arrived", args=[self.sources[message.pk]]) if message.pk in self.sources else ""

    def detail(self, message: Message) -> str:
        if message.is_machine:
            return _("automatic mail")
        if message.side_id and message.recipients:
            return _("to %(people)s") % {"people": ", ".join(message.recipients.get("to", ()))}
        if message.kind != Message.Kind.REPLY and (sender := senders.address(message.origin)):
            return sender
        if message.kind == Message.Kind.REPLY:
            return self.sent_to(message.recipients)
        if message.kind == Message.Kind.CUSTOMER and message.author_id == self.ticket.requester_id:
            return self.ticket.requester.email
        return ""

    def sent_to(self, recipients: dict[str, list[str]]) -> str:
        words = {"to": _("to %(people)s"), "cc": _("cc %(people)s"), "bcc": _("bcc %(people)s")}
        given = [(word, recipients.get(name)) for name, word in words.items()]
        return " · ".join(word % {"people": ", ".join(people[:3])} for word, people in given if people)

    def delivery(self, message: Message) -> dict[str, Any]:
        mails = self.mails.get(message.pk)
        if not mails:
            return {"word": "", "lines": []}
        return deliveries.said(
            message,
            self.numbers.get(message.ticket_id, self.ticket.number),
            mails,
            self.user,
            self.clock,
            may_reply=self.may_reply,
        )


_ACTIONS = ("split", "side")


def _numbers(ticket: Ticket, messages: list[Message]) -> dict[int, str]:
    """Of the messages that lie on merged tickets, the number of each of those."""
    foreign = {message.ticket_id for message in messages} - {ticket.pk}
    return dict(Ticket.objects.filter(pk__in=foreign).values_list("pk", "number")) if foreign else {}


_attached: Compiled[tuple[Any, ...]] = Compiled(
    lambda messages: Attachment.objects.filter(AnyOf("message", messages)).values_list(
        "message_id", "key", "name", "size", "content_id", "is_inline", "message__source"
    )
)


def _files(messages: list[Message]) -> dict[int, list[dict[str, str]]]:
    found: dict[int, list[dict[str, str]]] = defaultdict(list)
    rows = _attached.all([message.pk for message in messages])
    for message_id, key, name, count, content_id, is_inline, source in rows:
        shown = {"content_id": content_id, "picture": reverse("staff:file", args=[key])}
        in_text = is_inline and source == Source.STAFF
        url = reverse("staff:attachment", args=[key])
        found[message_id].append(
            {"name": name, "size": size(count), "url": url, **(shown if in_text else {"content_id": ""})}
        )
    return found
