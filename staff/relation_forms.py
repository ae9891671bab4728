"""The small forms about what hangs on a ticket: tasks, links, mergers, people, third parties."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from staff.forms import Mark, TicketPanel, agents_in
from tickets import commas
from tickets.actions import linking
from tickets.models import Follower, Message, Task, User
from tickets.reading import zone_of


class TaskForm(TicketPanel):
    """A new task, or with `task` one that is there."""

    title = forms.CharField(label=_("What is to be done?"), max_length=200)
    assignee = forms.ModelChoiceField(User.objects.none(), label=_("Who?"), required=False)
    due_at = forms.DateTimeField(
        label=_("Until when?"),
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def __init__(self, *args: Any, task: Task | None = None, **kwargs: Any) -> None:
        self.task = task
        super().__init__(*args, **kwargs)

    def prepare(self) -> None:
        agents = agents_in(self.ticket)
        self.fields["assignee"].queryset = User.objects.filter(pk__in=[agent.pk for agent in agents])  # type: ignore[attr-defined]
        self.fields["assignee"].empty_label = _("Whoever has the ticket")  # type: ignore[attr-defined]
        self.fields["assignee"].label_from_instance = lambda agent: agent.display_name  # type: ignore[attr-defined]
        if self.task:
            self.initial |= {"title": self.task.title, "assignee": self.task.assignee_id}
            if due := self.task.due_at:
                self.initial["due_at"] = due.astimezone(zone_of(self.user)).replace(tzinfo=None)  # type: ignore[arg-type]

    def clean_due_at(self) -> Any:
        """What is typed is the person's wall clock."""
        due = self.cleaned_data["due_at"]
        return due.replace(tzinfo=zone_of(self.user)) if due else None


class CustomerNotesForm(TicketPanel):
    notes = forms.CharField(
        label=_("Notes"), required=False, max_length=4000, widget=forms.Textarea({"rows": 6}),
        help_text=_("For agents only, shown on all tickets of this customer."),
    )  # fmt: skip
    before = forms.CharField(required=False, widget=forms.HiddenInput)

    def prepare(self) -> None:
        self.initial |= {"notes": self.ticket.requester.notes, "before": self.ticket.requester.notes}

    def look_again(self) -> None:
        """From here on the writer has seen what a colleague wrote: the refusal tells it."""
        self.data = self.data.copy()  # type: ignore[union-attr]
        self.data[self.add_prefix("before")] = User.objects.get(pk=self.ticket.requester_id).notes  # type: ignore[index]


class LinkForm(TicketPanel):
    relation = forms.ChoiceField(
        label=_("This ticket"), choices=[(name, one.label) for name, one in linking.RELATIONS.items()]
    )
    number = forms.CharField(label=_("Ticket number"), max_length=30)


class MergeForm(TicketPanel):
    number = forms.CharField(label=_("Ticket numbers"), max_length=900, help_text=_("Several are separated by commas."))
    way = forms.ChoiceField(
        label=_("Direction"),
        widget=forms.RadioSelect,
        choices=[("here", _("Merge those into this ticket")), ("there", _("Merge this ticket into that one"))],
        initial="here",
    )

    def clean_number(self) -> list[str]:
        numbers = [one for one in commas.split(self.cleaned_data["number"].replace(" ", ",")) if one.strip("#")]
        if not numbers:
            raise forms.ValidationError(_("Name at least one ticket."))
        return list(dict.fromkeys(numbers))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("way") == "there" and len(data.get("number", [])) > 1:
            self.add_error("number", _("This ticket can only be merged into one other."))
        return data


class RequesterForm(TicketPanel):
    email = forms.EmailField(label=_("E-mail address of the requester"), max_length=254)
    name = forms.CharField(label=_("Name, if we do not know them yet"), max_length=200, required=False)
    keep = forms.BooleanField(label=_("The requester until now goes on taking part"), required=False)


class CollaboratorForm(TicketPanel):
    email = forms.EmailField(label=_("E-mail address"), max_length=254)
    name = forms.CharField(label=_("Name, if we do not know them yet"), max_length=200, required=False)
    role = forms.ChoiceField(label=_("Role"), choices=Follower.Role.choices)
    sees_all = forms.BooleanField(label=_("May read what was written before"), required=False)


class SideForm(TicketPanel):
    """`message` is the one that is forwarded with it."""

    to = forms.EmailField(label=_("To"), max_length=254, help_text=_("Somebody who takes no part in this ticket."))
    subject = forms.CharField(label=_("Subject"), max_length=255, required=False)
    body = forms.CharField(label=_("Message"), widget=forms.Textarea({"rows": 5}), strip=False)
    message = Mark(int)

    def prepare(self) -> None:
        self.initial.setdefault("subject", self.ticket.subject)

    @property
    def forward(self) -> Message | None:
        pk = self.cleaned_data["message"]
        return self.ticket.messages.filter(pk=pk, is_machine=False).first() if pk else None


class SideMessageForm(TicketPanel):
    body = forms.CharField(label=_("Message"), widget=forms.Textarea({"rows": 5}), strip=False)


class SplitForm(TicketPanel):
    subject = forms.CharField(label=_("Subject of the new ticket"), max_length=255)

    def prepare(self) -> None:
        self.initial.setdefault("subject", self.ticket.subject)


class SpamForm(TicketPanel):
    block = forms.BooleanField(label=_("Also keep back further mail of the sender"), required=False)
