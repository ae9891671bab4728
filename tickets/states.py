"""The lifecycle as data: six states, and which verb may leave which state.

Everything that must agree about it reads this file: the model's transitions, the refusal messages, the faces,
the diagram in docs/lifecycle.md and the property test.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    NEW = "new", _("New")
    OPEN = "open", _("Open")
    IN_PROGRESS = "in_progress", _("In progress")
    RESOLVED = "resolved", _("Resolved")
    CLOSED = "closed", _("Closed")
    REOPENED = "reopened", _("Reopened")


class Priority(models.IntegerChoices):
    LOW = 1, _("Low")
    NORMAL = 2, _("Normal")
    HIGH = 3, _("High")
    EMERGENCY = 4, _("Emergency")


class Source(models.TextChoices):
    WEB = "web", _("Web")
    EMAIL = "email", _("E-mail")
    API = "api", _("API")
    PHONE = "phone", _("Phone")
    STAFF = "staff", _("Staff")


# What the desk still owes somebody: these are "open" in every list, count and deadline.
ACTIVE = (State.NEW, State.OPEN, State.IN_PROGRESS, State.REOPENED)

# The order of the stepper that people see; "reopened" is drawn as a second start of "open".
STEPS = (State.NEW, State.OPEN, State.IN_PROGRESS, State.RESOLVED, State.CLOSED)

CUSTOMER_WORDING = {
    State.NEW: _("Received"),
    State.OPEN: _("Open"),
    State.IN_PROGRESS: _("In progress"),
    State.RESOLVED: _("Resolved, please confirm"),
    State.CLOSED: _("Closed"),
    State.REOPENED: _("Reopened"),
}

# Names of the shapes in templates/components/glyph.html: a state is never shown by colour alone.
GLYPH = {
    State.NEW: "new",
    State.OPEN: "open",
    State.IN_PROGRESS: "in_progress",
    State.RESOLVED: "resolved",
    State.CLOSED: "closed",
    State.REOPENED: "reopened",
}

COLOUR = {
    State.NEW: "info",
    State.OPEN: "accent",
    State.IN_PROGRESS: "accent",
    State.RESOLVED: "ok",
    State.CLOSED: "neutral",
    State.REOPENED: "info",
}


@dataclass(frozen=True)
class Verb:
    """One thing that can happen to a ticket: its word, the states it may start from, and where it leads.

    `target` None leaves the state as it is; a mapping gives the target for the states named and leaves the others.
    """

    label: str | Promise
    sources: tuple[State, ...]
    target: State | dict[State, State] | None = None

    def target_from(self, state: str) -> State:
        if self.target is None:
            return State(state)
        if isinstance(self.target, dict):
            return self.target.get(State(state), State(state))
        return self.target


_LIVE = (State.NEW, State.OPEN, State.IN_PROGRESS, State.REOPENED)
_NOT_CLOSED = (*_LIVE, State.RESOLVED)
_ANY = (*_NOT_CLOSED, State.CLOSED)
_TAKEN = {State.NEW: State.OPEN, State.REOPENED: State.OPEN}
_WORKED = {State.NEW: State.IN_PROGRESS, State.OPEN: State.IN_PROGRESS, State.REOPENED: State.IN_PROGRESS}
_ANSWERED = {State.RESOLVED: State.REOPENED, State.CLOSED: State.REOPENED}

VERBS: dict[str, Verb] = {
    "assign": Verb(_("Assign"), _LIVE, _TAKEN),
    "hand_to_team": Verb(_("Hand to team"), _LIVE, _TAKEN),
    "start": Verb(_("Start"), (State.NEW, State.OPEN, State.REOPENED), State.IN_PROGRESS),
    "reply": Verb(_("Reply"), _LIVE, _WORKED),
    "note": Verb(_("Note"), _NOT_CLOSED),
    "receive": Verb(_("Write"), _ANY, _ANSWERED),
    "resolve": Verb(_("Resolve"), _LIVE, State.RESOLVED),
    "confirm": Verb(_("Confirm solved"), (State.RESOLVED,), State.CLOSED),
    "close": Verb(_("Close"), _NOT_CLOSED, State.CLOSED),
    "rate": Verb(_("Rate"), (State.CLOSED,)),
    "reopen": Verb(_("Reopen"), (State.RESOLVED, State.CLOSED), State.REOPENED),
    "archive": Verb(_("Archive"), (State.CLOSED,)),
    "unarchive": Verb(_("Unarchive"), (State.CLOSED,)),
    "triage": Verb(_("Change"), _NOT_CLOSED),
    "transfer": Verb(_("Transfer"), _LIVE),
    "snooze": Verb(_("Snooze"), _LIVE),
    "wake": Verb(_("Wake"), _LIVE),
    "plan": Verb(_("Plan tasks"), _LIVE),
    "side": Verb(_("Ask a third party"), _NOT_CLOSED),
    "follow": Verb(_("Follow"), _ANY),
    "link": Verb(_("Link"), _ANY),
    "merge": Verb(_("Merge"), _ANY),
    "unmerge": Verb(_("Unmerge"), _ANY),
    "split": Verb(_("Split"), _ANY),
    "spam": Verb(_("Mark as spam"), _ANY),
    "trash": Verb(_("Delete"), _ANY),
    "restore": Verb(_("Restore"), _ANY),
}


def sources(verb: str) -> list[str]:
    """The states from which `verb` changes the state, in the form django-fsm takes."""
    rule = VERBS[verb]
    return [state.value for state in rule.sources if rule.target_from(state) != state]


def allowed_from(state: str) -> list[str]:
    """Verbs that the machine takes in `state`, whoever asks; permissions come on top."""
    return [name for name, verb in VERBS.items() if state in verb.sources]
