"""The answers' shapes for the schema. A test holds them against what tickets.api.answers really gives."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from tickets.models import Message
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
    first_response_at = _moment(help_text=_AGENTS)
    first_response_due_at = _moment(help_text=_AGENTS)
    resolution_due_at = _moment(help_text=_AGENTS)
    due_at = _moment(help_text=_AGENTS)


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


class EventShape(Shape):
    kind = serializers.CharField()
    text = serializers.CharField(help_text=_("The event in one sentence."))
    actor = serializers.CharField()
    created_at = serializers.DateTimeField()
    data = serializers.DictField(required=False, help_text=_("Agents only."))  # type: ignore[assignment]


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
