"""Tags as things of their own. Tickets carry the names too, so that lists need not join: both change together."""

from __future__ import annotations

from django.db import transaction
from django.db.models import F, Func, Value

from tickets.models import Tag, Ticket


@transaction.atomic
def rename(tag: Tag, old: str) -> None:
    """Saves the tag under its new name, also on the tickets that had it as `old`."""
    tag.save()
    if tag.name != old:
        change = Func(F("tag_names"), Value(old), Value(tag.name), function="array_replace")
        Ticket.objects.filter(tag_names__contains=[old]).update(tag_names=change)


@transaction.atomic
def delete(tag: Tag) -> None:
    """Deletes the tag, also from the tickets that carry it."""
    change = Func(F("tag_names"), Value(tag.name), function="array_remove")
    Ticket.objects.filter(tag_names__contains=[tag.name]).update(tag_names=change)
    tag.delete()
