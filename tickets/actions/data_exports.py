"""A copy of what the desk knows of somebody, for themselves: profile, tickets as they read them, files. A ZIP of JSON
and the files, made by a worker, kept for some days."""

from __future__ import annotations

import logging
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from typing import IO, Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from tickets import blobs, fields, limits, outbox, reading
from tickets.merged import readable
from tickets.models import Attachment, DataExport, MailWording, Message, Rating, Ticket, User
from tickets.tasks import make_data_export

ASKED = [(2, limits.DAY)]
KEPT = timedelta(days=7)
_TRIES = 5
_RETRY = timedelta(minutes=10)  # longer than a task may run
_PIECE = 1024 * 1024
_log = logging.getLogger(__name__)
State = DataExport.State


def ask(*, by: User) -> DataExport:
    """Begins a copy; while one is being made, that is it. Raises TooMany."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=by.pk)
        if waiting := by.data_exports.filter(state=State.WAITING).first():
            return waiting
        limits.check(f"data-export:{by.pk}", ASKED)
        row = DataExport.objects.create(user=by)
        transaction.on_commit(lambda: make_data_export.delay(row.pk), robust=True)
    return row


def make(pk: int) -> None:
    """Makes the copy if it waits and nobody else is at it. Safe to call at any time."""
    now = timezone.now()
    due = DataExport.objects.filter(pk=pk, state=State.WAITING, next_attempt_at__lte=now)
    if not due.update(next_attempt_at=now + _RETRY):
        return
    row = DataExport.objects.select_related("user").get(pk=pk)
    row.attempts += 1
    try:
        with tempfile.TemporaryFile(dir=blobs.spool_folder()) as file, reading.read_by(row.user):
            _write(file, row.user)
            file.seek(0)
            row.sha256, row.size = blobs.put(iter(lambda: file.read(_PIECE), b""))
    except Exception:
        _log.exception("the data of person %s could not be copied", row.user_id)
        if row.attempts >= _TRIES:
            row.state, row.next_attempt_at = State.FAILED, None
        row.save(update_fields=["attempts", "state", *(["next_attempt_at"] if row.state == State.FAILED else [])])
        return
    _ready(row)


def _ready(row: DataExport) -> None:
    row.state, row.expires_at, row.next_attempt_at = State.READY, timezone.now() + KEPT, None
    page = settings.BASE_URL + reverse("account_data")
    with transaction.atomic(), reading.read_by(row.user):
        row.save()
        outbox.enqueue(
            "account", None, row.user, subject=_("Your data is ready"),
            text=_("The copy of your data that you asked for is ready. Fetch it within seven days:")
            + f"\n{page}",
            letter=MailWording.Kind.DATA_READY.value, given={"link": page},
        )  # fmt: skip


def sweep() -> None:
    """Makes what was not begun or broke off, and deletes copies whose time is over."""
    now = timezone.now()
    for pk in DataExport.objects.filter(next_attempt_at__lte=now - timedelta(seconds=30)).values_list("pk", flat=True):
        make(pk)
    for row in DataExport.objects.filter(state=State.READY, expires_at__lte=now):
        forget(row)


def forget(row: DataExport) -> None:
    """Deletes the copy. Each holds the moment it was made, so no two people's are the same bytes."""
    if row.sha256:
        blobs.drop(row.sha256, unused_since=timezone.now())
    row.state, row.sha256, row.next_attempt_at = State.GONE, "", None
    row.save(update_fields=["state", "sha256", "next_attempt_at"])


def _write(file: IO[bytes], person: User) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("profile.json", _json(_profile(person)))
        for ticket in own_tickets(person):
            messages = list(readable(ticket, person).order_by("pk"))
            files = list(Attachment.objects.filter(message__in=messages).order_by("pk"))
            archive.writestr(f"tickets/{ticket.number}.json", _json(_ticket(ticket, messages, files, person)))
            for one in files:
                _copy(archive, f"files/{_file_name(ticket, one)}", one)


def _copy(archive: zipfile.ZipFile, name: str, file: Attachment) -> None:
    try:
        blob = blobs.open_blob(file.sha256)
    except FileNotFoundError:
        return
    with blob, archive.open(name, "w") as target:
        for piece in iter(lambda: blob.read(_PIECE), b""):
            target.write(piece)


def own_tickets(person: User) -> Iterator[Ticket]:
    """What somebody asked or takes part in as a customer; not the work of an agent."""
    rows = Ticket.objects.kept().filter(requester=person)
    if not (person.is_agent or person.is_superuser):
        rows |= Ticket.objects.kept().filter(pk__in=person.followed.values("ticket"))
    return rows.select_related("department", "form_version", "status").order_by("pk").iterator(chunk_size=200)


def _profile(person: User) -> dict[str, Any]:
    addresses = EmailAddress.objects.filter(user=person, verified=True).values_list("email", flat=True)
    ratings = Rating.objects.filter(rated_by=person).values("ticket__number", "score", "comment", "rated_at")
    return {
        "made_at": timezone.now(), "name": person.name, "addresses": sorted({person.email, *addresses}),
        "phone": person.phone, "language": person.language, "time_zone": person.time_zone,
        "organization": person.organization.name if person.organization else None,
        "known_since": person.created_at, "last_signed_in": person.last_login,
        "declined_mail": person.declined_mail, "ratings": list(ratings),
    }  # fmt: skip


def _ticket(ticket: Ticket, messages: list[Message], files: list[Attachment], person: User) -> dict[str, Any]:
    return {
        "number": ticket.number, "subject": ticket.subject, "state": str(ticket.customer_label),
        "department": ticket.department.name, "opened_at": ticket.created_at, "closed_at": ticket.closed_at,
        "is_yours": ticket.requester_id == person.pk,
        "answers": _answers(ticket),
        "messages": [
            {
                "from": message.author_name, "at": message.created_at, "text": message.body,
                "files": [_file_name(ticket, one) for one in files if one.message_id == message.pk],
            }
            for message in messages
        ],
    }  # fmt: skip


def _answers(ticket: Ticket) -> dict[str, str]:
    """What customers see of the form."""
    items = ticket.form_version.items if ticket.form_version else []
    return {one["item"]["label"]: one["words"] for one in fields.told(items, ticket.fields, inside=False)}


def _file_name(ticket: Ticket, file: Attachment) -> str:
    """Names cannot lead out of the archive or hide one another."""
    safe = "".join(sign if sign.isalnum() or sign in "-_. " else "_" for sign in file.name).strip(". ") or "file"
    return f"{ticket.number}/{file.pk}-{safe[-120:]}"


def _json(value: Any) -> str:
    return DjangoJSONEncoder(ensure_ascii=False, indent=2).encode(value)
