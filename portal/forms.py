"""The forms that customers fill in. What they typed is kept whatever goes wrong, and so are their files."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from portal.held_files import KEPT, MAX_FILES, HeldFiles
from tickets import form_controls
from tickets.actions.writing import Upload
from tickets.models import Follower, HelpTopic, Score
from tickets.refusals import Invalid

MAX_BODY = 50_000
TOO_LONG = {"max_length": _("This is too long: %(show_value)d characters, %(limit_value)d fit.")}


def public_topics() -> list[HelpTopic]:
    """What customers choose from, in the order of the tree; one query. A topic is hidden with any of those above it."""
    rows = HelpTopic.objects.filter(is_enabled=True, is_public=True).select_related("department")
    below: dict[int | None, list[HelpTopic]] = {}
    for row in rows:
        below.setdefault(row.parent_id, []).append(row)
    found: list[HelpTopic] = []
    waiting = below.get(None, [])[::-1]
    while waiting:
        found.append(topic := waiting.pop())
        for child in below.get(topic.pk, ())[::-1]:
            child.parent = topic
            waiting.append(child)
    return found


class FilesField(forms.FileField):
    """Any number of files; its value is a list."""

    widget = form_controls.FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = [super(FilesField, self).clean(file, initial) for file in data or []]
        if len(files) > MAX_FILES:
            raise forms.ValidationError(_("At most %(max)d files fit."), params={"max": MAX_FILES})
        for file in files:
            if file.size > settings.MAX_ATTACHMENT:
                raise forms.ValidationError(
                    _("%(name)s is too large: %(max)d MB fit."),
                    params={"name": file.name, "max": settings.MAX_ATTACHMENT // 1024 // 1024},
                )
        return files


class HiddenUUID(forms.UUIDField):
    """A mark that the page brought along; without a good one the form is merely not protected from being sent twice."""

    widget = forms.HiddenInput

    def clean(self, value: Any) -> uuid.UUID:
        try:
            return uuid.UUID(str(value))
        except ValueError:
            return uuid.uuid4()


class MessageForm(HeldFiles):
    body = forms.CharField(
        label=_("Write to us"),
        max_length=MAX_BODY,
        error_messages={**TOO_LONG, "required": _("Please write something here.")},
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    attachments = FilesField(label=_("Files"), required=False, allow_empty_file=True)
    nonce = HiddenUUID(initial=uuid.uuid4)

    @property
    def once(self) -> uuid.UUID:
        """Names what was sent: the same page with the same text twice is one message; with other text it is another,
        so that going back to write something new loses nothing."""
        typed = [f"{name}={self.data.getlist(name)}" for name in sorted(self.data) if name in self.fields]
        files = [f"{file.name}:{file.size}" for file in self.cleaned_data["attachments"]]
        return uuid.uuid5(self.cleaned_data["nonce"], "\0".join(typed + files + sorted(self.data.getlist(KEPT))))

    @property
    def all_files(self) -> list[Upload]:
        return self.given("attachments", self.cleaned_data["attachments"])

    def refuse(self, refusal: Exception) -> None:
        """Shows what an action refused where the person can mend it."""
        if not isinstance(refusal, Invalid):
            return self.add_error(None, str(refusal))
        for field, sentence in refusal.errors.items():
            name = field.replace("fields.", form_controls.PREFIX)
            self.add_error(name if name in self.fields else None, sentence)
        return None


class RatingForm(forms.Form):
    score = forms.TypedChoiceField(
        label=_("How did we do?"), choices=list(reversed(Score.choices)), coerce=int, widget=forms.RadioSelect,
        error_messages={"required": _("Please choose one of the answers."), "invalid_choice": _("Please choose one.")},
    )  # fmt: skip
    comment = forms.CharField(
        label=_("What could be better?"), max_length=2000, required=False, error_messages=TOO_LONG,
        widget=forms.Textarea({"rows": 3}),
    )  # fmt: skip
    refuse = MessageForm.refuse


class PersonForm(forms.Form):
    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        error_messages={**TOO_LONG, "invalid": _("This is not an e-mail address. Example: name@company.example")},
    )
    role = forms.ChoiceField(label=_("May"), choices=Follower.Role.choices)
    refuse = MessageForm.refuse


class AddressForm(forms.Form):
    email = forms.EmailField(
        label=_("Your e-mail address"),
        max_length=254,
        error_messages={"invalid": _("This is not an e-mail address. Example: name@company.example")},
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    token = forms.CharField(required=False, max_length=500, widget=forms.HiddenInput)
