"""Reports that a mail of ours did not arrive. A report is as easy to forge as any mail: it counts only when it carries
what we signed, the return address or the Message-ID of the mail in question."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from tickets import signing
from tickets.events import record
from tickets.mail import threads
from tickets.mail.charsets import clean
from tickets.mail.parse import ParsedEmail
from tickets.models import SYSTEM, OutboundEmail, User

_OWN_ID = re.compile(rb"<hd\.[a-z2-7]{20,200}@[^<>\s]{1,253}>", re.IGNORECASE)
_FIELD = re.compile(r"^(action|status|diagnostic-code)\s*:\s*(.{1,500})$", re.IGNORECASE | re.MULTILINE)
_READ = 64 * 1024
_HARD_BOUNCES = 2
_REMEMBERED = timedelta(days=30)


@dataclass(frozen=True)
class Report:
    """What RFC 3464 says about the first recipient; `action` is lower case and empty when the report has no form."""

    action: str = ""
    status: str = ""
    diagnostic: str = ""

    @property
    def is_failure(self) -> bool:
        """A report without form is a failure; "delayed" and the like are only news."""
        return self.action in ("", "failed")

    @property
    def is_hard(self) -> bool:
        return self.status.startswith("5.1.") or self.status == "5.4.4"

    def __str__(self) -> str:
        return (self.diagnostic or self.status or "returned")[:300]


def original(parsed: ParsedEmail, envelope_to: list[str]) -> OutboundEmail | None:
    """The mail of ours that came back, if the report proves that it knows it."""
    keys, rows = signing.keys(), OutboundEmail.objects.select_related("ticket", "message__author", "user")
    for address in threads.recipients(parsed, envelope_to):
        pk = signing.read_bounce_address(keys, address)
        if pk and pk < 1 << 63 and (row := rows.filter(pk=pk).first()):
            return row
    for message_id in _returned_ids(parsed):
        if signing.read_message_id(keys, message_id) and (row := rows.filter(rfc_message_id=message_id).first()):
            return row
    return None


def report(parsed: ParsedEmail) -> Report:
    for part in parsed.attachments:
        if part.content_type in ("message/delivery-status", "message/global-delivery-status"):
            found: dict[str, str] = {}
            for name, value in _FIELD.findall(clean(part.data[:_READ].decode("utf-8", "replace")).replace("\r", "")):
                found.setdefault(name.lower(), value.strip())
            status = re.match(r"\d\.\d{1,3}\.\d{1,3}", found.get("status", ""))
            diagnostic = found.get("diagnostic-code", "").rpartition(";")[2].strip()
            return Report(found.get("action", "").lower(), status[0] if status else "", diagnostic)
    return Report()


def mark_failed(row: OutboundEmail, said: Report) -> None:
    """Writes the failure onto the mail and its ticket, and after repeated hard bounces stops automatic mail there."""
    if row.state == OutboundEmail.State.FAILED:
        return
    row.state, row.last_error, row.next_attempt_at = OutboundEmail.State.FAILED, f"{said.status} {said}".strip(), None
    row.save(update_fields=["state", "last_error", "next_attempt_at"])
    tell(row, str(said))
    if said.is_hard and row.user_id:
        recent = OutboundEmail.objects.filter(
            user=row.user_id, state=row.state, last_error__startswith="5.", created_at__gte=timezone.now() - _REMEMBERED
        )
        if recent.count() >= _HARD_BOUNCES:
            User.objects.filter(pk=row.user_id).update(may_receive_automatic_mail=False)


def tell(row: OutboundEmail, error: str) -> None:
    """Records the failure on the ticket, once per mail to a customer; notices to agents fail silently, since a
    notice about a failed notice would never end."""
    if row.ticket and not (row.user and row.user.is_agent):
        record(row.ticket, "mail_failed", by=SYSTEM, message=row.message, recipient=row.recipient, error=error)


def _returned_ids(parsed: ParsedEmail) -> Iterator[str]:
    yield from threads.ids(parsed)
    texts = [parsed.text.encode()[:_READ]]
    texts += [part.data[:_READ] for part in parsed.attachments if part.content_type.startswith(("message/", "text/"))]
    for text in texts:
        yield from (found.decode("ascii", "replace").lower() for found in _OWN_ID.findall(text)[: threads.MOST_IDS])
