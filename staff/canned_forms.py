"""Forms about canned responses."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from staff.forms import FilesField
from tickets import canned
from tickets.models import CannedFolder, CannedResponse, Department, Permission, Team, User
from tickets.refusals import Invalid
from tickets.wording_language import MOST_SOURCE

_OWN, _ALL = "own", "all"


class CannedForm(forms.Form):
    title = forms.CharField(label=_("Title"), max_length=120)
    shortcut = forms.SlugField(
        label=_("Shortcut"), max_length=40, required=False, help_text=_("Typed after / while writing.")
    )
    scope = forms.ChoiceField(label=_("For"))
    folder = forms.ModelChoiceField(
        CannedFolder.objects.none(), label=_("Folder"), required=False, empty_label=_("No folder")
    )
    language = forms.ChoiceField(
        label=_("Language"), required=False, help_text=_("The text also stands in where a translation is missing.")
    )
    body = forms.CharField(
        label=_("Text"), max_length=MOST_SOURCE, strip=False, widget=forms.Textarea({"rows": 8, "data-preview": ""})
    )
    attachments = FilesField(label=_("Files"), required=False)
    is_enabled = forms.BooleanField(label=_("Offered while writing"), required=False, initial=True)

    def __init__(self, user: User, response: CannedResponse | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.response = user, response
        self.fields["scope"].choices = _scopes(user)  # type: ignore[attr-defined]
        self.fields["folder"].queryset = CannedFolder.objects.select_related("parent__parent")  # type: ignore[attr-defined]
        self.fields["language"].choices = [("", _("Any")), *canned.LANGUAGES.items()]  # type: ignore[attr-defined]
        if response is not None:
            names = ("title", "shortcut", "folder", "language", "body", "is_enabled")
            self.initial = {**{name: getattr(response, name) for name in names}, "scope": scope_of(response)}

    @cached_property
    def translations(self) -> list[dict[str, Any]]:
        """The rows of translations: what stands there or was typed, and one empty row."""
        if self.is_bound:
            codes, texts = self.data.getlist("translation_language"), self.data.getlist("translation_body")  # type: ignore[union-attr]
            rows = list(zip(codes, texts, strict=False))
        else:
            found = self.response.translations.all() if self.response and self.response.pk else ()
            rows = [(one.language, one.body) for one in found]
        rows = [(code, text) for code, text in rows if code or text.strip()]
        return [{"language": code, "body": text} for code, text in [*rows, ("", "")]][:40]

    @property
    def languages(self) -> list[tuple[str, str]]:
        return list(canned.LANGUAGES.items())

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        rows = [row for row in self.translations if row["body"].strip()]
        if any(not row["language"] for row in rows):
            self.add_error(None, _("Choose the language of each translation."))
        if len({row["language"] for row in rows}) < len(rows):
            self.add_error(None, _("There are two translations into the same language."))
        data["translations"] = {row["language"]: row["body"] for row in rows}
        return data

    def refuse(self, refusal: Invalid) -> None:
        for field, sentence in refusal.errors.items():
            self.add_error(field if field in self.fields else None, sentence)

    def values(self) -> dict[str, Any]:
        """What the action takes."""
        data = self.cleaned_data
        kind, _colon, pk = data["scope"].partition(":")
        names = ("title", "shortcut", "folder", "language", "body", "is_enabled", "translations")
        return {
            **{name: data[name] for name in names},
            "owner": self.user if kind == _OWN else None,
            "department": Department.objects.filter(pk=pk).first() if kind == "department" else None,
            "team": Team.objects.filter(pk=pk).first() if kind == "team" else None,
        }


def scope_of(response: CannedResponse) -> str:
    if response.owner_id:
        return _OWN
    if response.department_id:
        return f"department:{response.department_id}"
    return f"team:{response.team_id}" if response.team_id else _ALL


def _scopes(user: User) -> list[Any]:
    """For whom the person may keep responses."""
    found: list[Any] = [(_OWN, _("Only me"))]
    if user.is_superuser:
        found.append((_ALL, _("Everybody")))
    departments = Department.objects.all()
    if not user.is_superuser:
        kept = [pk for pk, granted in user.grants.items() if Permission.CANNED in granted]
        departments = departments.filter(pk__in=kept)
    if rows := [(f"department:{pk}", name) for pk, name in departments.values_list("pk", "name")]:
        found.append((_("Department"), rows))
    teams = Team.objects.filter(is_enabled=True)
    if not user.is_superuser:
        teams = teams.filter(pk__in=user.team_ids) if canned.keeps_any(user) else teams.none()
    if rows := [(f"team:{pk}", name) for pk, name in teams.values_list("pk", "name")]:
        found.append((_("Team"), rows))
    return found


class FolderForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=80)
    parent = forms.ModelChoiceField(
        CannedFolder.objects.none(), label=_("In"), required=False, empty_label=_("No folder")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parent"].queryset = CannedFolder.objects.select_related("parent__parent")  # type: ignore[attr-defined]
