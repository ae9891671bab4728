"""Files of a form that is not sent yet: held for a day, for that form alone, so that a refused form keeps them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from tickets import blobs, limits
from tickets.actions.writing import Upload, safe_name
from tickets.models import (
    ArticleFile,
    Attachment,
    CannedAttachment,
    DataExport,
    Desk,
    DraftFile,
    Export,
    Form,
    HeldUpload,
    InboundEmail,
    OutboundEmail,
    UnsentRequest,
)
from tickets.refusals import Invalid

LASTS = timedelta(hours=24)
ROOM = 250 * 1024 * 1024  # bytes that wait for one network's forms
BY_NETWORK = [(120, limits.HOUR), (600, limits.DAY)]
_AT_ONCE = 500
_NAMED_BY = [
    (Attachment, "sha256"), (ArticleFile, "sha256"), (CannedAttachment, "sha256"), (DraftFile, "sha256"),
    (HeldUpload, "sha256"), (Export, "sha256"), (DataExport, "sha256"), (Desk, "logo_sha256"),
    (InboundEmail, "raw_sha256"), (OutboundEmail, "raw_sha256"),
]  # fmt: skip


def hold(file: Any, *, form: uuid.UUID, field: str, network: str) -> HeldUpload:
    """Keeps Django's uploaded `file` for the form of that mark. Raises Invalid, under the field's name, when it is too
    large or too much waits already; TooMany when this network sends too many."""
    limits.check(f"upload:network:{network}", BY_NETWORK)
    name, longest = safe_name(file.name or ""), settings.MAX_ATTACHMENT
    if file.size > longest:
        words = {"name": name, "max": longest // 1024 // 1024}
        raise Invalid(**{field: _("%(name)s is too large: %(max)d MB fit.") % words})
    if _waiting(network) + file.size > ROOM:
        raise Invalid(**{field: _("%(name)s cannot be kept: too much waits to be sent.") % {"name": name}})
    sha256, size = blobs.put(file.chunks(), longest=longest)
    return HeldUpload.objects.create(
        form=form, field=field[:60], network=network, name=name, size=size, sha256=sha256,
        content_type=(file.content_type or "application/octet-stream")[:120], expires_at=timezone.now() + LASTS,
    )  # fmt: skip


def _waiting(network: str) -> int:
    rows = HeldUpload.objects.filter(network=network, is_sent=False).order_by()
    return rows.aggregate(size=Sum("size"))["size"] or 0


def upload(held: HeldUpload) -> Upload:
    """The file as the actions take it."""
    return Upload(held.name, b"", held.content_type, stored=(held.sha256, held.size))


def keep_unsent(typed: Mapping[str, list[str]], *, email: str, form: Form | None) -> UnsentRequest:
    """Keeps a form until its writer has followed the link that names its key."""
    return UnsentRequest.objects.create(typed=dict(typed), email=email, form=form, expires_at=timezone.now() + LASTS)


def unsent(key: uuid.UUID) -> UnsentRequest | None:
    """The form that the link in a mail is for, while it lasts."""
    rows = UnsentRequest.objects.select_related("form__current")
    return rows.filter(key=key, expires_at__gt=timezone.now()).first()


def let_go(form: uuid.UUID) -> None:
    """The form was sent: its files count against no room any more. They stay until they expire, so that the same form
    sent twice is still the same."""
    HeldUpload.objects.filter(form=form, is_sent=False).update(is_sent=True)


def leave(hashes: Iterable[str]) -> None:
    """Something that named these bytes is gone: in a day the sweep forgets those that nothing names by then."""
    HeldUpload.objects.bulk_create([
        HeldUpload(form=uuid.uuid4(), name="", size=0, sha256=one, is_sent=True, expires_at=timezone.now() + LASTS)
        for one in sorted(set(hashes))
    ])  # fmt: skip


def sweep() -> None:
    """Forgets what expired, and its bytes where nothing else has the same."""
    now = timezone.now()
    UnsentRequest.objects.filter(expires_at__lte=now).delete()
    long_ago = now - timedelta(hours=1)  # whoever read a row before it expired is done with it
    rows = list(HeldUpload.objects.filter(expires_at__lte=long_ago).values_list("pk", "sha256")[:_AT_ONCE])
    HeldUpload.objects.filter(pk__in=[pk for pk, _sha256 in rows]).delete()
    forget_bytes({sha256 for _pk, sha256 in rows})


def forget_bytes(hashes: set[str]) -> None:
    """Deletes what lies under these hashes, unless some row names it or it was stored again lately."""
    for sha256 in _unnamed(hashes):
        blobs.drop(sha256, unused_since=timezone.now() - LASTS / 2)


def _unnamed(hashes: set[str]) -> set[str]:
    for model, column in _NAMED_BY:
        hashes -= set(
            model._default_manager.filter(**{f"{column}__in": hashes}).order_by().values_list(column, flat=True)
        )
    return hashes


def keys(words: Iterable[str]) -> list[uuid.UUID]:
    """Those of the words that can be a held file's key."""
    found = []
    for word in words:
        try:
            found.append(uuid.UUID(word))
        except ValueError:
            continue
    return found
