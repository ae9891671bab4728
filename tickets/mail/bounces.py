"""What a failed delivery does: to the mail, its ticket, the person and the mailbox.

A report is as easy to forge as any mail: it counts only when it carries what we signed, the return address or the
Message-ID of the mail in question. What the report says is for `reports` to read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Sum
from django.utils import timezone

from tickets import signing
from tickets.events import record
from tickets.mail import alerts, automatic, reports, threads
from tickets.mail.parse import ParsedEmail
from tickets.mail.reports import Recipient
from tickets.models import SYSTEM, OutboundEmail, User

HARD, SOFT, THRESHOLD = 2, 1, 4
REMEMBERED = timedelta(days=30)
_OWN_ID = re.compile(rb"<hd\.[a-z2-7]{20,200}@[^<>\s]{1,253}>", re.IGNORECASE)
_READ = 64 * 1024
_ABOUT_FAILURES = {"mail_failed", "mail_delayed"}  # they may go to an admin who is no agent


def original(parsed: ParsedEmail, envelope_to: list[str]) -> OutboundEmail | None:
    """The mail of ours that came back, if the report proves that it knows it."""
    keys, rows = signing.keys(), OutboundEmail.objects.select_related("ticket", "message__author", "user", "mailbox")
    for address in threads.recipients(parsed, envelope_to):
        pk = signing.read_bounce_address(keys, address)
        if pk and pk < 1 << 63 and (row := rows.filter(pk=pk).first()):
            return row
    for message_id in _returned_ids(parsed):
        if signing.read_message_id(keys, message_id) and (row := rows.filter(rfc_message_id=message_id).first()):
            return row
    return None


def report(parsed: ParsedEmail, address: str) -> Recipient:
    """What the report says of this address; if it names only others (a forward), of the first that failed."""
    found = reports.read(parsed)
    named = [one for one in found if one.address == address.lower()]
    return next(iter([*named, *(one for one in found if one.is_failure), *found]), Recipient(address))


def returned(row: OutboundEmail, parsed: ParsedEmail) -> None:
    """Takes a proved report in. A delay, or the news that all went well, changes nothing."""
    said = report(parsed, row.recipient)
    if said.is_failure:
        mark_failed(row, said)


def refused(row: OutboundEmail, code: int | None, error: str) -> None:
    """The relay refused the mail for good, which is as sure as a report. `row` is marked as failed already."""
    if code and code >= 500:
        _count(row, reports.refusal(row.recipient, code, error))
    tell(row, error)


def mark_failed(row: OutboundEmail, said: Recipient) -> None:
    """Writes the failure onto the mail and its ticket, once, and draws the consequences."""
    others = OutboundEmail.objects.filter(pk=row.pk).exclude(state=OutboundEmail.State.FAILED)
    error = f"{said.status} {said}".strip() if said.status not in str(said) else str(said)
    fields = {"state": OutboundEmail.State.FAILED, "last_error": error, "next_attempt_at": None}
    if others.update(**fields):
        _count(row, said)
        tell(row, str(said))


def complained(row: OutboundEmail) -> None:
    """The person called our mail spam: the desk writes to them only when an agent does."""
    if row.user_id is None:
        return
    customer = User.objects.filter(pk=row.user_id, may_receive_automatic_mail=True, is_agent=False)
    if customer.update(may_receive_automatic_mail=False) and row.ticket:
        record(row.ticket, "mail_complaint", by=SYSTEM, message=row.message, recipient=row.recipient)


def tell(row: OutboundEmail, error: str) -> None:
    """Records the failure on the ticket, once per mail to a customer; notices to agents fail silently, since a
    notice about a failed notice would never end."""
    if row.ticket and row.kind not in _ABOUT_FAILURES and not (row.user and row.user.is_agent):
        record(row.ticket, "mail_failed", by=SYSTEM, message=row.message, recipient=row.recipient, error=error)


def _count(row: OutboundEmail, said: Recipient) -> None:
    """A refusal of us says nothing about the person: then an admin has to know."""
    score = 0 if said.is_policy else HARD if said.is_hard else SOFT
    now = timezone.now()
    OutboundEmail.objects.filter(pk=row.pk).update(bounced_at=now, bounce_reason=said.reason, bounce_score=score)
    if said.is_policy:
        domain = row.recipient.rpartition("@")[2]
        alerts.tell_admins("mail_policy", domain, domain=domain, why=str(said))
    if row.user_id and score:
        recent = OutboundEmail.objects.filter(user=row.user_id, bounced_at__gte=now - REMEMBERED)
        if (recent.aggregate(total=Sum("bounce_score"))["total"] or 0) >= THRESHOLD:
            User.objects.filter(pk=row.user_id).update(automatic_mail_paused_until=now + REMEMBERED)
    if row.mailbox and row.is_automatic:
        automatic.check_rate(row.mailbox)


def _returned_ids(parsed: ParsedEmail) -> Iterator[str]:
    yield from threads.ids(parsed)
    texts = [parsed.text.encode()[:_READ]]
    texts += [part.data[:_READ] for part in parsed.attachments if part.content_type.startswith(("message/", "text/"))]
    for text in texts:
        yield from (found.decode("ascii", "replace").lower() for found in _OWN_ID.findall(text)[: threads.MOST_IDS])
