"""The post office of the mail tests: writes raw mails, brings them in, and reads what went out."""

from __future__ import annotations

import email
import itertools
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from django.conf import settings

from tickets import notifications
from tickets.mail import inbound, outbound
from tickets.mail.store import store
from tickets.models import InboundEmail, OutboundEmail, TicketEvent

_count = itertools.count(1)


def raw(
    sender: str = "Tomás Herrera <tomas@customers.example>",
    to: str = "support@desk.example",
    subject: str = "The printer is on fire",
    body: str = "It burns.\r\nPlease come.",
    message_id: str | None = "",
    **headers: str,
) -> bytes:
    """A plain mail, byte by byte. `headers` are further fields, with _ for -; `message_id` None leaves it out."""
    fields = {"From": sender, "To": to, "Subject": subject, "Date": "Mon, 02 Mar 2026 10:00:00 +0000"}
    if message_id is not None:
        fields["Message-ID"] = message_id or f"<{next(_count)}@mail.customers.example>"
    fields |= {"MIME-Version": "1.0", "Content-Type": "text/plain; charset=utf-8"}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    return ("".join(f"{name}: {value}\r\n" for name, value in fields.items()) + "\r\n" + body + "\r\n").encode()


def arrive(mail: bytes, to: str | list[str] = "support@desk.example", **more: object) -> InboundEmail:
    """Stores and applies the mail; the row as it stands afterwards."""
    people = [to] if isinstance(to, str) else to
    row = store(mail, source="smtp", envelope_from="tomas@customers.example", envelope_to=people, **more)
    inbound.apply(row.pk)
    return InboundEmail.objects.select_related("ticket", "message").get(pk=row.pk)


def settle() -> None:
    """Handles every event and delivers every mail, as the workers do."""
    for pk in TicketEvent.objects.unhandled().values_list("pk", flat=True):
        notifications.handle(pk)
    outbound.sweep()


def sent(row: OutboundEmail) -> EmailMessage:
    """The mail as it lies in the outbox folder."""
    return read((Path(settings.OUTBOX_DIR) / f"{row.pk:08d}-{row.kind}.eml").read_bytes())


def read(mail: bytes) -> EmailMessage:
    message = email.message_from_bytes(mail, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def text(message: EmailMessage, kind: str = "plain") -> str:
    part = message.get_body((kind,))
    assert part is not None
    return part.get_content()


def outgoing(kind: str = "") -> list[OutboundEmail]:
    rows = OutboundEmail.objects.order_by("pk")
    return list(rows.filter(kind=kind) if kind else rows)
