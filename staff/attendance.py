"""Availability, absences and notices on an agent's own page: forms, and what the template shows."""

from __future__ import annotations

from typing import Any

from django import forms
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from staff.times import Clock
from tickets import notices
from tickets.models import NoticePreferences, User
from tickets.reading import zone_of


class _Time(forms.TimeInput):
    input_type = "time"


class _Moment(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class AvailabilityForm(forms.Form):
    is_available = forms.BooleanField(
        label=_("I am available"), required=False, help_text=_("The desk gives you tickets only while you are.")
    )


class NoticesForm(forms.ModelForm):
    """One field for each group of notices, and how their mails come."""

    class Meta:
        model = NoticePreferences
        fields = ("digest", "digest_time", "quiet_from", "quiet_until", "in_browser")
        widgets = {"digest_time": _Time(), "quiet_from": _Time(), "quiet_until": _Time()}
        help_texts = {"quiet_from": _("Mails wait until this time is over, and the browser stays silent.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for group, label in notices.GROUPS.items():
            now = self.instance.channels.get(group, notices.BOTH)
            self.fields[f"way_{group}"] = forms.ChoiceField(
                label=label, choices=list(notices.CHANNELS.items()), initial=now
            )

    @property
    def ways(self) -> list[forms.BoundField]:
        return [self[f"way_{group}"] for group in notices.GROUPS]

    @property
    def rest(self) -> list[forms.BoundField]:
        return [self[name] for name in self.Meta.fields]

    def wanted(self) -> dict[str, Any]:
        """As `actions.attendance.set_notices` takes it."""
        ways = {group: self.cleaned_data[f"way_{group}"] for group in notices.GROUPS}
        return {"channels": ways, **{name: self.cleaned_data[name] for name in self.Meta.fields}}


class AbsenceForm(forms.Form):
    starts_at = forms.DateTimeField(label=_("Away from"), widget=_Moment())
    ends_at = forms.DateTimeField(
        label=_("Back on"), widget=_Moment(), required=False, help_text=_("Empty: until you say that you are back.")
    )
    delegate = forms.ModelChoiceField(
        User.objects.none(),
        label=_("Who stands in"),
        required=False,
        empty_label=_("Nobody"),
        help_text=_("Gets what is assigned to you, what is reopened, and your notices, as far as they may see it."),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        delegates = self.fields["delegate"]
        assert isinstance(delegates, forms.ModelChoiceField)  # noqa: S101 - declared above
        delegates.queryset = User.objects.agents().exclude(pk=user.pk)


def wish_of(user: User) -> NoticePreferences:
    return NoticePreferences.objects.filter(user=user).first() or NoticePreferences(user=user)


def sections(user: User, **bound: Any) -> dict[str, Any]:
    """For the template; `bound` are forms that were sent and refused."""
    now = timezone.localtime(timezone=zone_of(user)).replace(second=0, microsecond=0)
    return {
        "notices_form": bound.get("notices_form") or NoticesForm(instance=wish_of(user)),
        "absence_form": bound.get("absence_form")
        or AbsenceForm(user=user, initial={"starts_at": now.replace(tzinfo=None)}),
        "availability_form": AvailabilityForm(initial={"is_available": user.is_available}),
        "capacity": user.capacity,
        "skills": list(user.skills.values_list("name", flat=True)),
        "absences": _absences(user),
    }


def _absences(user: User) -> list[dict[str, Any]]:
    """Those that are not over, the next first."""
    clock = Clock(user)
    return [
        {
            "begins": clock.at(row.starts_at),
            "ends": clock.at(row.ends_at) if row.ends_at else "",
            "delegate": row.delegate.display_name if row.delegate else "",
            "is_running": row.starts_at <= clock.now,
            "url": reverse("staff:back", args=[row.pk]),
        }
        for row in user.absences.select_related("delegate")
        if row.ends_at is None or row.ends_at > clock.now
    ]
