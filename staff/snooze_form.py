from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from staff.forms import TicketPanel
from staff.times import Clock
from tickets.reading import zone_of

_MORNING = time(9)
_LAST_HOUR = 20  # nobody means the night when they say "later today"
_MONDAY = 0


class SnoozeForm(TicketPanel):
    """A moment from a few presets, or any other; `until` is where the cleaned one is found."""

    when = forms.ChoiceField(label=_("Until"), widget=forms.RadioSelect)
    at = forms.DateTimeField(
        label=_("Date and time"),
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def prepare(self) -> None:
        clock = Clock(self.user)
        self.presets = presets(clock.now.astimezone(clock.zone))  # type: ignore[arg-type]
        words = [(name, f"{_WORDS[name]} · {clock.at(moment)}") for name, moment in self.presets.items()]
        self.fields["when"].choices = [*words, ("at", _("Another moment"))]  # type: ignore[attr-defined]
        self.initial.setdefault("when", next(iter(self.presets)))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        when, at = data.get("when"), data.get("at")
        if when == "at" and not at:
            if "at" not in self.errors:
                self.add_error("at", _("Say when."))
        elif when == "at":
            data["until"] = at.replace(tzinfo=zone_of(self.user))
        elif when:
            data["until"] = self.presets[when]
        return data

    def refuse(self, refusal: Any) -> None:
        """What the action says about the moment belongs to the field where it is typed."""
        for sentence in refusal.errors.values():
            self.add_error("at", sentence)


_WORDS = {"later": _("Later today"), "tomorrow": _("Tomorrow"), "next_week": _("Next week")}


def presets(local: datetime) -> dict[str, datetime]:
    """The moments that people mean most often, seen from their own wall clock."""
    found: dict[str, datetime] = {}
    later = (local + timedelta(hours=3)).replace(minute=0, second=0, microsecond=0)
    if later.date() == local.date() and later.hour <= _LAST_HOUR:
        found["later"] = later
    found["tomorrow"] = _morning(local, 1)
    found["next_week"] = _morning(local, 7 - (local.weekday() - _MONDAY))
    return found


def _morning(local: datetime, days: int) -> datetime:
    return datetime.combine(local.date() + timedelta(days=days), _MORNING, local.tzinfo)
