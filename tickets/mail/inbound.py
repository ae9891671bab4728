"""A stored mail becomes a ticket, a message, or a row that says why not. Nothing that was stored vanishes."""

from __future__ import annotations

import errno
import logging
from datetime import timedelta

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from tickets import limits, permissions, saving, signing
from tickets.compiled import Change, Compiled
from tickets.events import record
from tickets.mail import guards, identity, oversize, placing, reader, reasons, returned, threads
from tickets.mail.addresses import without_tag
from tickets.mail.letter import Outcome, State, read
from tickets.mail.parse import ParsedEmail
from tickets.models import Department, InboundEmail, Mailbox, User
from tickets.refusals import Filtered, Invalid, NoDepartment, NotAllowed, Refused

log = logging.getLogger(__name__)

ATTEMPTS = 3
# A dead worker's mail is taken up by the next sweep after this, within 45 seconds. Should a slow worker be still at it,
# both work and the first to commit wins.
_LEASE = timedelta(seconds=25)
_DELAYS = (timedelta(minutes=1), timedelta(minutes=10))
# What the machine has against a mail uses up no attempt for so long.
_PATIENCE = timedelta(days=1)
_MACHINE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM}
_BATCH = 200
_NO_DEPARTMENT = "no_department"

_count_attempt = Change(
    lambda pk, now, lease: (
        InboundEmail.objects.filter(pk=pk, state=State.STORED, next_attempt_at__lte=now),
        {"attempts": F("attempts") + 1, "next_attempt_at": lease},
    )
)
_stored = Compiled(lambda pk: InboundEmail.objects.filter(pk=pk).values_list("raw_sha256", "attempts"))
_locked = Compiled(
    lambda pk: InboundEmail.objects.select_for_update(skip_locked=True).filter(pk=pk, state=State.STORED).order_by()
)
_mailboxes = Compiled(
    lambda: Mailbox.objects.select_related("department__sla_policy", "help_topic__sla_policy").order_by()
)


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
    if not Department.objects.exists():
        due = due.exclude(reason=_NO_DEPARTMENT)
    pks = list(due.values_list("pk", flat=True)[:_BATCH])
    for pk in pks:
        apply(pk)
    return len(pks)


def retry(pk: int) -> None:
    """Gives a failed or suspended mail another round of attempts, now."""
    again = InboundEmail.objects.filter(pk=pk, state__in=[State.FAILED, State.SUSPENDED])
    if again.update(state=State.STORED, reason="", detail="", attempts=0, next_attempt_at=timezone.now()):
        apply(pk)


def release(pk: int, *, by: User) -> None:
    """Lets a mail in that a rule had kept back. The ticket it comes to says who did it. Who the writer is and what he
    may do stays as unproved as it was. Raises NotAllowed, and Invalid when it is not one to be released."""
    with transaction.atomic():
        rows = InboundEmail.objects.select_for_update(of=("self",)).select_related("mailbox", "ticket")
        row = rows.get(pk=pk)
        if not permissions.can_release(by, department_of(row)):
            raise NotAllowed(_("You are not allowed to release this mail."))
        if not is_releasable(row):
            raise Invalid(
                mail=_("This mail cannot be released: it is not held back by a rule any more, or unreadable.")
            )
        row.state, row.released_by, row.attempts, row.next_attempt_at = State.STORED, by, 0, timezone.now()
        row.save(update_fields=["state", "released_by", "attempts", "next_attempt_at"])
    apply(pk)


def is_releasable(row: InboundEmail) -> bool:
    """Whether a rule keeps the mail back, and not that it cannot be read as one person's."""
    return row.state == State.SUSPENDED and row.reason in reasons.RELEASABLE


def department_of(row: InboundEmail) -> int | None:
    """Whose mail it is: that of its ticket's department, else of its mailbox's."""
    return row.ticket.department_id if row.ticket else row.mailbox.department_id if row.mailbox else None


def _claim(pk: int) -> bool:
    """Counts the attempt before it begins, so that a mail that kills its worker is given up, too."""
    now = timezone.now()
    return bool(_count_attempt(pk, now, now + _LEASE))


def _apply(pk: int) -> None:
    sha256, attempts = _stored.get(pk)
    if attempts > ATTEMPTS:
        _settle(pk, State.FAILED, "gave_up", "Every attempt ended without a result.")
        return
    mark = signing.instance_mark(signing.key(), settings.MAIL_DOMAIN)
    parsed = reader.read(sha256, domain=settings.MAIL_DOMAIN, own_mark=mark)
    with transaction.atomic():
        row = _locked.first(pk)
        if row is None:
            return
        row.rfc_message_id, row.subject = parsed.message_id[:500], parsed.subject[:255]
        row.sender = parsed.from_.key[:320] if parsed.from_ else row.envelope_from
        try:
            with transaction.atomic():
                outcome = _outcome(row, parsed)
        except NoDepartment as error:  # it waits for one, however long that takes
            row.reason, row.detail, row.attempts, row.next_attempt_at = _NO_DEPARTMENT, str(error), 0, timezone.now()
            saving.update(row)
            return
        except Filtered as error:
            error.sifted.write_down(None)  # what was written before is undone
            outcome = Outcome(State.SUSPENDED, "filtered", detail=f"{error.rule}: {error}"[:1000])
        except Refused as error:
            outcome = Outcome(State.SUSPENDED, "refused", detail=str(error))
        if row.released_by and outcome.message and outcome.ticket:
            why = reasons.kept(row.reason)
            record(outcome.ticket, "mail_released", by=row.released_by, message=outcome.message, reason=why)
        row.state, row.reason, row.detail = outcome.state, outcome.reason, outcome.detail
        row.ticket, row.message = outcome.ticket, outcome.message
        row.next_attempt_at = None
        saving.update(row)


def _outcome(row: InboundEmail, parsed: ParsedEmail) -> Outcome:
    own = {box.address.lower(): box for box in _mailboxes.all()}
    if parsed.is_own or (row.sender in own and signing.read_message_id(signing.keys(), parsed.message_id)):
        return _own_mail(row)
    row.mailbox = row.mailbox or _mailbox(own, threads.recipients(parsed, row.envelope_to))
    if parsed.problem:
        if parsed.problem == "too_large":
            _tell_of_size(row, parsed, own)
        return Outcome(State.SUSPENDED, parsed.problem)
    if outcome := returned.outcome(row, parsed):
        return outcome
    if identity.is_ambiguous(parsed):
        return Outcome(State.SUSPENDED, "bad_from")
    letter = returned.found(read(row, parsed))
    if outcome := guards.kept_back(letter, own):
        return outcome
    if parsed.is_machine and not letter.is_released and not guards.is_forms_mail(letter):
        return placing.machine_mail(letter)
    return placing.persons_mail(letter)


def _tell_of_size(row: InboundEmail, parsed: ParsedEmail, own: dict[str, Mailbox]) -> None:
    if parsed.from_ and not parsed.is_machine and not identity.is_ambiguous(parsed):
        letter = read(row, parsed)
        if guards.kept_back(letter, own) is None:
            oversize.tell(letter)


def _own_mail(row: InboundEmail) -> Outcome:
    """Ends here, or it would go round for ever. Somebody should see why it comes back, but not for every mail."""
    if not limits.hit("own-mail", [(1, limits.DAY)]):
        log.error("mail %s is the desk's own and came back; is an address of the desk forwarded to itself?", row.pk)
    return Outcome(State.REJECTED, "own_mail")


def _mailbox(own: dict[str, Mailbox], addresses: object) -> Mailbox | None:
    for address in addresses:  # type: ignore[attr-defined]
        if (box := own.get(without_tag(address))) and box.is_enabled:
            return box
    return None


def _try_later(pk: int, error: Exception) -> None:
    attempts, received = InboundEmail.objects.values_list("attempts", "received_at").get(pk=pk)
    detail = f"{type(error).__name__}: {error}"[:1000].replace("\0", "")
    if _is_ours(error) and received > timezone.now() - _PATIENCE:
        attempts -= 1
        InboundEmail.objects.filter(pk=pk, state=State.STORED).update(
            detail=detail, attempts=attempts, next_attempt_at=timezone.now() + _DELAYS[0]
        )
        return
    if attempts >= ATTEMPTS:
        _settle(pk, State.FAILED, "error", detail)
        return
    due = timezone.now() + _DELAYS[attempts - 1]
    InboundEmail.objects.filter(pk=pk, state=State.STORED).update(detail=detail, next_attempt_at=due)


def _is_ours(error: Exception) -> bool:
    """Whether no mail is to blame: a full disk, a database that went away."""
    if isinstance(error, OSError):
        return error.errno in _MACHINE
    return isinstance(error, (OperationalError, InterfaceError))


def _settle(pk: int, state: str, reason: str, detail: str) -> None:
    InboundEmail.objects.filter(pk=pk, state=State.STORED).update(
        state=state, reason=reason, detail=detail, next_attempt_at=None
    )
