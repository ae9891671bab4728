"""The first thing that happens to a mail: it is ours before its sender is told so."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from tickets import blobs
from tickets.mail.charsets import clean
from tickets.models import InboundEmail, Mailbox
from tickets.tasks import apply_inbound

log = logging.getLogger(__name__)
_ADDRESS_LENGTH = 320


@dataclass(frozen=True)
class Origin:
    """Which mail of which account it is: by UID, by UIDL, or by the id of a mail provider.

    `renumbered`: the folder has had other UIDs before; the same bytes there are then the same mail.
    """

    origin_id: int
    folder: str = ""
    uidvalidity: int | None = None
    uid: int | None = None
    pop_uidl: str | None = None
    provider_id: str | None = None
    renumbered: bool = False

    def columns(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if name != "renumbered"}

    def key(self) -> str:
        return hashlib.sha256(repr(sorted(self.columns().items())).encode()).hexdigest()


def store(
    raw: bytes | Iterable[bytes],
    *,
    source: str,
    envelope_from: str = "",
    envelope_to: Sequence[str] = (),
    mailbox: Mailbox | None = None,
    origin: Origin | None = None,
) -> InboundEmail:
    """Keeps the raw bytes and a row that names them, both on disk when this returns, then nudges a worker.

    Only then may the source be told that the mail arrived. The same mail of the same account, or where there is none
    the same bytes to the same addresses, give the row that is there already. What is raised (no disk, no database)
    means: not stored, the source has to try again; blobs.TooLarge: it never will be.
    """
    sha256, size = blobs.put(raw, longest=settings.MAX_STORED_MAIL)
    if origin and origin.renumbered and (known := _under_its_new_number(origin, sha256)):
        return known
    people = sorted({_address(address) for address in envelope_to})
    row = InboundEmail(
        source=source, mailbox=mailbox, raw_sha256=sha256, raw_size=size,
        envelope_from=_address(envelope_from), envelope_to=people,
        delivery_key=origin.key() if origin else _delivery_key(sha256, people), **(origin.columns() if origin else {}),
    )  # fmt: skip
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            _nudge(row.pk)
    except IntegrityError:
        return InboundEmail.objects.get(delivery_key=row.delivery_key)
    return row


def _under_its_new_number(origin: Origin, sha256: str) -> InboundEmail | None:
    """The row of the same mail from before the folder was renumbered; it gets the new number."""
    before = InboundEmail.objects.filter(origin=origin.origin_id, folder=origin.folder, raw_sha256=sha256)
    with transaction.atomic():
        row = before.exclude(uidvalidity=origin.uidvalidity).select_for_update().first()
        if row is None:
            return None
        log.info("mail %s is UID %s of UIDVALIDITY %s now", row.pk, origin.uid, origin.uidvalidity)
        row.uidvalidity, row.uid, row.delivery_key = origin.uidvalidity, origin.uid, origin.key()
        row.save(update_fields=["uidvalidity", "uid", "delivery_key"])
    return row


def _nudge(pk: int) -> None:
    # not a partial: Django names a failed hook by __qualname__, which partials lack
    transaction.on_commit(lambda: apply_inbound.delay(pk), robust=True)


def _delivery_key(sha256: str, people: Sequence[str]) -> str:
    return hashlib.sha256("\n".join([sha256, *people]).encode()).hexdigest()


def _address(text: str) -> str:
    return clean(text).strip().lower()[:_ADDRESS_LENGTH]
