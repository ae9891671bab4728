"""What the effects of rules depend on besides the facts that their conditions ask about: where agents work, which state
a status belongs to, what the ticket was asked and what has to be done before it is resolved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from tickets import ratings
from tickets.automation.engine import Ready
from tickets.automation.fields import CUSTOM
from tickets.field_values import Item
from tickets.fields import asked_with, form_for
from tickets.models import (
    Field,
    FormVersion,
    HelpTopic,
    Membership,
    Permission,
    SlaPolicy,
    Status,
    Ticket,
    User,
)
from tickets.permissions import Actor

_GOES_ON = SlaPolicy.OnReopening.CONTINUE
_OF_AGENTS = {"assign", "hand_to_team", "transfer", "add_task"}
_OF_ANSWERS = {"set_field", "resolve", "close"}
_OF_TASKS = {"add_task", "resolve", "close"}


class World:
    """Asked about one ticket, or about many by a back-test: what is the same for all of them is read once. `by` runs
    the rules."""

    def __init__(self, rules: Iterable[Ready], by: Actor | None = None) -> None:
        self._effects = [effect for rule in rules for effect in rule.effects]
        self._deeds = {effect["do"] for effect in self._effects}
        self._by = by
        self._agents: dict[int, Mapping[str, Any] | None] = {}
        self._asked: dict[int | None, list[Item]] = {}

    def around(self, ticket: Ticket, facts: Mapping[str, Any]) -> dict[str, Any]:
        """More facts, as plain JSON. A ticket that is not written yet has neither tasks nor answers to look at."""
        found: dict[str, Any] = {}
        if self._deeds & _OF_AGENTS:
            named = [effect.get("agent") for effect in self._effects]
            found["agents"] = self._agents_of([*named, facts.get("assignee"), facts.get("agent")])
        if "set_status" in self._deeds:
            found["statuses"] = self._statuses
        if ticket.pk is None:
            return found
        if "invite_rating" in self._deeds and "was_asked_to_rate" not in facts:
            found["was_asked_to_rate"] = ratings.was_asked(ticket)
        if "reopen" in self._deeds:
            policy = ticket.sla_policy
            found["clock_goes_on"] = bool(policy and policy.is_enabled and policy.on_reopening == _GOES_ON)
        if self._deeds & _OF_ANSWERS:
            found |= self._answers(ticket)
        if self._deeds & _OF_TASKS:
            found |= self._tasks(ticket)
        return found

    def _answers(self, ticket: Ticket) -> dict[str, Any]:
        """`asked` are the items of its form; `forms` those it gets with another department and help topic."""
        found: dict[str, Any] = {f"{CUSTOM}{key}": value for key, value in ticket.fields.items()}
        found["asked"] = self._items(ticket.form_version_id)
        found["is_own"] = self._by is not None and self._by.pk == ticket.requester_id
        if "transfer" in self._deeds:
            found["forms"] = self._forms
        return found

    def _items(self, version: int | None) -> list[Item]:
        if version not in self._asked:
            row = FormVersion.objects.filter(pk=version).first() if version else None
            self._asked[version] = asked_with(row, self._every_key)
        return self._asked[version]

    @cached_property
    def _every_key(self) -> list[str]:
        """Fields that other forms ask can be answered too."""
        return list(Field.objects.values_list("key", flat=True)) if "set_field" in self._deeds else []

    @cached_property
    def _forms(self) -> dict[str, list[Item]]:
        found = {}
        for key in {effect.get("help_topic") for effect in self._effects if effect["do"] == "transfer"}:
            topic = HelpTopic.objects.filter(pk=key).first() if key else None
            if form := form_for(topic):
                found[str(key)] = self._items(form.pk)
        return found

    @cached_property
    def _statuses(self) -> dict[str, str]:
        return {str(pk): str(state) for pk, state in Status.objects.values_list("pk", "state")}

    def _tasks(self, ticket: Ticket) -> dict[str, Any]:
        is_open = ticket.tasks.filter(done_at__isnull=True).order_by("position", "pk")
        titles = list(is_open.values_list("title", flat=True)) if ticket.task_count else []
        return {"task_count": ticket.task_count, "open_tasks": titles}

    def _agents_of(self, named: Iterable[Any]) -> dict[str, Any]:
        wanted = {pk for pk in named if isinstance(pk, int)}
        if new := wanted - self._agents.keys():
            self._agents |= dict.fromkeys(new) | _agents(new)
        return {str(pk): known for pk in sorted(wanted) if (known := self._agents[pk])}


def _agents(pks: set[int]) -> dict[int, dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {
        person.pk: {
            "everywhere": person.is_superuser, "departments": [], "member_of": [], "teams": sorted(person.team_ids),
        }
        for person in User.objects.filter(pk__in=pks, is_active=True, is_agent=True)
    }  # fmt: skip
    for row in Membership.objects.filter(user__in=found).select_related("role"):
        known = found[row.user_id]
        known["member_of"].append(row.department_id)
        if Permission.VIEW in row.role.permissions:
            known["departments"].append(row.department_id)
    return found
