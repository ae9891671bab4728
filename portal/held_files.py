"""Files of a form survive its refusal: they stay with the desk, and the page that comes back names them."""

from __future__ import annotations

import uuid
from collections import defaultdict
from functools import cached_property
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import gettext as _

from tickets.actions import holding
from tickets.actions.conversation import uploads
from tickets.actions.writing import Upload
from tickets.models import HeldUpload
from tickets.refusals import Refused
from tickets.sizes import size

KEPT = "kept"
MAX_FILES = 10


class HeldFiles(forms.Form):
    """Wants a field `nonce`, the form's mark."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lost: list[str] = []

    @property
    def upload_url(self) -> str:
        """Where the page may send each file as soon as it is chosen."""
        return reverse("portal:upload")

    @property
    def _mark(self) -> uuid.UUID | None:
        return next(iter(holding.keys([self.data.get("nonce") or ""])), None)

    @cached_property
    def held(self) -> dict[str, list[HeldUpload]]:
        """What the desk has already, by field, of what the page named; one query, and none where it named nothing."""
        found: dict[str, list[HeldUpload]] = defaultdict(list)
        named = holding.keys(self.data.getlist(KEPT)[: 5 * MAX_FILES]) if self.is_bound else []  # type: ignore[attr-defined]
        if named and self._mark:
            for row in HeldUpload.objects.of(self._mark, named):
                found[row.field].append(row)
        return found

    def given(self, field: str, fresh: Any) -> list[Upload]:
        """The field's files: those held, then those that came with this sending."""
        return [holding.upload(row) for row in self.held.get(field, ())] + uploads(fresh or [])

    def _clean_fields(self) -> None:
        super()._clean_fields()  # type: ignore[misc]
        fresh = self.cleaned_data.get("attachments")
        if fresh is not None and len(fresh) + len(self.held.get("attachments", ())) > MAX_FILES:
            self.add_error("attachments", ValidationError(_("At most %(max)d files fit."), params={"max": MAX_FILES}))

    def hold(self, network: str) -> None:
        """Keeps what came with a form that is not sent, for its next sending; `lost` are names of what could not be."""
        if not self.is_bound:
            return
        if self._mark is None:
            self.set_value("nonce", str(uuid.uuid4()))
        for field in set(self.files) & set(self.fields):
            for file in self.files.getlist(field):  # type: ignore[attr-defined]
                try:
                    self.held[field].append(holding.hold(file, form=self._mark, field=field, network=network))  # type: ignore[arg-type]
                except Refused:
                    self.lost.append(file.name)
        for field, rows in self.held.items():
            if field in self.fields:
                self.fields[field].kept = [shown(row) for row in rows]  # type: ignore[attr-defined]

    def let_go(self) -> None:
        """The form was sent."""
        if self.held and self._mark:
            holding.let_go(self._mark)

    def set_value(self, name: str, value: str) -> None:
        """Puts another value into what was typed."""
        self.data = self.data.copy()  # type: ignore[attr-defined]
        self.data[name] = value


def shown(row: HeldUpload) -> dict[str, str]:
    """A held file as components/kept_file.html shows it."""
    return {"key": str(row.key), "name": row.name, "size": size(row.size)}
