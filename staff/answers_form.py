"""The answers to a help topic's form, as agents change them."""

from __future__ import annotations

from typing import Any

from staff.forms import TicketPanel
from tickets import fields, form_controls
from tickets.field_values import Item
from tickets.models.forms import FieldKind
from tickets.refusals import Invalid


class AnswersForm(TicketPanel):
    def prepare(self) -> None:
        version = self.ticket.form_version
        # files come with messages
        self.items: list[Item] = [one for one in version.items if one["kind"] != FieldKind.FILE] if version else []
        kept = {key: self.ticket.fields.get(key) for key in fields.by_key(self.items)}
        self.initial |= form_controls.initial(self.items, kept)
        self.fields |= form_controls.controls(self.items, {}, inside=True)
        for field in self.fields.values():
            field.required = False  # an agent may leave open what a customer must answer

    @property
    def parts(self) -> list[dict[str, Any]]:
        return form_controls.parts(self, self.items, self.ticket.fields, inside=True)

    @property
    def rules(self) -> str:
        return form_controls.rules(self.items, inside=True)

    def clean(self) -> dict[str, Any]:
        """What is asked with these answers; the rest was on the page for who has no scripts."""
        data = super().clean() or self.cleaned_data
        typed = form_controls.given(data)
        shown = fields.check(self.items, typed, inside=True, complete=False, before=self.ticket.fields).shown
        return data | {"answers": {key: value for key, value in typed.items() if key in shown}}

    def refuse(self, refusal: Invalid) -> None:
        for name, sentence in refusal.errors.items():
            field = name.replace("fields.", form_controls.PREFIX)
            self.add_error(field if field in self.fields else None, sentence)
