from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from staff import rich
from tickets import commas, queries, recipients
from tickets.compiled import Compiled
from tickets.models import CannedAttachment, Department, HelpTopic, Status, Team, Ticket, User
from tickets.reading import zone_of
from tickets.refusals import Invalid
from tickets.sizes import size
from tickets.states import Priority, Source, State


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Any number of files; cleans to a list."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        return [super(FilesField, self).clean(one, initial) for one in data or []]


class Mark(forms.Field):
    """What the page brought along unseen. A bad value is none: nobody can correct what they cannot see."""

    widget = forms.HiddenInput

    def __init__(self, kind: Callable[[str], Any]) -> None:
        self.kind = kind
        super().__init__(required=False)

    def clean(self, value: Any) -> Any:
        try:
            return self.kind(value) if value else None
        except (ValueError, TypeError):
            return None


class NonceForm(forms.Form):
    """Each rendered form carries a fresh nonce, so that sending it twice has one effect."""

    nonce = Mark(uuid.UUID)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("nonce", uuid.uuid4())

    def refuse(self, refusal: Invalid) -> None:
        """Shows what an action did not take beside the fields that it names."""
        for field, sentence in refusal.errors.items():
            self.add_error(field if field in self.fields else None, sentence)


class Keys(forms.Field):
    """The keys of files that stand somewhere already, any number. Bad ones are none."""

    widget = forms.SelectMultiple

    def __init__(self) -> None:
        super().__init__(required=False)

    def clean(self, value: Any) -> list[uuid.UUID]:
        mark = Mark(uuid.UUID)
        return [key for key in (mark.clean(str(one)) for one in (value or [])[:50]) if key]


class WritingForm(NonceForm):
    """What replies and notes have in common. `html` is what the editor made; without it the plain text counts."""

    body = forms.CharField(required=False, strip=False)
    html = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)
    version = Mark(int)
    attachments = FilesField(label=_("Files"), required=False)
    canned = Keys()

    @property
    def canned_files(self) -> list[dict[str, Any]]:
        """The files of canned responses that go along."""
        keys = self.fields["canned"].clean(self["canned"].value())
        rows = CannedAttachment.objects.filter(key__in=keys) if keys else ()
        return [{"key": row.key, "name": row.name, "size": size(row.size)} for row in rows]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("html", "").strip():
            data["html"], text = rich.taken(data["html"])
            data["body"] = text if text.strip() else data.get("body", "")
        return data


def _statuses() -> QuerySet[Status]:
    return Status.objects.filter(state=State.IN_PROGRESS, is_enabled=True)


_after_reply: Compiled[tuple[str, str]] = Compiled(lambda: _statuses().values_list("slug", "label"))


class ReplyForm(WritingForm):
    prefix = "reply"
    seen = Mark(int)
    status = forms.ModelChoiceField(Status.objects.none(), required=False, to_field_name="slug")
    to = forms.CharField(label=_("To"), required=False, max_length=2000)
    cc = forms.CharField(label=_("Cc"), required=False, max_length=6000)
    bcc = forms.CharField(
        label=_("Bcc"), required=False, max_length=6000, help_text=_("Nobody else sees these addresses.")
    )
    share = forms.BooleanField(label=_("Colleagues on this ticket read the draft"), required=False)
    send_at = forms.DateTimeField(
        label=_("Send at"), required=False,
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["status"].queryset = _statuses()  # type: ignore[attr-defined]

    @cached_property
    def statuses(self) -> list[dict[str, Any]]:
        """What the ticket may be called after the reply."""
        chosen = self["status"].value()
        return [{"slug": slug, "label": label, "chosen": slug == chosen} for slug, label in _after_reply.all()]

    def clean(self) -> dict[str, Any]:
        """Addresses as lists; None where the form had no field for them, then the ticket says who gets it."""
        data = super().clean()
        for name in ("to", "cc", "bcc"):
            text = data.get(name) or ""
            data[name] = None
            if self.add_prefix(name) in self.data:
                try:
                    data[name] = recipients.read(text, name)
                except Invalid as refusal:
                    self.refuse(refusal)
        return data


class NoteForm(WritingForm):
    prefix = "note"


class TicketPanel(NonceForm):
    """A small form about one ticket."""

    def __init__(self, ticket: Ticket, user: User, *args: Any, **kwargs: Any) -> None:
        self.ticket, self.user = ticket, user
        super().__init__(*args, **kwargs)
        self.prepare()

    def prepare(self) -> None:
        """Fills choices and initial values from the ticket."""


class AssignForm(TicketPanel):
    to = forms.ChoiceField(label=_("Agent or team"))

    def prepare(self) -> None:
        ticket = self.ticket
        agents = [(f"agent:{agent.pk}", agent.display_name) for agent in agents_in(ticket) if agent != self.user]
        teams = [(f"team:{pk}", name) for pk, name in Team.objects.filter(is_enabled=True).values_list("pk", "name")]
        self.fields["to"].choices = [  # type: ignore[attr-defined]
            (f"agent:{self.user.pk}", _("Me")),
            *([("nobody", _("Nobody"))] if ticket.assignee_id else []),
            *([(_("Agents"), agents)] if agents else []),
            *([(_("Teams"), teams)] if teams else []),
        ]
        mine = ticket.assignee_id is None or ticket.assignee_id == self.user.pk
        self.initial.setdefault("to", f"agent:{self.user.pk if mine else ticket.assignee_id}")


def agents_in(ticket: Ticket) -> list[User]:
    """Agents who work in the ticket's department, by name."""
    works_there = Q(memberships__department=ticket.department_id, memberships__role__permissions__contains=["view"])
    agents = User.objects.agents().filter(works_there | Q(is_superuser=True)).distinct()
    return list(agents.only("name", "email"))


class PriorityForm(TicketPanel):
    priority = forms.TypedChoiceField(label=_("Priority"), choices=Priority.choices, coerce=int)

    def prepare(self) -> None:
        self.initial.setdefault("priority", self.ticket.priority)


class DueForm(TicketPanel):
    due = forms.DateTimeField(
        label=_("Due date"),
        required=False,
        help_text=_("When it has to be resolved; wins over the SLA policy. Empty: by the policy."),
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def prepare(self) -> None:
        if due := self.ticket.manual_due_at:
            self.initial.setdefault("due", due.astimezone(zone_of(self.user)).replace(tzinfo=None))  # type: ignore[arg-type]


class StatusForm(TicketPanel):
    status = forms.ModelChoiceField(Status.objects.none(), label=_("Status"), required=False)

    def prepare(self) -> None:
        field = self.fields["status"]
        field.queryset = Status.objects.filter(state=self.ticket.state, is_enabled=True)  # type: ignore[attr-defined]
        field.empty_label = State(self.ticket.state).label  # type: ignore[attr-defined]
        self.initial.setdefault("status", self.ticket.status_id)


class TagsForm(TicketPanel):
    tags = forms.CharField(label=_("Tags"), required=False, help_text=_("Separated by commas."), max_length=900)

    def prepare(self) -> None:
        self.initial.setdefault("tags", ", ".join(self.ticket.tag_names))

    def clean_tags(self) -> list[str]:
        return commas.split(self.cleaned_data["tags"])


class TransferForm(TicketPanel):
    department = forms.ModelChoiceField(
        Department.objects.none(), label=_("Department"), empty_label=_("Please choose")
    )
    help_topic = forms.ModelChoiceField(
        HelpTopic.objects.none(), label=_("Help topic"), required=False, empty_label=_("None")
    )
    note = forms.CharField(label=_("Note for the new department"), required=False, widget=forms.Textarea({"rows": 2}))

    def prepare(self) -> None:
        departments = Department.objects.exclude(pk=self.ticket.department_id)
        self.fields["department"].queryset = departments  # type: ignore[attr-defined]
        self.fields["help_topic"].queryset = _topics()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        topic, department = data.get("help_topic"), data.get("department")
        if topic and department and topic.department_id != department.pk:
            self.add_error("help_topic", _("This topic belongs to another department."))
        return data


def _topics() -> Any:
    return HelpTopic.objects.filter(is_enabled=True).select_related("parent__parent")


class IntakeForm(NonceForm):
    """A ticket that an agent opens for somebody, mostly for a caller on the phone."""

    email = forms.EmailField(label=_("Their e-mail address"), max_length=254)
    name = forms.CharField(label=_("Their name"), max_length=200, required=False)
    source = forms.ChoiceField(
        label=_("Came by"), choices=[(one.value, one.label) for one in (Source.PHONE, Source.STAFF)]
    )
    help_topic = forms.ModelChoiceField(
        HelpTopic.objects.none(), label=_("Help topic"), required=False, empty_label=_("None")
    )
    department = forms.ModelChoiceField(
        Department.objects.none(), label=_("Department"), required=False, empty_label=_("As the topic says")
    )
    priority = forms.TypedChoiceField(
        label=_("Priority"), choices=[("", _("As the topic says")), *Priority.choices], coerce=int, empty_value=None,
        required=False,
    )  # fmt: skip
    subject = forms.CharField(label=_("Subject"), max_length=255)
    body = forms.CharField(label=_("What is it about?"), widget=forms.Textarea({"rows": 8}), strip=False)
    attachments = FilesField(label=_("Files"), required=False)

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        departments = queries.departments_of(user)
        self.fields["help_topic"].queryset = _topics().filter(department__in=departments)  # type: ignore[attr-defined]
        self.fields["department"].queryset = departments  # type: ignore[attr-defined]
