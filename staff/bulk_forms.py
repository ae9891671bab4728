"""What a verb has to know before it is done to many tickets: fields by name, and the form of one verb."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from staff.forms import NonceForm
from staff.snooze_form import presets
from staff.times import Clock
from tickets import commas, queries
from tickets.actions.bulk_verbs import BulkVerb
from tickets.models import Department, Rule, Status, Team, User
from tickets.reading import zone_of
from tickets.states import Priority

_MOMENT = forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


def _to(user: User) -> forms.Field:
    works_here = [department.pk for department in queries.departments_of(user)]
    agents = User.objects.filter(is_agent=True, is_active=True, memberships__department__in=works_here)
    people = [
        (f"agent:{one.pk}", one.display_name) for one in agents.exclude(pk=user.pk).distinct().only("name", "email")
    ]
    teams = [(f"team:{pk}", name) for pk, name in Team.objects.filter(is_enabled=True).values_list("pk", "name")]
    choices: list[Any] = [(f"agent:{user.pk}", _("Me")), ("nobody", _("Nobody"))]
    choices += [group for group in ((_("Agents"), people), (_("Teams"), teams)) if group[1]]
    return forms.ChoiceField(label=_("Agent or team"), choices=choices)


def _status(user: User) -> forms.Field:
    known = [(str(pk), label) for pk, label in Status.objects.filter(is_enabled=True).values_list("pk", "label")]
    return forms.ChoiceField(label=_("Status"), required=False, choices=[("", _("None of the desk's own")), *known])


def _department(user: User) -> forms.Field:
    known = [(str(pk), name) for pk, name in Department.objects.values_list("pk", "name")]
    return forms.ChoiceField(label=_("Department"), choices=known)


def _tags(label: Any) -> Any:
    return lambda user: forms.CharField(
        label=label, required=False, max_length=400, help_text=_("With commas between.")
    )


def _macro(user: User) -> forms.Field:
    known = Rule.objects.active().filter(kind=Rule.Kind.MACRO).order_by("position", "pk").values_list("pk", "name")
    return forms.ChoiceField(label=_("Macro"), choices=[(str(pk), name) for pk, name in known])


_FIELDS: dict[str, Any] = {
    "to": _to,
    "status": _status,
    "macro": _macro,
    "department": _department,
    "add": _tags(gettext_lazy("Add")),
    "remove": _tags(gettext_lazy("Take off")),
    "priority": lambda user: forms.ChoiceField(label=_("Priority"), choices=Priority.choices, initial=Priority.NORMAL),
    "until": lambda user: forms.DateTimeField(label=_("Until"), widget=_MOMENT),
    "due": lambda user: forms.DateTimeField(
        label=_("Due date"),
        required=False,
        widget=_MOMENT,
        help_text=_("When they have to be resolved; wins over the SLA policy. Empty: by the policy."),
    ),
    "body": lambda user: forms.CharField(label=_("Text"), widget=forms.Textarea, max_length=20_000),
    "then": lambda user: forms.ChoiceField(
        label=_("After that"), choices=[("", _("Leave them open")), ("resolve", _("Resolve them"))], required=False
    ),
    "number": lambda user: forms.CharField(label=_("Number of the ticket that stays"), max_length=25),
}


class BulkForm(NonceForm):
    """`params` is what the job keeps: JSON."""

    def __init__(self, user: User, verb: BulkVerb, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.verb = user, verb
        for name in verb.asks:
            self.fields[name] = _FIELDS[name](user)
        if "until" in self.fields:
            clock = Clock(user)
            self.initial.setdefault("until", presets(clock.now.astimezone(clock.zone))["tomorrow"])  # type: ignore[arg-type]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if "add" in self.fields and not (data.get("add") or data.get("remove")):
            self.add_error("add", _("Name at least one tag."))
        return data

    @property
    def params(self) -> dict[str, Any]:
        data = dict(self.cleaned_data)
        found: dict[str, Any] = {name: data[name] for name in self.verb.asks}
        for name in ("add", "remove"):
            if name in found:
                found[name] = [tag.lower() for tag in commas.split(found[name])]
        for name in found.keys() & {"until", "due"}:  # what is typed is the person's wall clock
            found[name] = found[name].replace(tzinfo=zone_of(self.user)).isoformat() if found[name] else ""
        return {**found, "nonce": str(data.get("nonce") or self.initial["nonce"])}
