"""The first thing that happens to a mail: it is ours before its sender is told so."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from django.db import IntegrityError, transaction

from tickets import blobs
from tickets.mail.charsets import clean
from tickets.models import InboundEmail, Mailbox
from tickets.tasks import apply_inbound

_ADDRESS_LENGTH = 320


def store(
    raw: bytes, *, source: str, envelope_from: str = "", envelope_to: Sequence[str] = (), mailbox: Mailbox | None = None
) -> InboundEmail:
    """Keeps the raw bytes and a row that names them, both on disk when this returns, then nudges a worker.

    Only then may the source be told that the mail arrived. The same bytes to the same addresses give the row that is
    there already. What is raised (no disk, no database) means: not stored, the source has to try again.
    """
    sha256, size = blobs.put(raw)
    people = sorted({_address(address) for address in envelope_to})
    row = InboundEmail(
        source=source, mailbox=mailbox, raw_sha256=sha256, raw_size=size,
        envelope_from=_address(envelope_from), envelope_to=people, delivery_key=_delivery_key(sha256, people),
    )  # fmt: skip
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            _nudge(row.pk)
    except IntegrityError:
        return InboundEmail.objects.get(delivery_key=row.delivery_key)
    return row


def _nudge(pk: int) -> None:
    # not a partial: Django names a failed hook by __qualname__, which partials lack
    transaction.on_commit(lambda: apply_inbound.delay(pk), robust=True)


def _delivery_key(sha256: str, people: Sequence[str]) -> str:
    return hashlib.sha256("\n".join([sha256, *people]).encode()).hexdigest()


def _address(text: str) -> str:
    return clean(text).strip().lower()[:_ADDRESS_LENGTH]
