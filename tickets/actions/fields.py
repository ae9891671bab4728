"""Answers to the questions of a form: changed by agents and rules, and asked for before a ticket is resolved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from tickets import fields as asked
from tickets.actions.door import opened
from tickets.events import record
from tickets.field_values import Item, words
from tickets.models import FormVersion, Ticket
from tickets.permissions import Actor
from tickets.refusals import Invalid

_MOST_SHOWN = 400


def set_fields(ticket: Ticket, *, by: Actor, fields: Mapping[str, Any]) -> Ticket:
    """Changes the answers given in `fields` and leaves the others; None takes one off. Also takes fields that the
    ticket's form does not ask, if another form does. Raises Invalid with `fields.KEY` for each that will not do."""
    with opened("triage", ticket, by) as (fresh, _now):
        items = asked.asked_with(fresh.form_version, fields)
        answers, errors = asked.answered(items, fresh.fields, fields)
        if errors:
            raise Invalid(**errors)
        _keep(fresh, answers, asked.by_key(items), by)
    return fresh


def _keep(ticket: Ticket, new: dict[str, Any], items: Mapping[str, Item], by: Actor) -> None:
    old = ticket.fields
    changed = [key for key in (*items, *old) if old.get(key) != new.get(key)]
    if not changed:
        return
    ticket.fields = new
    ticket.save(update_fields=["fields", "updated_at"])
    record(
        ticket, "fields_changed", by=by, what=_in_words(dict.fromkeys(changed), items, old, new),
        old={key: old.get(key) for key in changed}, new={key: new.get(key) for key in changed},
    )  # fmt: skip


def _in_words(
    keys: Mapping[str, None], items: Mapping[str, Item], old: Mapping[str, Any], new: Mapping[str, Any]
) -> str:
    parts = []
    for key in keys:
        item = items.get(key, {"kind": "text", "label": key})
        was, now = (words(item, answers.get(key)) or "–" for answers in (old, new))
        parts.append(f"{item['label']}: {was} → {now}")
    text = "; ".join(parts)
    return text if len(text) <= _MOST_SHOWN else text[: _MOST_SHOWN - 1] + "…"


def require_answers(ticket: Ticket) -> None:
    """Raises Invalid with the names of the empty fields that have to be answered before the ticket is resolved."""
    if ticket.form_version_id is None:
        return
    form = FormVersion.objects.get(pk=ticket.form_version_id)
    missing = asked.missing_to_close(form.items, ticket.fields)
    if missing:
        raise Invalid(fields=_("Before it is resolved, please answer: %(fields)s.") % {"fields": ", ".join(missing)})


def ask_anew(ticket: Ticket) -> None:
    """Inside an open door: the questions of the ticket's help topic as they are now. Answers given before stay."""
    form = asked.form_for(ticket.help_topic)
    if form is not None:
        ticket.form_version = form
