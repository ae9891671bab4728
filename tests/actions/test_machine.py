"""Random verbs by random people, compared after each step with the lifecycle table written out once more by hand."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tests import factories, people
from tickets import permissions
from tickets.actions import (
    assignment,
    checklist,
    conversation,
    lifecycle,
    linking,
    rating,
    side_conversations,
    snoozing,
    triage,
)
from tickets.models import SYSTEM, Ticket
from tickets.refusals import IllegalTransition, NotAllowed
from tickets.states import allowed_from

WINDOW_DAYS, QUIET_DAYS = 14, 4

# verb -> {state: state after}; "=" keeps it. A pair that is not here must be refused.
LIVE = ("new", "open", "in_progress", "reopened")
TABLE: dict[str, dict[str, str]] = {
    "assign": {"new": "open", "reopened": "open", "open": "=", "in_progress": "="},
    "hand_to_team": {"new": "open", "reopened": "open", "open": "=", "in_progress": "="},
    "start": {"new": "in_progress", "open": "in_progress", "reopened": "in_progress"},
    "reply": {"new": "in_progress", "open": "in_progress", "reopened": "in_progress", "in_progress": "="},
    "note": dict.fromkeys((*LIVE, "resolved"), "="),
    "receive": dict.fromkeys(LIVE, "=") | {"resolved": "reopened", "closed": "reopened"},
    "resolve": dict.fromkeys(LIVE, "resolved"),
    "confirm": {"resolved": "closed"},
    "close": dict.fromkeys((*LIVE, "resolved"), "closed"),
    "rate": {"closed": "="},
    "reopen": {"resolved": "reopened", "closed": "reopened"},
    "archive": {"closed": "="},
    "unarchive": {"closed": "="},
    "triage": dict.fromkeys((*LIVE, "resolved"), "="),
    "transfer": dict.fromkeys(LIVE, "="),
    "snooze": dict.fromkeys(LIVE, "="),
    "wake": dict.fromkeys(LIVE, "="),
    "plan": dict.fromkeys(LIVE, "="),
    "side": dict.fromkeys((*LIVE, "resolved"), "="),
    "follow": dict.fromkeys((*LIVE, "resolved", "closed"), "="),
    "link": dict.fromkeys((*LIVE, "resolved", "closed"), "="),
}
EVENT = {
    "assign": "assigned", "hand_to_team": "team_changed", "start": "started", "reply": "replied", "note": "noted",
    "receive": "received", "resolve": "resolved", "confirm": "confirmed", "close": "closed", "reopen": "reopened",
    "archive": "archived", "unarchive": "unarchived", "triage": "priority_changed", "transfer": "transferred",
    "follow": "followed", "snooze": "snoozed", "wake": "woken", "plan": "task_done",
    "side": "side_started", "link": "linked", "rate": "rated",
}  # fmt: skip
AGENT_VERBS = set(TABLE) - {"receive", "confirm", "rate", "archive", "unarchive"}
MAY = {
    "admin": set(TABLE) - {"receive", "confirm", "rate"},
    "agent": AGENT_VERBS,
    "reader": {"follow"},
    "outsider": set(),
    "requester": {"receive", "confirm", "reopen", "close", "rate"},
    "follower": {"receive"},
    "stranger": set(),
    "system": set(TABLE) - {"receive", "confirm", "rate"},
}
SEES = {"admin", "agent", "reader", "requester", "follower", "system"}


class Lifecycle(RuleBasedStateMachine):
    @initialize(state=st.sampled_from([*LIVE, "resolved", "closed"]))
    def open(self, state: str) -> None:
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.home, self.away = factories.department(auto_close_days=QUIET_DAYS), factories.department()
        self.home.reopen_window_days = self.away.reopen_window_days = WINDOW_DAYS
        self.home.save(), self.away.save()
        self.who = {
            "admin": people.admin(),
            "agent": people.agent(self.home, self.away),
            "reader": people.reader(self.home, self.away),
            "outsider": people.agent(factories.department()),
            "requester": people.customer(),
            "follower": people.customer("Fay Follower"),
            "stranger": people.customer("Sam Stranger"),
            "system": SYSTEM,
        }
        self.team = people.team(self.who["agent"])
        agent, requester = self.who["agent"], self.who["requester"]
        self.ticket = factories.ticket_in(state, agent, requester=requester, department=self.home)
        self.ticket.followers.create(user=self.who["follower"])
        self.state, self.archived, self.days_closed, self.days_resolved = state, False, 0, 0
        self.events = list(self.ticket.events.values_list("kind", flat=True))
        self.follow_ups = self.naps = 0

    def teardown(self) -> None:
        if hasattr(self, "atomic"):
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    def fresh(self) -> Ticket:
        return Ticket.objects.get(pk=self.ticket.pk)

    @rule(verb=st.sampled_from(sorted(TABLE)), actor=st.sampled_from(sorted(MAY)))
    def somebody_tries_something(self, verb: str, actor: str) -> None:
        self.act(verb, actor)

    @rule(chance=st.randoms(use_true_random=True))
    def somebody_moves_it_on(self, chance: Random) -> None:
        """Blind tries mostly end in a refusal; this draws among the steps that lead to another state."""
        moves = [
            (verb, actor)
            for verb, targets in TABLE.items()
            if targets.get(self.state, "=") != "=" or verb in {"archive", "unarchive"}
            for actor in MAY
            if self.expect(verb, actor) == "done"
        ]
        verb = chance.choice(sorted({verb for verb, _ in moves}))
        self.act(verb, chance.choice([actor for name, actor in moves if name == verb]))

    def act(self, verb: str, actor: str) -> None:
        expected = self.expect(verb, actor)
        try:
            with transaction.atomic():
                self.perform(verb, self.who[actor])
        except NotAllowed:
            assert expected == "forbidden", (verb, actor, self.state)
        except IllegalTransition as refusal:
            self.check_refusal(refusal, expected == "illegal")
        else:
            assert expected == "done", (verb, actor, self.state)
            self.note_effects(verb)

    def check_refusal(self, refusal: IllegalTransition, expected: bool) -> None:
        assert expected, (refusal.verb, self.state)
        assert self.ticket.number in str(refusal)
        assert refusal.allowed == (["unarchive"] if self.archived else allowed_from(self.state))

    def expect(self, verb: str, actor: str) -> str:
        allowed = verb in MAY[actor]
        if verb == "reopen" and actor == "requester":
            allowed = self.state != "closed" or self.reopenable()
        if not allowed:
            return "forbidden"
        if self.archived:
            return "done" if verb in {"unarchive", "receive"} else "illegal"
        if verb == "unarchive":
            return "illegal"
        return "done" if self.state in TABLE[verb] else "illegal"

    def reopenable(self) -> bool:
        return not self.archived and self.days_closed < WINDOW_DAYS

    def note_effects(self, verb: str) -> None:
        if verb == "receive" and self.state == "closed" and not self.reopenable():
            self.follow_ups += 1
            self.events.append("follow_up")
            return
        before, after = self.state, TABLE[verb][self.state]
        if after != "=":
            self.state = after
        if verb == "receive" and before in ("resolved", "closed"):
            self.events.append("reopened")
        if verb == "plan":
            self.events.append("task_added")
        if verb != "wake" or self.was_asleep:
            self.events.append(EVENT[verb])
        self.archived = verb == "archive" or (self.archived and verb != "unarchive")
        if self.state == "closed" and before != "closed":
            self.days_closed = 0
        if self.state == "resolved" and before != "resolved":
            self.days_resolved = 0

    def perform(self, verb: str, by: object) -> None:
        ticket, fresh = self.ticket, self.fresh()
        self.was_asleep = fresh.is_asleep
        doings = {
            "assign": lambda: assignment.assign(ticket, by=by, agent=self.who["agent"]),
            "hand_to_team": lambda: assignment.hand_to_team(ticket, by=by, team=self.team),
            "reply": lambda: conversation.reply(ticket, by=by, body="We look into it."),
            "note": lambda: conversation.note(ticket, by=by, body="Known model."),
            "receive": lambda: conversation.receive(ticket, by=by, body="Any news?", source="web"),
            "triage": lambda: triage.set_priority(ticket, by=by, priority=fresh.priority % 4 + 1),
            "transfer": lambda: self.transfer(fresh, by),
            "snooze": lambda: self.snooze(by),
            "plan": lambda: checklist.set_done(
                checklist.add_task(ticket, by=by, title="Order parts"), by=by, done=True
            ),
            "side": lambda: side_conversations.start(ticket, by=by, to="supplier@parts.example", body="Have you any?"),
            "link": lambda: linking.link(
                ticket, by=by, other=factories.ticket(department=self.home), relation="blocks"
            ),
            "rate": lambda: rating.rate(ticket, by=by, score=4, comment=str(len(self.events))),
            "wake": lambda: snoozing.wake(ticket, by=by),
            "follow": lambda: triage.follow(ticket, by=by, person=people.customer()),
        }
        doings.get(verb, lambda: getattr(lifecycle, verb)(ticket, by=by))()

    def transfer(self, fresh: Ticket, by: object) -> None:
        there = self.away if fresh.department == self.home else self.home
        assignment.transfer(self.ticket, by=by, department=there)

    def snooze(self, by: object) -> None:
        self.naps += 1
        snoozing.snooze(self.ticket, by=by, until=timezone.now() + timedelta(days=60, hours=self.naps))

    @rule(days=st.sampled_from([1, 5, 20]))
    def time_passes(self, days: int) -> None:
        factories.age(self.ticket, days=days)
        self.days_closed += days
        self.days_resolved += days

    @rule()
    def the_clock_closes_quiet_tickets(self) -> None:
        if self.state == "closed":
            return
        closed = lifecycle.close_quiet(self.ticket)
        due = self.state == "resolved" and self.days_resolved >= QUIET_DAYS
        assert (closed is not None) == due
        if due:
            self.state, self.days_closed = "closed", 0
            self.events.append("closed_quiet")

    @invariant()
    def agrees_with_the_table(self) -> None:
        if not hasattr(self, "ticket"):
            return
        ticket = self.fresh()
        assert ticket.state == self.state
        assert (ticket.archived_at is not None) == self.archived
        assert list(ticket.events.values_list("kind", flat=True)) == self.events
        assert ticket.follow_ups.count() == self.follow_ups
        assert (ticket.due_at is None) or self.state in LIVE
        assert not ticket.is_asleep or self.state in LIVE
        for name, person in self.who.items():
            expected = [verb for verb in TABLE if self.expect(verb, name) == "done"]
            told = [verb for verb in permissions.verbs(person, ticket) if verb in TABLE]
            assert told == expected, (name, self.state)
            assert Ticket.objects.visible_to(person).filter(pk=ticket.pk).exists() == (name in SEES)


@pytest.mark.django_db
def test_the_machine_follows_the_table() -> None:
    run_state_machine_as_test(
        Lifecycle,
        settings=settings(
            max_examples=24,
            stateful_step_count=16,
            deadline=None,
            phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a walk that fails is short enough as it is
            suppress_health_check=list(HealthCheck),
        ),
    )
