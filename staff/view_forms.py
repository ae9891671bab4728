"""Forms about lists: the filter for those who want no language, and a saved view."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from staff import columns
from staff.forms import Mark
from tickets import commas, search_form
from tickets.listing import GROUPS, ORDERS, field_orders
from tickets.models import Department, Role, SavedView, Team, User, ViewAudience
from tickets.search_filters import FILTERS
from tickets.search_form import FIELDS, SINGLE, Filled
from tickets.search_names import Scope
from tickets.states import Priority, State

Choices = list[tuple[str, str]]


class FilterForm(forms.Form):
    """One field for each filter; `query` is what is filled in, in the language."""

    words = forms.CharField(label=gettext_lazy("Words"), required=False, max_length=200)

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scope = Scope(user)
        for key in FIELDS:
            self.fields[key] = self._field(key)
        self.fields["rest"] = forms.CharField(
            label=_("And also"), required=False, max_length=400, help_text=_("In the search language.")
        )

    def _field(self, key: str) -> forms.Field:
        label = FILTERS[key].label
        if FILTERS[key].kind in {"choice", "name"}:
            return forms.MultipleChoiceField(
                label=label, required=False, choices=self._choices(key), widget=forms.CheckboxSelectMultiple
            )
        hints = {
            "tag": _("One or more, with commas between them."),
            "requester": _("An e-mail address or a name."),
            "time": _("A day, today, 2026-11-01..2026-11-30, <4h or >2d."),
        }
        help_text = hints.get(key) or hints.get(FILTERS[key].kind, "")
        return forms.CharField(label=label, required=False, max_length=200, help_text=help_text)

    def _choices(self, key: str) -> Choices:
        """The words that the filter always knows, then the desk's names; what the query has besides stays choosable."""
        kind = FILTERS[key]
        words = {priority.name.lower(): str(priority.label) for priority in Priority} if key == "priority" else {}
        words |= {state.value: str(state.label) for state in State}
        words |= {
            "me": _("Me"),
            "mine": _("My teams") if key == "team" else _("Mine"),
            "none": _("None"),
            "any": _("Any"),
        }
        if key == "priority":
            words |= {">=high": _("High or above")}
        values = [*kind.values, *([">=high"] if key == "priority" else [])]
        known = [(value, words.get(value, value.replace("_", " ").capitalize())) for value in values]
        names = [one for one in self.scope.names if one.kind == kind.source]
        if kind.source == "agent":
            known += [(one.short, one.name or one.short) for one in names]
        else:
            known += [(one.short or one.name, one.name) for one in names]
        have = {value for value, _label in known}
        return known + [(value, value) for value in self._asked(key) if value not in have]

    def _asked(self, key: str) -> list[str]:
        return list(self.data.getlist(key)) if self.is_bound else list(self.initial.get(key, ()))

    @staticmethod
    def initial_of(query: str) -> dict[str, Any]:
        filled = search_form.read(query)
        values = {
            key: ", ".join(values) if FILTERS[key].kind not in {"choice", "name"} else list(values)
            for key, values in filled.values.items()
        }
        return {"words": filled.words, "rest": filled.rest, **values}

    @property
    def query(self) -> str:
        data = self.cleaned_data
        values = {key: self._values(key, data[key]) for key in FIELDS if data.get(key)}
        return search_form.write(Filled(data["words"], values, data["rest"]))

    @staticmethod
    def _values(key: str, given: Any) -> tuple[str, ...]:
        if not isinstance(given, str):
            return tuple(given)
        return tuple(filter(None, [given.strip()] if key in SINGLE else commas.split(given)))

    @property
    def first(self) -> list[forms.BoundField]:
        """What is asked most; the rest is folded away."""
        return [self[name] for name in ("words", "is", "priority", "assignee")]

    @property
    def more(self) -> list[forms.BoundField]:
        shown = {"words", "is", "priority", "assignee"}
        return [self[name] for name in self.fields if name not in shown]


_COMPLETED = {
    "autocomplete": "off",
    "spellcheck": "false",
    "hx-get": "/staff/complete/",
    "hx-trigger": "input changed delay:90ms",
    "hx-target": "#query-proposals",
    "hx-swap": "innerHTML",
}


class SavedViewForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=60)
    query = forms.CharField(
        label=gettext_lazy("Tickets"),
        max_length=500,
        help_text=gettext_lazy("In the search language, for example: is:open tag:vpn priority:>=high"),
    )
    order = forms.ChoiceField(label=gettext_lazy("Order"))
    group = forms.ChoiceField(label=gettext_lazy("Group by"), required=False)
    is_table = forms.BooleanField(label=gettext_lazy("Opens as a table"), required=False)
    columns = forms.MultipleChoiceField(
        label=gettext_lazy("Columns of the table"), required=False, widget=forms.CheckboxSelectMultiple
    )
    audience = forms.ChoiceField(label=gettext_lazy("Who sees it"), choices=ViewAudience.choices)
    departments = forms.ModelMultipleChoiceField(
        Department.objects.all(), label=gettext_lazy("Departments"), required=False, widget=forms.CheckboxSelectMultiple
    )
    teams = forms.ModelMultipleChoiceField(
        Team.objects.all(), label=gettext_lazy("Teams"), required=False, widget=forms.CheckboxSelectMultiple
    )
    roles = forms.ModelMultipleChoiceField(
        Role.objects.all(), label=gettext_lazy("Roles"), required=False, widget=forms.CheckboxSelectMultiple
    )
    version = Mark(int)

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["query"].widget.attrs |= _COMPLETED
        choices: dict[str, Any] = {
            "order": [*((key, one.label) for key, one in ORDERS.items()), *field_orders().items()],
            "group": [("", _("No grouping")), *((key, one.label) for key, one in GROUPS.items())],
            "columns": columns.known(),
        }
        for name, known in choices.items():
            self.fields[name].choices = known  # type: ignore[attr-defined]
        if not user.is_superuser:
            self._narrow(user)

    def _narrow(self, user: User) -> None:
        """An agent shares with the departments and teams that they are in."""
        self.fields["audience"].choices = [(one.value, one.label) for one in (ViewAudience.ME, ViewAudience.SOME)]  # type: ignore[attr-defined]
        self.fields["departments"].queryset = Department.objects.filter(pk__in=user.grants)  # type: ignore[attr-defined]
        self.fields["teams"].queryset = Team.objects.filter(pk__in=user.team_ids)  # type: ignore[attr-defined]
        del self.fields["roles"]

    @staticmethod
    def initial_of(view: SavedView) -> dict[str, Any]:
        names = ("name", "query", "order", "group", "is_table", "columns", "audience", "version")
        shared = {name: list(getattr(view, name).all()) for name in ("departments", "teams", "roles")}
        return {name: getattr(view, name) for name in names} | shared
