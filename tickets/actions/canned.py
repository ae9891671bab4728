"""Canned responses are made, changed and deleted by those who keep them (`tickets.canned.may_keep`)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tickets import blobs, canned, wording
from tickets.actions.writing import Upload, check_text, safe_name, seen
from tickets.models import CannedAttachment, CannedFolder, CannedResponse, CannedTranslation, User
from tickets.refusals import Invalid, NotAllowed

MOST_FILES = 10
_SETTABLE = ("folder", "title", "shortcut", "body", "language", "department", "team", "owner", "is_enabled")


def save(
    response: CannedResponse | None,
    *,
    by: User,
    translations: Mapping[str, str] | None = None,
    attachments: Sequence[Upload] = (),
    without: Collection[UUID] = (),
    **fields: Any,
) -> CannedResponse:
    """Makes a response (None) or changes one; what is not given stays. `translations` maps languages to texts and
    replaces all; `without` are keys of files that go. Raises Invalid about a faulty text, NotAllowed."""
    if unknown := set(fields) - set(_SETTABLE):
        raise TypeError(unknown)
    with transaction.atomic():
        row = CannedResponse() if response is None else _locked(response, by)
        for name, value in fields.items():
            setattr(row, name, value)
        if not canned.may_keep(by, row):
            raise NotAllowed(_("You can keep your own responses, and shared ones where your role says so."))
        _check(row)
        row.updated_at, row.updated_by = timezone.now(), by
        _insert(row)
        if translations is not None:
            _translate(row, translations)
        row.attachments.filter(key__in=without).delete()
        _attach(row, attachments)
    return row


def delete(response: CannedResponse, *, by: User) -> None:
    with transaction.atomic():
        _locked(response, by).delete()


def save_folder(
    folder: CannedFolder | None, *, by: User, name: str, parent: CannedFolder | None = None
) -> CannedFolder:
    _require_keeper(by)
    row = CannedFolder() if folder is None else CannedFolder.objects.get(pk=folder.pk)
    row.name, row.parent = check_text("name", name, 80), parent
    try:
        with transaction.atomic():
            row.clean()
            row.save()
    except ValidationError as error:
        raise Invalid(parent=" ".join(error.messages)) from error
    except IntegrityError as error:
        raise Invalid(name=_("There is a folder of this name already.")) from error
    return row


def delete_folder(folder: CannedFolder, *, by: User) -> None:
    """What lies in it moves up."""
    _require_keeper(by)
    with transaction.atomic():
        row = CannedFolder.objects.select_for_update().get(pk=folder.pk)
        CannedResponse.objects.filter(folder=row).update(folder=row.parent)
        for child in row.children.all():
            save_folder(child, by=by, name=_free_name(child, row.parent), parent=row.parent)
        row.delete()


def _free_name(child: CannedFolder, parent: CannedFolder | None) -> str:
    taken = CannedFolder.objects.filter(parent=parent, name=child.name).exists()
    return f"{child.name[:70]} ({child.pk})" if taken else child.name


def _require_keeper(by: User) -> None:
    if not canned.keeps_any(by):
        raise NotAllowed(_("Folders are for those who keep shared responses."))


def _locked(response: CannedResponse, by: User) -> CannedResponse:
    """The fresh row, which the person may have lost the right to since they saw it."""
    row = CannedResponse.objects.select_for_update().get(pk=response.pk)
    if not canned.may_keep(by, row):
        raise NotAllowed(_("You can use this response but not change it."))
    return row


def _check(row: CannedResponse) -> None:
    row.title = check_text("title", row.title, 120)
    row.body = seen(row.body).strip()
    row.shortcut = row.shortcut.strip().lower()
    if not row.body:
        raise Invalid(body=_("Please write something here."))
    wording.require(row.body)
    _check_language("language", row.language)
    try:
        row.clean_fields(exclude=["folder", "department", "team", "owner", "updated_by"])
    except ValidationError as error:
        raise Invalid(**{name: " ".join(said) for name, said in error.message_dict.items()}) from error


def _insert(row: CannedResponse) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        if "canned_shortcut_once" in str(error):
            raise Invalid(shortcut=_("This shortcut is taken by another response of the same kind.")) from error
        raise Invalid(
            department=_("A response belongs to a department, a team or an agent, not to several.")
        ) from error


def _check_language(field: str, code: str) -> None:
    if code and code not in canned.LANGUAGES:
        raise Invalid(**{field: _("“%(code)s” is no language that is known here.") % {"code": code[:20]}})


def _translate(row: CannedResponse, translations: Mapping[str, str]) -> None:
    rows = []
    for code, body in translations.items():
        _check_language("translations", code)
        text = seen(body).strip()
        if problems := wording.check(text):
            raise Invalid(translations=f"{canned.LANGUAGES[code]}: " + " ".join(map(str, problems[:3])))
        if text and code != row.language:
            rows.append(CannedTranslation(response=row, language=code, body=text))
    row.translations.all().delete()
    CannedTranslation.objects.bulk_create(rows)


def _attach(row: CannedResponse, uploads: Sequence[Upload]) -> None:
    if row.attachments.count() + len(uploads) > MOST_FILES:
        raise Invalid(attachments=_("At most %(max)d files fit.") % {"max": MOST_FILES})
    for upload in uploads:
        name = safe_name(upload.name)
        try:
            sha256, size = blobs.put(upload.content, longest=settings.MAX_ATTACHMENT)
        except blobs.TooLarge:
            words = {"name": name, "max": settings.MAX_ATTACHMENT // 1024 // 1024}
            raise Invalid(attachments=_("%(name)s is too large: %(max)d MB fit.") % words) from None
        CannedAttachment.objects.create(
            response=row, name=name, content_type=upload.content_type[:120], size=size, sha256=sha256
        )


def taken_along(user: User, keys: Collection[UUID]) -> list[Upload]:
    """The files of canned responses as a message takes them."""
    return _uploads(canned.files_of(user, keys))


def enclosed(said: canned.Filled) -> list[Upload]:
    """The files of a response that the desk itself sends."""
    return _uploads(said.attachments)


def _uploads(files: Iterable[CannedAttachment]) -> list[Upload]:
    return [Upload(file.name, blobs.read(file.sha256), file.content_type) for file in files]
