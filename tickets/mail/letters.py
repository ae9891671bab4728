"""Outgoing mail in words: which subject and template a kind has, what the template gets, how the mail threads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Sum
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from tickets import blobs, brand, permissions, reading, said, signing
from tickets.compiled import Compiled
from tickets.links import guest_url
from tickets.mail import account_letters, dkim, inert, own_words
from tickets.mail.addresses import Address
from tickets.mail.compose import Draft, Enclosure, compose
from tickets.mail.headers import one_line
from tickets.mail.threads import MOST_IDS
from tickets.models import Attachment, Desk, InboundEmail, Message, OutboundEmail, TicketEvent
from tickets.states import Source

MOST_ENCLOSED = 20 * 1024 * 1024  # bytes; what is more stays in the portal, since many servers refuse larger mail
NOTICES = {"confirmation", "closed", "rating"}
_EXCERPT = 1500  # characters

_event = Compiled(lambda pk: TicketEvent.objects.filter(pk=pk))
_message = Compiled(lambda pk: Message.objects.filter(pk=pk))
_written = Compiled(
    lambda ticket: (
        InboundEmail.objects.filter(ticket=ticket, message__kind=Message.Kind.CUSTOMER, message__is_machine=False)
        .order_by("-id")
        .values_list("received_at", "rfc_message_id")[:MOST_IDS]
    )
)
_sent = Compiled(
    lambda ticket, recipient: (
        OutboundEmail.objects.filter(ticket=ticket, recipient=recipient, sent_at__isnull=False)
        .order_by("-id")
        .values_list("sent_at", "rfc_message_id")[:MOST_IDS]
    )
)


@dataclass(frozen=True)
class Kind:
    """`subject` is a format string over number, subject and what the row's context gives."""

    subject: Any
    automatic: str = "auto-generated"
    # What its recipient answers as, see signing.reply_address; for notices to agents.
    role: str = "participant"


KINDS = {
    "reply": Kind("[#%(number)s] %(ticket)s", automatic=""),
    # Says nothing that the writer chose: whoever forged the sender must not reach the victim through us.
    "auto_response": Kind(_("[#%(number)s] We have received your request"), automatic="auto-replied"),
    "auto_reply": Kind(_("[#%(number)s] An automatic answer"), automatic="auto-replied"),
    "rating": Kind(_("[#%(number)s] How did we do? %(ticket)s")),
    "rule_mail": Kind("[#%(number)s] %(headline)s", role="note"),
    "rule_disabled": Kind(_("The rule “%(rule)s” was switched off")),
    "rules_stopped": Kind(_("Rules were stopped on ticket %(ticket_number)s")),
    "confirmation": Kind(_("[#%(number)s] Is it solved? %(ticket)s")),
    "closed": Kind(_("[#%(number)s] Closed: %(ticket)s")),
    "woken": Kind(_("Back from snooze: [#%(number)s] %(ticket)s"), role="agent"),
    "assigned": Kind(_("Assigned to you: [#%(number)s] %(ticket)s"), role="agent"),
    "team": Kind(_("For your team: [#%(number)s] %(ticket)s"), role="agent"),
    "mentioned": Kind(_("You were mentioned: [#%(number)s] %(ticket)s"), role="note"),
    "received": Kind(_("New message: [#%(number)s] %(ticket)s"), role="agent"),
    "unverified": Kind(_("Please check: [#%(number)s] %(ticket)s"), role="note"),
    "reopened": Kind(_("Reopened: [#%(number)s] %(ticket)s"), role="agent"),
    "sla_warning": Kind(_("Due soon: [#%(number)s] %(ticket)s"), role="note"),
    "sla_breach": Kind(_("Overdue: [#%(number)s] %(ticket)s"), role="note"),
    "task": Kind(_("Task: [#%(number)s] %(ticket)s"), role="note"),
    "side_answered": Kind(_("Answer of a third party: [#%(number)s] %(ticket)s"), role="note"),
    "side": Kind("%(subject)s", automatic=""),
    "mail_delayed": Kind(_("Still waiting to be delivered: [#%(number)s] %(ticket)s"), role="note"),
    "mail_failed": Kind(_("Not delivered: [#%(number)s] %(ticket)s"), role="note"),
    "digest": Kind(ngettext_lazy("%(count)s notice", "%(count)s notices", "count")),
    "fresh_link": Kind(_("[#%(number)s] Your new link")),
    "mailbox_paused": Kind(_("Automatic mail of %(mailbox)s is paused")),
    "relay_refused": Kind(_("A mail relay does not take our mail")),
    "mail_policy": Kind(_("%(domain)s refuses our mail")),
    "mail_refused": Kind(_("Your mail on #%(number)s was not taken")),
    "mail_too_large": Kind(_("Your mail was too large to be read"), automatic="auto-replied"),
    "account": Kind("%(subject)s"),
}
# What a stranger can make us send to anybody: not even the name, which was the stranger's to choose, is repeated.
_NAMELESS = {"auto_response", "fresh_link", "mail_too_large"}


def render(row: OutboundEmail) -> bytes:
    """The whole mail. Raises UnsafeHeader when an address or header cannot be sent at all."""
    kind = KINDS[row.kind]
    with reading.read_by(row.user or account_letters.reader(row.context, row.recipient)):
        row.context |= account_letters.about(row.context.get("asks", ""), row.recipient, row.context)
        context = _context(row)
        own = own_words.filled(row, context["link"])
        template, context["own"] = row.kind, own
        if own:
            template, context["text"] = ("own" if row.ticket else "account"), own.text
        known, answered = _thread(row)
        draft = Draft(
            from_=_from(row, context["desk"]),
            to=[Address("" if row.kind in _NAMELESS else one_line(row.recipient_name), row.recipient)],
            reply_to=_reply_to(row),
            subject=own.subject if own else _subject(row, kind),
            text=render_to_string(f"mail/{template}.txt", context),
            html=render_to_string(f"mail/{template}.html", context),
            date=timezone.now(),
            message_id=row.rfc_message_id,
            in_reply_to=answered,
            references=known,
            enclosures=_enclosures(context["enclosed"]),
            automatic=kind.automatic if row.is_automatic else "",
            unsubscribe=context["unsubscribe"],
            instance_mark=signing.instance_mark(signing.key(), settings.MAIL_DOMAIN),
        )
    return dkim.signed(compose(draft), sender_address(row))


def sender_address(row: OutboundEmail) -> str:
    return row.mailbox.address if row.mailbox else settings.DEFAULT_FROM_EMAIL


def bounce_address(row: OutboundEmail) -> str:
    """The envelope sender: our own mailbox, with a part that names this mail when it comes back."""
    local, _at, domain = sender_address(row).rpartition("@")
    try:
        return signing.bounce_address(signing.key(), row.pk, domain, local)
    except ValueError:  # the mailbox's name leaves no room; the Message-ID in the report still names the mail
        return sender_address(row)


def _from(row: OutboundEmail, desk: Desk) -> Address:
    name = (row.mailbox.display_name if row.mailbox else "") or desk.name
    return Address(one_line(name), sender_address(row))


def _reply_to(row: OutboundEmail) -> Address | None:
    person, role = (row.context["side_id"], "side") if row.kind == "side" else (row.user_id, KINDS[row.kind].role)
    if row.ticket_id is None or person is None:
        return None
    local, _at, domain = sender_address(row).rpartition("@")
    try:
        address = signing.reply_address(
            signing.key(), row.ticket_id, person, domain, local, role=role, made=row.created_at.date()
        )  # fmt: skip
    except ValueError:
        return None
    return Address("", address)


def _subject(row: OutboundEmail, kind: Kind) -> str:
    given = {"number": row.ticket.number, "ticket": row.ticket.subject} if row.ticket else {}
    return one_line(str(kind.subject % {**row.context, **given}))


def _context(row: OutboundEmail) -> dict[str, Any]:
    if row.event_id and "event" not in row._state.fields_cache:
        row.event = _event.first(row.event_id)
    if row.message_id and "message" not in row._state.fields_cache:
        row.message = _message.first(row.message_id)
    files = list(row.message.attachments.all()) if row.message and row.kind in ("reply", "side") else []
    enclosed = _fitting(row, files)
    return {
        **{name: said.told(value) if isinstance(value, str) else value for name, value in row.context.items()},
        "desk": (desk := Desk.current()),
        "logo": brand.mail_logo(desk),
        "ticket": row.ticket,
        "message": row.message,
        "event": row.event,
        "person": row.user,
        "link": _link(row),
        "excerpt": _excerpt(row.message),
        "answer": _answer(row),
        "unsubscribe": _unsubscribe(row),
        "enclosed": enclosed,
        "rich": _rich(row.message),
        "left_out": [file for file in files if file not in enclosed],
    }


def _rich(message: Message | None) -> str:
    """How an agent formatted it, if it was in the workspace."""
    if message is None or message.source != Source.STAFF or not message.html:
        return ""
    try:
        inert.check(message.html)
    except inert.NotInert:
        return ""
    return mark_safe(message.html)  # noqa: S308 - checked just now


def _answer(row: OutboundEmail) -> str:
    """What becomes of an agent's answer to a notice."""
    if not (settings.MAIL_AUTHSERV_ID or (row.mailbox and row.mailbox.authserv_id)):
        return _now("Answer in the workspace: the desk cannot verify who writes a mail, so it takes none from agents.")
    if KINDS[row.kind].role == "agent":
        return _now("Your reply to this mail is sent to the customer.")
    return _now("Your reply to this mail becomes an internal note.")


def _excerpt(message: Message | None) -> str:
    """The beginning of what somebody wrote, as much as a notice needs."""
    text = message.body if message else ""
    return text if len(text) <= _EXCERPT else text[: _EXCERPT - 1] + "…"


def _link(row: OutboundEmail) -> str:
    if row.ticket is None or row.user is None:
        return settings.BASE_URL
    if not (row.user.is_agent or row.user.is_superuser):
        return guest_url(row.ticket, row.user)
    number, asks = [row.ticket.number], row.kind == "confirmation"  # which only the portal does
    if permissions.is_inside(row.user, row.ticket) and not asks:
        return settings.BASE_URL + reverse("staff:ticket", args=number)
    page = reverse("portal:confirm" if asks else "portal:ticket", args=number)
    return f"{settings.BASE_URL}{reverse('account_login')}?next={page}"


def _unsubscribe(row: OutboundEmail) -> str:
    """Where the reader of a notice can say that it was the last one (RFC 8058); empty for what is written to somebody:
    the answer to the requester, mail about accounts, and what agents get for their work."""
    if row.ticket is None or row.user is None or row.user.is_agent or row.user.is_superuser:
        return ""
    is_copy = row.kind == "reply" and row.user_id != row.ticket.requester_id
    if not is_copy and row.kind not in NOTICES:
        return ""
    token = signing.unsubscribe_token(signing.key(), row.ticket.pk, row.user.pk)
    return settings.BASE_URL + reverse("portal:unsubscribe", args=[token])


def _fitting(row: OutboundEmail, files: list[Attachment]) -> list[Attachment]:
    """All of the files or none: half of an answer's files would look like all of them."""
    if not files or row.message is None:
        return []
    total = row.message.attachments.aggregate(total=Sum("size"))["total"]
    return files if total <= MOST_ENCLOSED else []


def _enclosures(files: list[Attachment]) -> list[Enclosure]:
    return [
        Enclosure(file.name, file.content_type, blobs.read(file.sha256), file.content_id if file.is_inline else "")
        for file in files
    ]


def _thread(row: OutboundEmail) -> tuple[list[str], str]:
    """Message-IDs this person's program knows, oldest first (what customers wrote on the ticket and what we sent to
    this address), and the one that this mail answers: the newest that somebody wrote, else our own last."""
    if row.ticket_id is None:
        return [], ""
    # A third party hears nothing of what the customer's mails are called.
    theirs = [] if row.kind == "side" else _written.all(row.ticket_id)
    ours = _sent.all(row.ticket_id, row.recipient)
    known = [message_id for _moment, message_id in sorted([*theirs, *ours]) if _is_plain(message_id)]
    answered = next((message_id for _moment, message_id in theirs if _is_plain(message_id)), known[-1] if known else "")
    return known, answered


def _is_plain(message_id: str) -> bool:
    inner = message_id[1:-1]
    return message_id == f"<{inner}>" and inner.isascii() and inner.isprintable() and not set(inner) & set("<> ")
