from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand
from django.db import models, transaction

from tickets.secrets import SealedField, Unreadable, reseal


class Command(BaseCommand):
    help = (
        "Seals every stored password and token under the present SECRET_KEY; then SECRET_KEY_FALLBACKS may be emptied."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        done = 0
        for model, fields in _with_secrets():
            for pk in model._base_manager.values_list("pk", flat=True):
                done += self._one(model, pk, fields)
        self.stdout.write(f"{done} sealed again.")

    @transaction.atomic
    def _one(self, model: type[models.Model], pk: Any, names: list[str]) -> int:
        row = model._base_manager.select_for_update().get(pk=pk)
        kept = [name for name in names if getattr(row, name)]
        for name in kept:
            try:
                setattr(row, name, reseal(getattr(row, name)))
            except Unreadable:
                self.stderr.write(
                    f"{model._meta.verbose_name} {row}: {name} cannot be read; type it again in the admin."
                )
        row.save(update_fields=kept)
        return len(kept)


def _with_secrets() -> Iterator[tuple[type[models.Model], list[str]]]:
    for model in apps.get_models():
        if names := [field.name for field in model._meta.fields if isinstance(field, SealedField)]:
            yield model, names
