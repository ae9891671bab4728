"""Everything that can happen to a ticket, and how it is written down.

`record()` puts the event row into the caller's transaction and nudges Celery after the commit. The row itself is the
promise: when the nudge is lost, the sweeper finds it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from tickets import reversal, rulebook, saving, tracking
from tickets.models import Message, Ticket, TicketEvent, User
from tickets.permissions import Actor
from tickets.pushes import push
from tickets.said import keep, told
from tickets.tasks import handle_event


@dataclass(frozen=True)
class EventKind:
    """`sentence` is a format string over `actor` and the event's data; `is_public` events are shown to customers."""

    sentence: Any
    icon: str
    is_public: bool = False
    # Whether mail follows from it (a row in tickets.notifications). The rest is written as handled.
    has_effects: bool = False


EVENTS: dict[str, EventKind] = {
    "opened": EventKind(_("%(actor)s opened this (%(source)s), routed to %(department)s"), "new", True, True),
    "follow_up": EventKind(_("%(actor)s wrote again after closing: follow-up %(number)s"), "reopened", True),
    "assigned": EventKind(_("%(actor)s assigned this to %(agent)s"), "open", False, True),
    "unassigned": EventKind(_("%(actor)s removed the assignee"), "open"),
    "team_changed": EventKind(_("%(actor)s handed this to team %(team)s"), "open", False, True),
    "started": EventKind(_("%(actor)s started work"), "in_progress", True),
    "replied": EventKind(_("%(actor)s replied"), "in_progress"),
    "reply_undone": EventKind(_("%(actor)s took a reply back before it was sent"), "edit"),
    "reply_scheduled": EventKind(_("%(actor)s wrote a reply that leaves later"), "clock"),
    "schedule_cancelled": EventKind(_("%(actor)s cancelled the later sending of a reply"), "clock"),
    "schedule_held": EventKind(_("The reply that %(agent)s wrote for later was held: %(why)s"), "clock"),
    "noted": EventKind(_("%(actor)s wrote a note"), "note"),
    "mentioned": EventKind(_("%(actor)s mentioned %(people)s"), "note", False, True),
    "requester_described": EventKind(_("%(actor)s changed the notes about the customer"), "note"),
    "unverified": EventKind(_("%(actor)s, who takes no part in this, wrote by mail"), "note", False, True),
    "received": EventKind(_("%(actor)s wrote"), "customer", False, True),
    "machine_mail": EventKind(_("Automatic mail arrived from %(sender)s"), "mail"),
    "resolved": EventKind(_("%(actor)s resolved this"), "resolved", True, True),
    "confirmed": EventKind(_("%(actor)s confirmed that it is solved"), "closed", True),
    "closed": EventKind(_("%(actor)s closed this"), "closed", True, True),
    "closed_quiet": EventKind(
        ngettext_lazy(
            "Closed: no answer for %(days)s day after it was resolved",
            "Closed: no answer for %(days)s days after it was resolved",
            "days",
        ),
        "closed",
        True,
        True,
    ),
    "reopened": EventKind(_("%(actor)s reopened this"), "reopened", True, True),
    "archived": EventKind(_("%(actor)s archived this"), "archive"),
    "unarchived": EventKind(_("%(actor)s took this from the archive"), "archive"),
    "trashed": EventKind(_("%(actor)s put this into the trash"), "trash"),
    "restored": EventKind(_("%(actor)s took this from the trash"), "trash"),
    "priority_changed": EventKind(_("%(actor)s changed the priority from %(old)s to %(new)s"), "priority"),
    "status_changed": EventKind(_("%(actor)s set the status to %(new)s"), "status"),
    "subject_changed": EventKind(_("%(actor)s changed the subject from “%(old)s”"), "edit"),
    "tagged": EventKind(_("%(actor)s set the tags to: %(tags)s"), "tag"),
    "fields_changed": EventKind(_("%(actor)s changed %(what)s"), "edit"),
    "rated": EventKind(_("%(actor)s rated this: %(label)s"), "resolved"),
    "transferred": EventKind(_("%(actor)s transferred this from %(old)s to %(new)s"), "transfer", True),
    "snoozed": EventKind(_("%(actor)s snoozed this until %(until)s"), "clock"),
    "woken": EventKind(_("%(actor)s woke this"), "clock"),
    "woken_by_time": EventKind(_("The snooze is over"), "clock", False, True),
    "followed": EventKind(_("%(actor)s added %(person)s"), "person"),
    "unfollowed": EventKind(_("%(actor)s removed %(person)s"), "person"),
    "proposal_declined": EventKind(_("%(actor)s did not add %(address)s"), "person"),
    "mail_released": EventKind(_("%(actor)s released this mail, which had been held back: %(reason)s"), "mail"),
    "muted": EventKind(_("%(actor)s wants no more notices about this"), "mail"),
    "unmuted": EventKind(_("%(actor)s wants notices about this again"), "mail"),
    "links_revoked": EventKind(_("%(actor)s made earlier e-mail links invalid"), "link"),
    "undone": EventKind(_("%(actor)s took back: %(what)s"), "edit"),
    "undone_openly": EventKind(_("%(actor)s took this back"), "edit", True),
    "linked": EventKind(_("%(actor)s linked: %(relation)s #%(number)s"), "link"),
    "unlinked": EventKind(_("%(actor)s took off the link: %(relation)s #%(number)s"), "link"),
    "task_added": EventKind(_("%(actor)s added the task “%(title)s”"), "task", False, True),
    "task_changed": EventKind(_("%(actor)s changed the task “%(title)s”"), "task", False, True),
    "task_done": EventKind(_("%(actor)s did the task “%(title)s”"), "task"),
    "task_undone": EventKind(_("%(actor)s opened the task “%(title)s” again"), "task"),
    "task_removed": EventKind(_("%(actor)s removed the task “%(title)s”"), "task"),
    "task_due": EventKind(_("The task “%(title)s” is due"), "clock", False, True),
    "merged": EventKind(_("%(actor)s merged this into #%(number)s"), "merge"),
    "merged_here": EventKind(_("%(actor)s merged #%(number)s into this"), "merge"),
    "unmerged": EventKind(_("%(actor)s took this out of #%(number)s again"), "merge"),
    "unmerged_here": EventKind(_("%(actor)s took #%(number)s out of this again"), "merge"),
    "split": EventKind(_("%(actor)s split a message off to #%(number)s"), "merge"),
    "split_from": EventKind(_("%(actor)s split this off from #%(number)s"), "merge"),
    "people_joined": EventKind(_("%(actor)s is also %(old)s"), "person"),
    "person_erased": EventKind(_("%(actor)s removed who %(who)s was, as they had asked"), "person"),
    "requester_changed": EventKind(_("%(actor)s changed the requester from %(old)s to %(new)s"), "person"),
    "role_changed": EventKind(_("%(actor)s changed what %(person)s may do: %(role)s"), "person"),
    "side_started": EventKind(_("%(actor)s asked %(address)s: %(subject)s"), "mail"),
    "side_answered": EventKind(_("%(address)s answered: %(subject)s"), "mail", False, True),
    "spam": EventKind(_("%(actor)s marked this as spam"), "trash"),
    "due_set": EventKind(_("%(actor)s set the due date to %(due)s"), "clock"),
    "due_cleared": EventKind(_("%(actor)s took off the due date that had been set by hand"), "clock"),
    "sla_policy_changed": EventKind(_("The SLA policy is now %(policy)s, by %(reason)s"), "clock"),
    "auto_replied": EventKind(_("An automatic answer was written"), "mail", False, True),
    "rule_mailed": EventKind(_("A rule sent a mail: %(subject)s"), "mail", False, True),
    "rating_invited": EventKind(_("The requester was asked for a rating"), "mail", False, True),
    "webhook_called": EventKind(_("A rule called the webhook %(webhook)s"), "link"),
    "macro_run": EventKind(_("%(actor)s ran the macro %(macro)s"), "edit"),
    "rules_stopped": EventKind(_("Rules were stopped on this ticket: %(reason)s"), "clock"),
    "sla_warning": EventKind(_("%(target)s is due soon"), "clock", False, True),
    "sla_breach": EventKind(_("%(target)s is overdue"), "clock", False, True),
    "sla_escalated": EventKind(_("%(target)s, escalated: %(what)s"), "clock", False, True),
    "sla_not_escalated": EventKind(_("%(target)s could not be escalated (%(what)s): %(error)s"), "clock"),
    "mail_complaint": EventKind(_("%(recipient)s reported our mail as spam: automatic mail to them is off"), "mail"),
    "mail_delayed": EventKind(_("Mail to %(recipient)s is still waiting: %(error)s"), "mail", False, True),
    "mail_failed": EventKind(_("Mail to %(recipient)s was not delivered: %(error)s"), "mail", False, True),
}


# Which of an event's data are words of ours: kept as the sources say them, read in the language of the reader.
_WORDS = {
    "opened": ("source",),
    "priority_changed": ("old", "new"),
    "status_changed": ("new",),
    "role_changed": ("role",),
    "rated": ("label",),
    "linked": ("relation",),
    "unlinked": ("relation",),
    **dict.fromkeys(("sla_warning", "sla_breach", "sla_escalated", "sla_not_escalated"), ("target",)),
}


# Which are whole sentences of ours, see `said`.
_SENTENCES = {
    **dict.fromkeys(("rules_stopped", "sla_policy_changed", "mail_released"), ("reason",)),
    **dict.fromkeys(("sla_escalated", "sla_not_escalated", "undone"), ("what",)),
    "schedule_held": ("why",),
}


def sentence(event: TicketEvent) -> str:
    """The event in one sentence for people; plain text, not yet escaped."""
    words = {name: gettext(event.data[name]) for name in _WORDS.get(event.kind, ()) if event.data.get(name)}
    words |= {name: told(event.data[name]) for name in _SENTENCES.get(event.kind, ()) if event.data.get(name)}
    return str(EVENTS[event.kind].sentence % {"actor": event.actor_name, **event.data, **words})


def kept_sentence(event: TicketEvent) -> str:
    """The same to be kept in another event, as `said` keeps sentences."""
    own = EVENTS[event.kind].sentence
    named = {name for name in event.data if f"%({name})s" in str(own)}
    words = {name: event.data[name] for name in named}
    words |= {name: _(words[name]) for name in named.intersection(_WORDS.get(event.kind, ())) if words[name]}
    return keep(own, actor=event.actor_name, **words)


def _kept(data: dict[str, Any]) -> dict[str, Any]:
    """Data as JSON takes them: labels as the sources say them, whatever language the page is in."""
    if not any(isinstance(value, Promise) for value in data.values()):
        return data
    with translation.override(None):
        return {name: str(value) if isinstance(value, Promise) else value for name, value in data.items()}


_cause: ContextVar[dict[str, Any] | None] = ContextVar("cause", default=None)


_OUT_OF_SIGHT = {"transferred", "trashed", "spam"}


@contextmanager
def caused_by(cause: dict[str, Any]) -> Iterator[None]:
    """Whatever is recorded inside is written down as this rule's doing."""
    token = _cause.set(cause)
    try:
        yield
    finally:
        _cause.reset(token)


def record(
    ticket: Ticket, kind: str, *, by: Actor, message: Message | None = None, name: str = "", **data: Any
) -> TicketEvent:
    """Writes the event in the caller's transaction and, if something follows from it, nudges a worker after commit.

    `data` must be JSON or lazy labels, and hold what the sentence needs. `name` replaces the actor's name (a guest's,
    for example).
    """
    changes, cause = tracking.taken(ticket, kind), _cause.get()
    has_effects = EVENTS[kind].has_effects or rulebook.listens(kind, changes)
    if kind in reversal.KEPT and (changed := reversal.changes(ticket)):
        data |= {"changed": changed, "at": reversal.plain(ticket.updated_at)}
    event = TicketEvent(
        ticket=ticket,
        kind=kind,
        actor=by if isinstance(by, User) else None,
        actor_name=name or by.display_name,
        message=message,
        data=_kept(data),
        changes=changes,
        cause=cause,
        handled_at=None if has_effects else ticket.updated_at,
    )
    saving.insert(event)
    _tell(ticket, event, changes or {})
    if has_effects:
        # not a partial: Django names a failed hook by __qualname__, which partials lack
        transaction.on_commit(lambda: handle_event.delay(event.pk), robust=True)
    return event


def _tell(ticket: Ticket, event: TicketEvent, changes: dict[str, Any]) -> None:
    """Open pages hear of it. Who may have lost sight of the ticket hears only that something went: no id, no word."""
    push(
        f"ticket:{ticket.pk}", "ticket", id=ticket.pk, number=ticket.number, event=event.pk, what=event.kind,
        by=event.actor_id, message=event.message_id,
    )  # fmt: skip
    if event.kind in _OUT_OF_SIGHT or changes.get("team", [None])[0]:
        push("agents", "moved")
    elif assignee := changes.get("assignee", [None])[0]:
        push(f"user:{assignee}", "moved")
