"""The answers' shapes for the schema. A test holds them against what tickets.api.answers really gives."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from tickets.models import Message, ViewAudience
from tickets.states import Priority, Source, State

_AGENTS = _("Agents only; null for customers.")
Shape = serializers.Serializer[Any]


def _moment(**more: Any) -> serializers.DateTimeField:
    return serializers.DateTimeField(allow_null=True, **more)


class PersonShape(Shape):
    email = serializers.EmailField(required=False, help_text=_("Customers do not see the addresses of agents."))
    name = serializers.CharField()


class TicketShape(Shape):
    number = serializers.CharField()
    subject = serializers.CharField()
    state = serializers.ChoiceField(State.choices)
    label = serializers.CharField(  # type: ignore[assignment]
        help_text=_("What people read: the status if there is one, else the state.")
    )
    help_topic = serializers.CharField(allow_null=True)
    department = serializers.CharField(allow_null=True, help_text=_("Null for customers when it is not public."))
    assignee = PersonShape(allow_null=True)
    requester = PersonShape()
    source = serializers.ChoiceField(Source.choices)  # type: ignore[assignment]
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    resolved_at = _moment()
    closed_at = _moment()
    url = serializers.URLField(help_text=_("The page where people read it."))
    status = serializers.CharField(allow_null=True, help_text=_AGENTS)
    priority = serializers.ChoiceField([one.name.lower() for one in Priority], allow_null=True, help_text=_AGENTS)
    team = serializers.CharField(allow_null=True, help_text=_AGENTS)
    tags = serializers.ListField(child=serializers.CharField(), allow_null=True, help_text=_AGENTS)
    archived_at = _moment(help_text=_AGENTS)
    snoozed_until = _moment(help_text=_AGENTS)
    merged_into = serializers.CharField(allow_null=True, help_text=_("Number of the ticket that stands for this one."))
    first_response_at = _moment(help_text=_AGENTS)
    first_response_due_at = _moment(help_text=_AGENTS)
    next_response_due_at = _moment(help_text=_AGENTS)
    resolution_due_at = _moment(help_text=_AGENTS)
    manual_due_at = _moment(help_text=_AGENTS)
    due_at = _moment(help_text=_AGENTS)

    def get_fields(self) -> dict[str, Any]:
        """`fields` is what DRF calls its own, so it cannot be declared as an attribute."""
        answers = serializers.DictField(help_text=_("Custom fields by key, as far as the person may see them."))
        return {**super().get_fields(), "fields": answers}


class TicketDetailShape(TicketShape):
    allowed = serializers.ListField(
        child=serializers.CharField(), help_text=_("The verbs that the token's person may use on it now.")
    )


class AttachmentShape(Shape):
    name = serializers.CharField()
    size = serializers.IntegerField(help_text=_("Bytes."))
    content_type = serializers.CharField()
    url = serializers.URLField()


class MessageShape(Shape):
    kind = serializers.ChoiceField(Message.Kind.choices)
    author = PersonShape()
    body = serializers.CharField()
    html = serializers.CharField(allow_blank=True)
    source = serializers.ChoiceField(Source.choices)  # type: ignore[assignment]
    created_at = serializers.DateTimeField()
    attachments = AttachmentShape(many=True)
    is_machine = serializers.BooleanField(required=False, help_text=_("Agents only."))
    recipients = serializers.DictField(required=False, help_text=_("Agents only."))


class WrittenShape(MessageShape):
    ticket = TicketShape(help_text=_("The ticket that the message lies on, as it is now."))


class ProposedShape(Shape):
    id = serializers.IntegerField()
    address = serializers.CharField()
    name = serializers.CharField()


class EventShape(Shape):
    kind = serializers.CharField()
    text = serializers.CharField(help_text=_("The event in one sentence."))
    actor = serializers.CharField()
    created_at = serializers.DateTimeField()
    data = serializers.DictField(required=False, help_text=_("Agents only."))  # type: ignore[assignment]


class SlaStepShape(Shape):
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    kind = serializers.CharField(help_text=_("running, closed, holiday or paused."))
    seconds = serializers.IntegerField(help_text=_("How long it lasted."))
    ran = serializers.IntegerField(help_text=_("Seconds of it that counted."))
    text = serializers.CharField(help_text=_("What it was, with the holiday's name or who paused and why."))


class SlaLevelShape(Shape):
    text = serializers.CharField(help_text=_("The warning or escalation."))
    planned_at = _moment()
    fired_at = _moment()
    is_skipped = serializers.BooleanField(help_text=_("It came too late to help, so nobody was told."))


class SlaTargetShape(Shape):
    name = serializers.CharField()
    state = serializers.CharField(help_text=_("met, late, overdue, running, paused, snoozed, never or stopped."))
    begin = serializers.DateTimeField()
    seconds = serializers.IntegerField(help_text=_("The target in working time."))
    due_at = _moment(help_text=_("Null while paused."))
    ran = serializers.IntegerField(help_text=_("Seconds counted by the steps; with left it is the target."))
    left = serializers.IntegerField()
    met_at = _moment()
    warn_at = _moment()
    warned_at = _moment()
    breached_at = _moment()
    stored_due_at = _moment(help_text=_("The moment that stands on the ticket."))
    manual_due_at = _moment(help_text=_("Set by hand; wins over the steps."))
    levels = SlaLevelShape(many=True)
    steps = SlaStepShape(many=True)


class SlaShape(Shape):
    number = serializers.CharField()
    policy = serializers.CharField(allow_null=True)
    chosen_by = serializers.CharField(help_text=_("What chose the policy; empty when another would be chosen today."))
    calendar = serializers.CharField(allow_null=True)
    time_zone = serializers.CharField(allow_null=True)
    as_if = serializers.BooleanField(help_text=_("Another policy or calendar than the ticket's own was asked for."))
    targets = SlaTargetShape(many=True)


class ProblemShape(Shape):
    type = serializers.CharField(help_text=_("Stable name for programs, such as urn:helpdesk:problem:invalid."))
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField(help_text=_("A sentence for people."))
    state = serializers.CharField(required=False, help_text=_("With 409: the state that the ticket is in."))
    verb = serializers.CharField(required=False, help_text=_("With 409: what was tried."))
    allowed = serializers.ListField(
        child=serializers.CharField(), required=False, help_text=_("With 409: the verbs that this state takes.")
    )

    def get_fields(self) -> dict[str, Any]:
        """`errors` is what DRF calls its own, so it cannot be declared as an attribute."""
        sentences = serializers.ListField(child=serializers.CharField())
        by_field = serializers.DictField(child=sentences, required=False, help_text=_("With 400: by field."))
        return {**super().get_fields(), "errors": by_field}


class LinkShape(Shape):
    relation = serializers.CharField(help_text=_("What the ticket is to the other."))
    number = serializers.CharField()


class LinksShape(Shape):
    links = LinkShape(many=True)


class TaskShape(Shape):
    place = serializers.IntegerField()
    title = serializers.CharField()
    assignee = serializers.EmailField(allow_null=True)
    due_at = _moment()
    done_at = _moment()


class TasksShape(Shape):
    tasks = TaskShape(many=True)


class CollaboratorShape(Shape):
    email = serializers.EmailField()
    name = serializers.CharField(allow_blank=True)
    role = serializers.CharField()


class CollaboratorsShape(Shape):
    people = CollaboratorShape(many=True)


class RatingShape(Shape):
    round = serializers.IntegerField(help_text=_("How often the ticket had been reopened before."))
    score = serializers.IntegerField(help_text=_("1 very bad to 5 very good."))
    comment = serializers.CharField(allow_blank=True)
    rated_at = _moment()


class RatingsShape(Shape):
    ratings = RatingShape(many=True)


class ViewShape(Shape):
    slug = serializers.CharField()
    name = serializers.CharField()
    query = serializers.CharField()
    order = serializers.CharField()
    group = serializers.CharField(help_text=_("Empty when the view has no groups."))
    columns = serializers.ListField(child=serializers.CharField())
    audience = serializers.ChoiceField(ViewAudience.choices)
    version = serializers.IntegerField(help_text=_("Grows with each change."))
    url = serializers.URLField()
