"""What a rule can do: one table. Each kind goes through a verb of tickets.actions; here is only what it is called,
what it takes, and who may use it. What it would change is told by predictions.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tickets.automation.references import REFERENCES
from tickets.states import Priority

Choices = Sequence[tuple[Any, Any]]


@dataclass(frozen=True)
class Param:
    """`type`: "choice", "number", "minutes", "text", "line", "template" (checked by tickets.wording), "tags";
    "field" is the key of a form's field, "answer" what it is answered."""

    name: str
    label: str | Promise
    type: str = "choice"
    refers: str = ""
    options: Callable[[], Choices] | None = None
    is_required: bool = True
    most: int = 0

    def choices(self) -> Choices:
        if self.refers:
            return REFERENCES[self.refers].choices()
        return self.options() if self.options else ()


@dataclass(frozen=True)
class EffectKind:
    """`verb` is the step of the lifecycle that it takes; the ticket has to be able to take it."""

    key: str
    label: str | Promise
    params: tuple[Param, ...] = ()
    verb: str = "triage"
    kinds: tuple[str, ...] = ("trigger", "automation", "macro")


_EVERY = ("filter", "trigger", "automation", "macro")
_FILTER = ("filter",)
_HOWS = lambda: [  # noqa: E731
    ("agent", _("this agent")), ("nobody", _("nobody")), ("myself", _("whoever runs the macro")),
    ("round_robin", _("the team in turn")), ("least_loaded", _("who has the least to do")),
    ("skill", _("who has the skill")),
]  # fmt: skip
_TO = lambda: [  # noqa: E731
    ("requester", _("the requester")), ("assignee", _("the assignee")), ("team", _("its team")),
    ("department", _("who answers in its department")), ("agent", _("this agent")),
]  # fmt: skip
_YEAR = 525_600
_TEXT = Param("text", _("text"), "template")


def _ref(name: str, label: Any, refers: str = "", *, is_required: bool = True) -> Param:
    return Param(name, label, refers=refers or name, is_required=is_required)


_ALL = (
    EffectKind("reject", _("refuse it"), (Param("reason", _("what the sender reads"), "line"),), "", _FILTER),
    EffectKind("no_auto_response", _("send no auto-response"), (), "", _FILTER),
    EffectKind("set_priority", _("set the priority"),
               (Param("value", _("priority"), options=lambda: Priority.choices),), kinds=_EVERY),
    EffectKind("raise_priority", _("raise the priority by one")),
    EffectKind("transfer", _("move it to a department"),
               (_ref("department", _("department")), _ref("help_topic", _("help topic"), is_required=False)),
               "transfer", _EVERY),
    EffectKind("set_topic", _("set the help topic"), (_ref("help_topic", _("help topic")),), "", _FILTER),
    EffectKind("assign", _("assign it"),
               (Param("how", _("to"), options=_HOWS), _ref("agent", _("agent"), is_required=False),
                _ref("team", _("team"), is_required=False), _ref("skill", _("skill"), is_required=False)),
               "assign", _EVERY),
    EffectKind("hand_to_team", _("hand it to a team"), (_ref("team", _("team")),), "hand_to_team", _EVERY),
    EffectKind("add_tags", _("add tags"), (Param("tags", _("tags"), "tags"),), kinds=_EVERY),
    EffectKind("remove_tags", _("remove tags"), (Param("tags", _("tags"), "tags"),)),
    EffectKind("set_status", _("set the status"), (_ref("status", _("status"), is_required=False),)),
    EffectKind("set_sla_policy", _("set the SLA policy"), (_ref("sla_policy", _("SLA policy")),)),
    EffectKind("set_due", _("set the due date"), (Param("minutes", _("from now"), "minutes", most=_YEAR),)),
    EffectKind("clear_due", _("take off the due date set by hand")),
    EffectKind("snooze", _("put it off"), (Param("minutes", _("from now"), "minutes", most=_YEAR),), "snooze"),
    EffectKind("wake", _("wake it"), (), "wake"),
    EffectKind("set_field", _("answer a field"),
               (Param("name", _("field"), "field"), Param("value", _("answer"), "answer", is_required=False))),
    EffectKind("start", _("start work"), (), "start"),
    EffectKind("resolve", _("resolve it"), (), "resolve"),
    EffectKind("close", _("close it"), (), "close"),
    EffectKind("reopen", _("reopen it"), (), "reopen"),
    EffectKind("trash", _("put it into the trash"), (), "trash", ("trigger", "automation")),
    EffectKind("follow", _("add a follower"), (_ref("person", _("person")),), "follow"),
    EffectKind("unfollow", _("remove a follower"), (_ref("person", _("person")),), "follow"),
    EffectKind("reply", _("reply as the agent"), (_TEXT,), "reply", ("macro",)),
    EffectKind("auto_reply", _("answer the customer automatically"), (_TEXT,), "follow", ("trigger", "automation")),
    EffectKind("send_canned", _("answer with a canned response"), (_ref("canned", _("canned response")),), "follow",
               ("trigger", "automation")),
    EffectKind("invite_rating", _("invite a rating"), (), "rate", ("trigger", "automation")),
    EffectKind("note", _("write a note"), (_TEXT,), "note"),
    EffectKind("mail", _("send a mail"),
               (Param("to", _("to"), options=_TO), _ref("agent", _("agent"), is_required=False),
                Param("subject", _("subject"), "template"), _TEXT), "", ("trigger", "automation")),
    EffectKind("add_task", _("add a task"),
               (Param("text", _("what is to do"), "template"), _ref("agent", _("agent"), is_required=False)), "plan"),
    EffectKind("open_linked", _("open a linked ticket"),
               (_ref("department", _("department")), Param("subject", _("subject"), "template"), _TEXT), "link"),
    EffectKind("webhook", _("call a webhook"), (_ref("webhook", _("webhook")),), "", ("trigger", "automation")),
)  # fmt: skip
EFFECTS: dict[str, EffectKind] = {one.key: one for one in _ALL}


def effects_of(kind: str) -> list[EffectKind]:
    """What rules of this kind can do, in the order of the table."""
    return [one for one in _ALL if kind in one.kinds]
