"""A stored mail becomes a ticket, a message, or a row that says why not. Nothing that was stored vanishes."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from tickets import blobs, limits, signing
from tickets.actions import conversation, lifecycle, people
from tickets.mail import bounces, contents, threads
from tickets.mail.parse import ParsedEmail, parse
from tickets.models import InboundEmail, Mailbox, Message, Ticket, User
from tickets.permissions import is_participant, within_reopen_window
from tickets.refusals import Refused
from tickets.states import Source

log = logging.getLogger(__name__)

State = InboundEmail.State
NEW_TICKETS = [(10, 10 * limits.MINUTE), (30, limits.HOUR), (100, limits.DAY)]
MESSAGES = [(30, 10 * limits.MINUTE), (90, limits.HOUR), (300, limits.DAY)]
ATTEMPTS = 3
_LEASE = timedelta(minutes=2)
_DELAYS = (timedelta(minutes=1), timedelta(minutes=10))
_BATCH = 200


@dataclass(frozen=True)
class Outcome:
    state: InboundEmail.State
    reason: str = ""
    ticket: Ticket | None = None
    message: Message | None = None
    detail: str = ""


@dataclass(frozen=True)
class Letter:
    """One mail on its way in: the row, what was read from it, who wrote it as far as known, and to which mailbox."""

    row: InboundEmail
    parsed: ParsedEmail
    sender: User | None
    mailbox: Mailbox | None
    match: threads.Match | None

    @property
    def thread(self) -> threads.Match | None:
        """The ticket that a person's words may go to. Who knows an address and a number can forge both, so a subject
        alone is not enough: it makes a new ticket that points to the one named."""
        return self.match if self.match and self.match.by != "subject" else None

    def author(self) -> User:
        """The sender, made known to the desk when new. A name that pretends to be another address is not taken."""
        if self.sender or self.parsed.from_ is None:
            return self.sender or people.find_or_create(self.row.sender)
        name = "" if self.parsed.from_.misleading else self.parsed.from_.name
        return people.find_or_create(self.parsed.from_.key, name)


def apply(pk: int) -> None:
    """Brings one stored mail to its end. Safe to call again at any time and from many workers."""
    if not _claim(pk):
        return
    try:
        _apply(pk)
    except Exception as error:
        log.exception("mail %s could not be applied", pk)
        _try_later(pk, error)


def sweep() -> int:
    """Applies what no worker was told about, or what a worker left when it died."""
    due = InboundEmail.objects.filter(next_attempt_at__lte=timezone.now()).order_by("next_attempt_at")
    pks = list(due.values_list("pk", flat=True)[:_BATCH])
    for pk in pks:
        apply(pk)
    return len(pks)


def retry(pk: int) -> None:
    """Gives a failed or suspended mail another round of attempts, now."""
    again = InboundEmail.objects.filter(pk=pk, state__in=[State.FAILED, State.SUSPENDED])
    if again.update(state=State.STORED, reason="", detail="", attempts=0, next_attempt_at=timezone.now()):
        apply(pk)


def _claim(pk: int) -> bool:
    """Counts the attempt before it begins, so that a mail that kills its worker is given up, too."""
    now = timezone.now()
    due = InboundEmail.objects.filter(pk=pk, state=State.STORED, next_attempt_at__lte=now)
    return bool(due.update(attempts=F("attempts") + 1, next_attempt_at=now + _LEASE))


def _apply(pk: int) -> None:
    sha256, attempts = InboundEmail.objects.values_list("raw_sha256", "attempts").get(pk=pk)
    if attempts > ATTEMPTS:
        _settle(pk, State.FAILED, "gave_up", "Every attempt ended without a result.")
        return
    raw = blobs.read(sha256)
    mark = signing.instance_mark(signing.key(), settings.MAIL_DOMAIN)
    parsed = parse(raw, domain=settings.MAIL_DOMAIN, own_mark=mark)
    with transaction.atomic():
        row = InboundEmail.objects.select_for_update(skip_locked=True).filter(pk=pk, state=State.STORED).first()
        if row is None:
            return
        row.rfc_message_id, row.subject = parsed.message_id[:500], parsed.subject[:255]
        row.sender = parsed.from_.key[:320] if parsed.from_ else row.envelope_from
        try:
            with transaction.atomic():
                outcome = _outcome(row, parsed)
        except Refused as error:
            outcome = Outcome(State.SUSPENDED, "refused", detail=str(error))
        row.state, row.reason, row.detail = outcome.state, outcome.reason, outcome.detail
        row.ticket, row.message = outcome.ticket, outcome.message
        row.next_attempt_at = None
        row.save()


def _outcome(row: InboundEmail, parsed: ParsedEmail) -> Outcome:
    if parsed.problem:
        return Outcome(State.SUSPENDED, parsed.problem)
    own = {box.address.lower(): box for box in Mailbox.objects.select_related("department", "help_topic")}
    if parsed.is_own or (row.sender in own and signing.read_message_id(signing.keys(), parsed.message_id)):
        return Outcome(State.REJECTED, "own_mail")
    row.mailbox = row.mailbox or _mailbox(own, threads.recipients(parsed, row.envelope_to))
    if parsed.is_bounce and (outcome := _bounce(row, parsed)):
        return outcome
    sender = User.objects.filter(email=row.sender).first()
    match = threads.find(parsed, row.envelope_to, sender, row.mailbox)
    letter = Letter(row, parsed, sender, row.mailbox, match)
    if parsed.is_machine:
        return _machine_mail(letter)
    if row.sender in own:
        return Outcome(State.SUSPENDED, "from_support_address")
    if sender and not sender.is_active:
        return Outcome(State.SUSPENDED, "sender_disabled")
    return _persons_mail(letter)


def _mailbox(own: dict[str, Mailbox], addresses: object) -> Mailbox | None:
    for address in addresses:  # type: ignore[attr-defined]
        local, _, domain = address.rpartition("@")
        if (box := own.get(f"{local.partition('+')[0]}@{domain}")) and box.is_enabled:
            return box
    return None


def _bounce(row: InboundEmail, parsed: ParsedEmail) -> Outcome | None:
    failed = bounces.original(parsed, row.envelope_to)
    if failed is None:
        return None
    said = bounces.report(parsed)
    if said.is_failure:
        bounces.mark_failed(failed, said)
    if failed.ticket is None or failed.user is None:
        return Outcome(State.SUSPENDED, "auto_delivery_failure")
    letter = Letter(row, parsed, failed.user, row.mailbox, threads.Match(failed.ticket, "message_id"))
    return _machine_mail(letter)


def _machine_mail(letter: Letter) -> Outcome:
    """Kept with its ticket, if one is found; it never opens, reopens or answers anything."""
    if letter.match is None or (letter.parsed.from_ is None and letter.sender is None):
        return Outcome(State.SUSPENDED, "auto_mailer")
    said = contents.read(letter.parsed)
    message = conversation.attach_machine_mail(letter.match.ticket, sender=letter.author(), **said.message)
    return Outcome(State.APPLIED, letter.parsed.machine_reason[:40], letter.match.ticket, message)


def _persons_mail(letter: Letter) -> Outcome:
    said = contents.read(letter.parsed)
    if earlier := _earlier_copy(letter, said.body):
        return Outcome(State.REJECTED, "duplicate", earlier.ticket)
    if letter.thread is None:
        return _new_ticket(letter, said)
    ticket, sender = letter.thread.ticket, letter.sender
    if sender and _speaks(sender, ticket):
        if limits.hit(f"mail-on:{sender.email}", MESSAGES) or _floods(letter, ticket):
            return Outcome(State.SUSPENDED, "too_many")
        message = conversation.receive(
            ticket, by=sender, source=Source.EMAIL, auto_response=letter.parsed.may_auto_reply, **said.message
        )
        return Outcome(State.APPLIED, letter.thread.by, message.ticket, message)
    message = conversation.attach_unverified(ticket, sender=letter.author(), **said.message)
    return Outcome(State.APPLIED, "unverified", ticket, message)


def _floods(letter: Letter, ticket: Ticket) -> bool:
    """Mail on a ticket that is over opens a new one, and so counts as one."""
    opens_another = ticket.is_closed and not within_reopen_window(ticket)
    return opens_another and bool(limits.hit(f"mail-new:{letter.row.sender}", NEW_TICKETS))


def _speaks(sender: User, ticket: Ticket) -> bool:
    """Whether the sender's mail is part of the public conversation. An agent's address proves no agent."""
    return is_participant(sender, ticket) and (not sender.is_agent or ticket.requester_id == sender.pk)


def _earlier_copy(letter: Letter, body: str) -> InboundEmail | None:
    """The same mail, delivered before by another way or twice. A Message-ID alone proves nothing: the author and the
    text have to be the same, and the ticket too if it names one."""
    row = letter.row
    if letter.parsed.message_id_made:
        return None
    with connection.cursor() as cursor:  # two copies at the same moment come here one after the other
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [row.rfc_message_id])
    earlier = InboundEmail.objects.filter(
        rfc_message_id=row.rfc_message_id, sender=row.sender, state=State.APPLIED, message__body=body
    )
    if letter.thread:
        earlier = earlier.filter(ticket=letter.thread.ticket)
    return earlier.select_related("ticket").exclude(pk=row.pk).first()


def _new_ticket(letter: Letter, said: contents.Contents) -> Outcome:
    if limits.hit(f"mail-new:{letter.row.sender}", NEW_TICKETS):
        return Outcome(State.SUSPENDED, "too_many")
    requester, box = letter.author(), letter.mailbox
    ticket = lifecycle.open_ticket(
        by=requester, requester=requester, subject=said.subject, source=Source.EMAIL,
        department=box.department if box else None, help_topic=box.help_topic if box else None,
        auto_response=letter.parsed.may_auto_reply, follow_up_of=letter.match.ticket if letter.match else None,
        **said.message,
    )  # fmt: skip
    return Outcome(State.APPLIED, "new", ticket, ticket.messages.get())


def _try_later(pk: int, error: Exception) -> None:
    attempts = InboundEmail.objects.values_list("attempts", flat=True).get(pk=pk)
    detail = f"{type(error).__name__}: {error}"[:1000].replace("\0", "")
    if attempts >= ATTEMPTS:
        _settle(pk, State.FAILED, "error", detail)
        return
    due = timezone.now() + _DELAYS[attempts - 1]
    InboundEmail.objects.filter(pk=pk, state=State.STORED).update(detail=detail, next_attempt_at=due)


def _settle(pk: int, state: str, reason: str, detail: str) -> None:
    InboundEmail.objects.filter(pk=pk, state=State.STORED).update(
        state=state, reason=reason, detail=detail, next_attempt_at=None
    )
