"""What may be sent: a field that is not named here is refused by name, so that nothing is silently lost."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from tickets.actions import linking
from tickets.models import Follower


def shown(name: str) -> str:
    """A field's name as it was sent, short, and fit to be sent back."""
    return name[:80].encode(errors="replace").decode()


class Strict(serializers.Serializer[Any]):
    def to_internal_value(self, data: Any) -> Any:
        unknown = set(data) - set(self.fields) if isinstance(data, dict) else set()
        if unknown:
            raise serializers.ValidationError(
                {shown(name): [_("There is no such field here.")] for name in sorted(unknown)}
            )
        return super().to_internal_value(data)


def _name(text: Any, **more: Any) -> serializers.CharField:
    return serializers.CharField(required=False, max_length=200, help_text=text, **more)


def _text(**more: Any) -> serializers.CharField:
    return serializers.CharField(max_length=1_000_000, trim_whitespace=False, **more)


class Nothing(Strict):
    """An empty object, or no body at all."""


class Person(Strict):
    email = serializers.EmailField(max_length=254)
    name = _name(gettext_lazy("Used when the desk does not know the address yet."), allow_blank=True)


class WithFields(Strict):
    fields_ = serializers.DictField(
        required=False, help_text=gettext_lazy("Custom fields by key: the answers to the help topic's form.")
    )

    def get_fields(self) -> dict[str, Any]:
        """`fields` is what DRF calls its own, so it is declared under another name."""
        declared = super().get_fields()
        declared["fields"] = declared.pop("fields_")
        return declared


class NewTicket(WithFields):
    requester = Person(
        required=False, help_text=gettext_lazy("Left out: the token's person. Others need the permission to create.")
    )
    subject = serializers.CharField(max_length=255)
    body = _text()
    help_topic = _name(gettext_lazy("Short name or name."), allow_null=True)
    department = _name(gettext_lazy("Short name or name."), allow_null=True)
    priority = _name(gettext_lazy("low, normal, high or emergency; agents only."), allow_null=True)


class TicketChange(WithFields):
    subject = serializers.CharField(max_length=255, required=False)
    priority = _name(gettext_lazy("low, normal, high or emergency."))
    status = _name(gettext_lazy("Short name of a status under the ticket's state; null takes it off."), allow_null=True)
    manual_due_at = serializers.DateTimeField(
        required=False, allow_null=True, help_text=gettext_lazy("Wins over the SLA policy; null goes back to it.")
    )
    tags = serializers.ListField(child=serializers.CharField(max_length=40), required=False, max_length=100)
    department = _name(gettext_lazy("Transfers the ticket. Short name or name."))
    help_topic = _name(gettext_lazy("Transfers the ticket to the topic's department. Short name or name."))


class NewMessage(Strict):
    body = _text()


class NewReply(Strict):
    body = _text()
    status = _name(gettext_lazy("Short name of a status to set with the reply, such as waiting."), allow_null=True)
    may_undo = serializers.BooleanField(
        default=False,
        help_text=gettext_lazy("Keeps the reply back for the desk's undo time, as one written in the workspace."),
    )


class Decision(Strict):
    accept = serializers.BooleanField(help_text=gettext_lazy("Whether the person takes part from now on."))


class Resolution(Strict):
    body = _text(required=False, allow_blank=True, help_text=gettext_lazy("Sent as a reply with it."))


class Assignment(Strict):
    agent = _name(gettext_lazy("E-mail address, or “me”; null takes the assignee off."), allow_null=True)
    team = _name(gettext_lazy("Name of the team."))

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            raise serializers.ValidationError({"agent": [_("Name an agent or a team.")]})
        return attrs


class Snooze(Strict):
    until = serializers.DateTimeField(help_text=gettext_lazy("A moment in the future, within a year."))


class NewLink(Strict):
    relation = serializers.ChoiceField([*linking.RELATIONS])
    number = serializers.CharField(max_length=30, help_text=gettext_lazy("The other ticket."))
    remove = serializers.BooleanField(required=False, help_text=gettext_lazy("Takes this link off."))


class TaskDeed(Strict):
    title = serializers.CharField(max_length=200, required=False, help_text=gettext_lazy("Of a new task."))
    assignee = _name(gettext_lazy("E-mail address, or “me”."), allow_null=True)
    due_at = serializers.DateTimeField(required=False, allow_null=True)
    place = serializers.IntegerField(
        required=False, min_value=1, max_value=1000, help_text=gettext_lazy("Of a task that is there: 1 is the first.")
    )
    done = serializers.BooleanField(required=False)
    remove = serializers.BooleanField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("place" in attrs) == ("title" in attrs):
            raise serializers.ValidationError({"title": [_("Give either a title or the place of a task.")]})
        return attrs


class NewCollaborator(Strict):
    email = serializers.EmailField(max_length=254)
    name = _name(gettext_lazy("Used when the desk does not know the address yet."), allow_blank=True)
    role = serializers.ChoiceField(Follower.Role.choices, required=False)
    sees_all = serializers.BooleanField(
        required=False, help_text=gettext_lazy("False hides what was written before from them.")
    )
    remove = serializers.BooleanField(required=False)


class NewRequester(Strict):
    email = serializers.EmailField(max_length=254)
    name = _name(gettext_lazy("Used when the desk does not know the address yet."), allow_blank=True)
    keep = serializers.BooleanField(required=False)


class Merge(Strict):
    into = _name(gettext_lazy("Number of the ticket that this one is merged into."))
    sources = serializers.ListField(
        child=serializers.CharField(max_length=30), required=False, max_length=50,
        help_text=gettext_lazy("Numbers of the tickets that are merged into this one."),
    )  # fmt: skip

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1:
            raise serializers.ValidationError({"into": [_("Give either into or sources.")]})
        return attrs


class Split(Strict):
    place = serializers.IntegerField(
        min_value=1, max_value=100_000, help_text=gettext_lazy("Of the message in the conversation: 1 is the first.")
    )
    subject = _name(gettext_lazy("Of the new ticket; left out, it has the same."), allow_blank=True)


class Side(Strict):
    to = serializers.EmailField(max_length=254)
    name = _name(gettext_lazy("Of the third party."), allow_blank=True)
    subject = _name(gettext_lazy("Left out, it is the ticket's."), allow_blank=True)
    body = _text()


class Spam(Strict):
    block = serializers.BooleanField(required=False)


class Opinion(Strict):
    score = serializers.IntegerField(help_text=gettext_lazy("1 very bad, 2 bad, 3 fair, 4 good, 5 very good."))
    comment = serializers.CharField(required=False, max_length=2000, allow_blank=True)


class Reason(Strict):
    reason = _name(gettext_lazy("Kept in the history."), allow_blank=True)


class TagChange(Strict):
    tags = serializers.ListField(
        child=serializers.CharField(max_length=40),
        required=False,
        max_length=100,
        help_text=gettext_lazy("Replaces all tags."),
    )
    add = serializers.ListField(child=serializers.CharField(max_length=40), required=False, max_length=100)
    remove = serializers.ListField(child=serializers.CharField(max_length=40), required=False, max_length=100)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs or ("tags" in attrs and len(attrs) > 1):
            raise serializers.ValidationError({"tags": [_("Give either tags, or add and remove.")]})
        return attrs


class NewView(Strict):
    name = serializers.CharField(max_length=60)
    query = serializers.CharField(max_length=500, help_text=gettext_lazy("In the search language."))
    order = serializers.CharField(required=False, max_length=20)
    group = serializers.CharField(required=False, max_length=20, allow_blank=True)
    columns = serializers.ListField(required=False, child=serializers.CharField(max_length=60), max_length=12)


class ViewChange(NewView):
    version = serializers.IntegerField(required=False, min_value=0, help_text=gettext_lazy("The one that was read."))


class RunMacro(Strict):
    body = serializers.CharField(
        required=False,
        trim_whitespace=False,
        max_length=100_000,
        help_text=gettext_lazy("Instead of its reply's text."),
    )
