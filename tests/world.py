"""One small desk with everything that an address of ours can name, and everybody who may ask for it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests import factories, people
from tickets import blobs, links
from tickets.actions import articles, bulk, conversation, rules
from tickets.actions.views import save_view
from tickets.actions.writing import Upload
from tickets.models import (
    SYSTEM,
    ApiToken,
    Article,
    BlockedSender,
    BulkJob,
    CannedFolder,
    CannedResponse,
    InboundEmail,
    Mailbox,
    Message,
    OutboundEmail,
    ProposedFollower,
    Rule,
    SavedView,
    SideConversation,
    Task,
    Ticket,
    User,
)

PEOPLE = ("anonymous", "own", "other", "agent", "foreign", "reader", "admin")
# name of the token -> who has it, its scope
TOKENS = {
    "none": None,
    "own": ("own", "write"),
    "other": ("other", "write"),
    "agent": ("agent", "write"),
    "agent-read": ("agent", "read"),
    "foreign": ("foreign", "write"),
    "reader": ("reader", "write"),
    "admin-write": ("admin", "write"),
    "admin": ("admin", "admin"),
}


@dataclass
class World:
    """`ticket` belongs to `own` and lies in the department of `agent` and `reader`; `foreign` is an agent elsewhere,
    `other` another customer."""

    ticket: Ticket
    message: Message
    inbound: InboundEmail
    outbound: OutboundEmail
    blocked: BlockedSender
    proposed: ProposedFollower
    rule: Rule
    macro: Rule
    canned: CannedResponse
    article: Article
    people: dict[str, User | None]
    view: SavedView
    bulk: BulkJob
    secrets: dict[str, str] = field(default_factory=dict)

    @cached_property
    def another(self) -> Ticket:
        """Of the same department."""
        return factories.ticket(department=self.ticket.department)

    def made(self, name: str) -> int | None:
        """The key of what an address of the workspace is about besides the ticket; made when asked for."""
        if name.startswith("staff:task_"):
            return Task.objects.create(ticket=self.ticket, title="Order a fuser").pk
        if name == "staff:side_message":
            return SideConversation.objects.create(ticket=self.ticket, address="help@supplier.example", subject="?").pk
        if name == "staff:person":
            return self.ticket.followers.create(user=people.customer()).user_id
        if name == "staff:take_back":
            return self.ticket.events.filter(kind="assigned").get().pk
        return None

    def browser(self, name: str, **how: Any) -> Client:
        client = Client(**how)
        if person := self.people[name]:
            client.force_login(person)
        return client

    @property
    def names(self) -> dict[str, Any]:
        """What the parts of an address stand for here."""
        ticket, message = self.ticket, self.message
        return {
            "number": ticket.number,
            "key": message.attachments.get().key,
            "token": links.guest_token(ticket, ticket.requester),
            "nonce": uuid.UUID(int=7),
            "slug": "my-open",
            "index": 0,
            "kind": "trigger",
            "version": "0",
            "light": "x",
            "dark": "x",
            "sha256": "0",
            "other": self.another.number,
            "writes": "reply",
        }


def build(state: str = "open", *, archived: bool = False, trashed: bool = False) -> World:
    where, elsewhere = factories.department(), factories.department()
    folk = {
        "anonymous": None, "own": people.customer(), "other": people.customer(), "agent": people.agent(where),
        "foreign": people.agent(elsewhere), "reader": people.reader(where), "admin": people.admin(),
    }  # fmt: skip
    file = SimpleUploadedFile("note.txt", b"words", "text/plain")
    ticket = factories.ticket_in(
        state, folk["agent"], requester=folk["own"], department=where, html="<p>Hello</p>",
        attachments=conversation.uploads([file]),
    )  # fmt: skip
    mailbox = factories.mailbox(where)
    world = World(
        ticket,
        ticket.messages.order_by("pk").first(),
        _inbound(ticket, mailbox),
        _outbound(ticket),
        BlockedSender.objects.create(pattern="spam@evil.example"),
        ProposedFollower.objects.create(ticket=ticket, address="cc@evil.example"),
        _rule(),
        Rule.objects.create(kind="macro", name="High", is_enabled=True, effects=[{"do": "set_priority", "value": 3}]),
        CannedResponse.objects.create(
            title="Reset", body="Restart it.", department=where, folder=CannedFolder.objects.create(name="Network")
        ),
        _article(),
        folk,
        save_view(None, by=folk["agent"], name="Lamps", query="is:open"),
        bulk.prepare(by=folk["agent"], verb="follow", tickets=[ticket.pk]),
    )
    world.secrets = {name: _token(folk[who[0]], who[1]) for name, who in TOKENS.items() if who}
    _set_aside(ticket, archived, trashed)
    return world


def _set_aside(ticket: Ticket, archived: bool, trashed: bool) -> None:
    moment = ticket.updated_at
    changes = {"archived_at": moment if archived else None, "deleted_at": moment if trashed else None}
    Ticket.objects.filter(pk=ticket.pk).update(**changes)


def _inbound(ticket: Ticket, mailbox: Mailbox) -> InboundEmail:
    sha256, size = blobs.put(b"From: grace@customers.example")
    return InboundEmail.objects.create(
        mailbox=mailbox, source="smtp", raw_sha256=sha256, raw_size=size, delivery_key="0" * 64, state="failed",
        ticket=ticket, sender="grace@customers.example", subject="Hello", next_attempt_at=None,
    )  # fmt: skip


def _outbound(ticket: Ticket) -> OutboundEmail:
    return OutboundEmail.objects.create(
        kind="reply", ticket=ticket, message=ticket.messages.first(), recipient="lost@customers.example",
        rfc_message_id="<lost@desk.example>", state="failed", next_attempt_at=None,
    )  # fmt: skip


def _rule() -> Rule:
    return rules.save(
        None, by=SYSTEM, kind="trigger", name="Loud", on=["created"],
        conditions={"field": "priority", "op": "at_least", "value": 3}, effects=[{"do": "add_tags", "tags": ["loud"]}],
    )  # fmt: skip


def _token(person: User, scope: str) -> str:
    token = ApiToken(name=f"{person.pk} {scope}", user=person, scope=scope)
    secret = token.set_new_secret()
    token.save()
    return secret


def _article() -> Article:
    """For agents only, with a file."""
    article = factories.article("Open the door", audience="internal")
    articles.attach(article, by=people.admin(), uploads=[Upload("door.txt", b"words", "text/plain")])
    return article
