"""What a condition can ask about: one table. A fact has the field's key and is JSON: ids, words, numbers, lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from tickets.automation.operators import CHANGES, TYPES
from tickets.automation.references import REFERENCES
from tickets.models import InboundEmail
from tickets.states import Priority, Source, State

Choices = Sequence[tuple[Any, Any]]
CUSTOM, HEADER = "fields.", "headers."


@dataclass(frozen=True)
class Field:
    """`group` says which reads its fact costs (see facts.py); `refers` names the rows it chooses from; `is_tracked`
    ones can be asked how they have just changed; `kinds` are the rules that can ask it, all when empty."""

    key: str
    label: str | Promise
    type: str
    group: str = "ticket"
    options: Callable[[], Choices] | None = None
    refers: str = ""
    is_tracked: bool = False
    kinds: tuple[str, ...] = ()

    @property
    def operators(self) -> tuple[str, ...]:
        return TYPES[self.type] + (CHANGES if self.is_tracked else ())

    def choices(self) -> Choices:
        """What can be chosen, for a list on a screen; none for what is typed."""
        if self.refers:
            return REFERENCES[self.refers].choices()
        return self.options() if self.options else ()


def _ref(key: str, label: Any, refers: str = "", group: str = "ticket", *, is_tracked: bool = True) -> Field:
    return Field(key, label, "choice", group, refers=refers or key, is_tracked=is_tracked)


def _since(key: str, label: Any) -> Field:
    return Field(f"since_{key}", label, "since")


_WHO = lambda: [("customer", _("a customer")), ("agent", _("an agent")), ("desk", _("the desk"))]  # noqa: E731
_TARGETS = lambda: [  # noqa: E731
    ("first_response", _("First response")), ("next_response", _("Next response")), ("resolution", _("Resolution")),
]  # fmt: skip
_WEEKDAYS = lambda: [  # noqa: E731
    (0, _("Monday")), (1, _("Tuesday")), (2, _("Wednesday")), (3, _("Thursday")), (4, _("Friday")),
    (5, _("Saturday")), (6, _("Sunday")),
]  # fmt: skip
_AT_EVENT = ("trigger",)
_INCOMING = ("filter", "trigger")

_ALL = (
    Field("state", _("state"), "choice", options=lambda: State.choices, is_tracked=True),
    _ref("status", _("status")),
    Field("priority", _("priority"), "level", options=lambda: Priority.choices, is_tracked=True),
    Field("source", _("source"), "choice", options=lambda: Source.choices),
    _ref("department", _("department")),
    _ref("help_topic", _("help topic")),
    _ref("team", _("team")),
    _ref("assignee", _("assignee"), "agent"),
    _ref("sla_policy", _("SLA policy")),
    Field("tags", _("tags"), "tags", is_tracked=True),
    Field("subject", _("subject"), "text", is_tracked=True),
    Field("is_follow_up", _("is a follow-up of a closed ticket"), "flag"),
    Field("is_overdue", _("is overdue"), "flag"),
    Field("is_snoozed", _("is put off"), "flag"),
    Field("has_manual_due", _("has a due date set by hand"), "flag"),
    Field("message_count", _("number of messages"), "number"),
    Field("reopen_count", _("times reopened"), "number"),
    Field("was_asked_to_rate", _("was asked for a rating, or rated"), "flag", "asked"),
    Field("customer_messages", _("messages of customers"), "number", "counts"),
    Field("agent_replies", _("replies of agents"), "number", "counts"),
    Field("requester_open", _("open tickets of the requester"), "number", "requester_counts"),
    Field("requester_day", _("tickets of the requester in 24 hours"), "number", "requester_counts"),
    _ref("requester", _("requester"), "person", "requester", is_tracked=False),
    Field("requester_email", _("requester's address"), "text", "requester"),
    Field("requester_domain", _("domain of the requester's address"), "text", "requester"),
    Field("requester_name", _("requester's name"), "text", "requester"),
    Field("requester_phone", _("requester's phone"), "text", "requester"),
    Field("requester_is_agent", _("requester is an agent"), "flag", "requester"),
    Field("language", _("requester's language"), "text", "requester"),
    _ref("organization", _("organization"), group="requester", is_tracked=False),
    Field("organization_name", _("organization's name"), "text", "organization"),
    Field("body", _("text of the message"), "text", "message", kinds=_INCOMING),
    Field("files", _("number of files"), "number", "files", kinds=_INCOMING),
    Field("message_source", _("the message came by"), "choice", "message", lambda: Source.choices, kinds=_INCOMING),
    Field("actor", _("who did it"), "choice", "event", _WHO, kinds=_INCOMING),
    Field("agent", _("the agent who did it"), "choice", "event", refers="agent", kinds=_AT_EVENT),
    Field("is_by_rule", _("was done by a rule"), "flag", "event", kinds=_AT_EVENT),
    Field("sla_target", _("target that is due"), "choice", "event", _TARGETS, kinds=_AT_EVENT),
    Field("rating", _("rating"), "number", "event", kinds=_AT_EVENT),
    Field("mail_to", _("addresses the mail went to"), "text", "mail", kinds=_INCOMING),
    Field(
        "mail_verdict", _("sender of the mail"), "choice", "mail", lambda: InboundEmail.Verdict.choices, kinds=_INCOMING
    ),
    Field("working_time", _("now"), "hours", "hours", refers="hours"),
    Field("weekday", _("day of the week"), "choice", "hours", _WEEKDAYS),
    _since("created", _("time since it was opened")),
    _since("updated", _("time since the last change")),
    _since("last_message", _("time since the last message")),
    _since("waiting", _("time the customer has been waiting")),
    _since("first_response", _("time since the first response")),
    _since("resolved", _("time since it was resolved")),
    _since("closed", _("time since it was closed")),
    _since("reopened", _("time since it was reopened")),
    _since("due", _("time since it was due")),
)
FIELDS: dict[str, Field] = {one.key: one for one in _ALL}
TRACKED = tuple(one.key for one in _ALL if one.is_tracked)
# What can make an automation's time come, and the column that holds it: those that have an index.
ANCHORS = {
    "since_created": "created_at",
    "since_updated": "updated_at",
    "since_last_message": "last_message_at",
    "since_waiting": "waiting_since",
    "since_resolved": "resolved_at",
    "since_closed": "closed_at",
    "since_due": "due_at",
}


@lru_cache(maxsize=1000)
def field(key: str) -> Field | None:
    """The field of this key: from the table, a custom one (`fields.room`) or a mail's header (`headers.x-spam`)."""
    if key in FIELDS:
        return FIELDS[key]
    name = key.partition(".")[2]
    if key.startswith(CUSTOM) and name:
        return Field(key, capfirst(name.replace("_", " ")), "any", "custom", is_tracked=False)
    if key.startswith(HEADER) and name and name == name.lower():
        return Field(key, f"{name.title()}:", "text", "mail", kinds=_INCOMING)
    return None


def fields_of(kind: str) -> list[Field]:
    """What rules of this kind can ask, in the order of the table."""
    return [one for one in _ALL if not one.kinds or kind in one.kinds]
