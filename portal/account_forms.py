"""What people decide about their own account."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from tickets.actions.people import clean_name
from tickets.models import CustomerMail, User


class ProfileForm(forms.ModelForm):
    """`wanted_mail` asks the other way round than it is kept: what is ticked comes."""

    language = forms.ChoiceField(label=_("Language"), required=False)
    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)
    wanted_mail = forms.MultipleChoiceField(
        label=_("E-mails we send by ourselves"),
        required=False,
        choices=CustomerMail.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Answers to your tickets always come."),
    )

    class Meta:
        model = User
        fields = ("name", "language", "time_zone")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].required = True
        self.fields["name"].label = _("Your name")
        self.fields["language"].choices = [("", _("As the browser says")), *settings.LANGUAGES]  # type: ignore[attr-defined]
        self.fields["time_zone"].choices = [("", settings.TIME_ZONE), *_zones()]  # type: ignore[attr-defined]
        declined = set(self.instance.declined_mail)
        self.initial["wanted_mail"] = [kind for kind in CustomerMail.values if kind not in declined]
        if self.instance.is_agent or self.instance.is_superuser:
            del self.fields["wanted_mail"]  # agents choose in the workspace

    def clean_name(self) -> str:
        return clean_name(self.cleaned_data["name"])

    @property
    def declined_mail(self) -> list[str] | None:
        """None where nothing was asked."""
        if "wanted_mail" not in self.cleaned_data:
            return None
        return [kind for kind in CustomerMail.values if kind not in self.cleaned_data["wanted_mail"]]


def _zones() -> list[tuple[str, str]]:
    names = sorted(name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith("Etc/"))
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in names)]
