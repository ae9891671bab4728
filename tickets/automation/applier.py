"""Does what a plan says, through the verbs of tickets.actions and nothing else: what a person could not do to a
ticket in its state, a rule cannot do either. Each effect stands alone; what is refused is written down."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tickets import canned, said, wording
from tickets.actions import (
    assignment,
    automatic,
    checklist,
    conversation,
    distribution,
    fields,
    intake,
    lifecycle,
    linking,
    snoozing,
    triage,
)
from tickets.actions import canned as canned_actions
from tickets.automation.engine import Planned, Ready
from tickets.automation.predictions import clean_tags
from tickets.automation.references import REFERENCES
from tickets.models import Message, Ticket, TicketEvent, User
from tickets.permissions import Actor
from tickets.refusals import Invalid, Refused
from tickets.states import Priority, Source

log = logging.getLogger(__name__)
Effect = Mapping[str, Any]


class Gone(Refused):
    """The rule names something that is not there any more. `kept`: the sentence as `said` keeps it."""

    def __init__(self, kept: str) -> None:
        super().__init__(said.told(kept))
        self.kept = kept


@dataclass
class Deed:
    """One effect about to be done: to which ticket, by whom, because of what."""

    effect: Effect
    ticket: Ticket
    by: Actor
    rule: Ready
    event: TicketEvent | None = None
    message: Message | None = None

    def named(self, name: str, kind: str) -> Any:
        """The row that a parameter names. Raises Gone."""
        row = REFERENCES[kind].find(self.effect.get(name))
        if row is None:
            raise Gone(
                said.keep(gettext_lazy("The %(what)s that the rule names is gone."), what=REFERENCES[kind].label)
            )
        return row

    def said(self, name: str = "text") -> str:
        """A text of the rule with its variables filled in."""
        agent = self.by if isinstance(self.by, User) else None
        return wording.render(self.effect[name], wording.variables_of(self.ticket, agent, message=self.message))


def apply(rule: Ready, planned: Planned, ticket: Ticket, *, by: Actor, event: TicketEvent | None = None) -> str:
    """Does one effect; an empty string when it was done, else why not. Raises Gone, and Refused for a person."""
    row = _fresh(ticket)
    deed = Deed(planned.effect, row, by, rule, event, event.message if event and event.message_id else None)
    try:
        with transaction.atomic():
            _ACTS[planned.effect["do"]](deed)
    except Gone:
        raise
    except Refused as refusal:
        return str(refusal)
    except Exception:
        log.exception("rule %s could not %s ticket %s", rule.pk, planned.effect["do"], ticket.pk)
        return _("An error; the server's log has it.")
    return ""


def act(effect: Effect, ticket: Ticket, by: Actor, rule: Ready) -> None:
    """Does one effect for a person, who hears of a refusal."""
    _ACTS[effect["do"]](Deed(effect, _fresh(ticket), by, rule))


def _fresh(ticket: Ticket) -> Ticket:
    related = ("department", "help_topic", "requester", "status", "sla_policy", "assignee", "team")
    return Ticket.objects.select_related(*related).get(pk=ticket.pk)


def _assign(deed: Deed) -> None:
    how = deed.effect["how"]
    if how == "nobody":
        assignment.assign(deed.ticket, by=deed.by, agent=None)
    elif how == "agent":
        assignment.assign(deed.ticket, by=deed.by, agent=deed.named("agent", "agent"))
    elif how == "myself":
        if not isinstance(deed.by, User):
            raise Invalid(how=_("Only a macro is run by somebody."))
        assignment.assign(deed.ticket, by=deed.by, agent=deed.by)
    else:
        team = deed.named("team", "team") if deed.effect.get("team") else None
        skill = deed.named("skill", "skill") if deed.effect.get("skill") else None
        row = distribution.distribute(deed.ticket, by=deed.by, how=how, team=team, skill=skill)
        if row.assignee_id is None:
            raise Refused(_("Nobody is there who could take it."))


def _transfer(deed: Deed) -> None:
    topic = deed.named("help_topic", "help_topic") if deed.effect.get("help_topic") else None
    assignment.transfer(deed.ticket, by=deed.by, department=deed.named("department", "department"), help_topic=topic)


def _tags(change: Callable[[set[str], set[str]], set[str]]) -> Callable[[Deed], object]:
    def act(deed: Deed) -> None:
        names = change(set(deed.ticket.tag_names), clean_tags(deed.effect["tags"]))
        triage.set_tags(deed.ticket, by=deed.by, tags=sorted(names))

    return act


def _set_status(deed: Deed) -> None:
    status = deed.named("status", "status") if deed.effect.get("status") else None
    triage.set_status(deed.ticket, by=deed.by, status=status)


def _in(deed: Deed) -> Any:
    return timezone.now() + timedelta(minutes=deed.effect["minutes"])


def _raise_priority(deed: Deed) -> None:
    triage.set_priority(deed.ticket, by=deed.by, priority=min(deed.ticket.priority + 1, max(Priority.values)))


def _mail(deed: Deed) -> None:
    agent = deed.named("agent", "agent") if deed.effect["to"] == "agent" else None
    automatic.write_to(
        deed.ticket, by=deed.by, to=deed.effect["to"], agent=agent,
        subject=deed.said("subject"), text=deed.said(),
    )  # fmt: skip


def _send_canned(deed: Deed) -> None:
    response = deed.named("canned", "canned")
    said = canned.fill(response, deed.ticket)
    automatic.auto_reply(deed.ticket, by=deed.by, body=said.text, attachments=canned_actions.enclosed(said))


def _webhook(deed: Deed) -> None:
    ticket = deed.ticket
    told = {
        "rule": deed.rule.name,
        "event": deed.event.kind if deed.event else "",
        "ticket": {
            "number": ticket.number, "subject": ticket.subject, "state": str(ticket.state),
            "status": ticket.status.slug if ticket.status else None, "priority": ticket.priority,
            "department": ticket.department.name, "help_topic": ticket.help_topic.slug if ticket.help_topic else None,
            "team": ticket.team.name if ticket.team else None,
            "assignee": ticket.assignee.email if ticket.assignee else None,
            "requester": {"email": ticket.requester.email, "name": ticket.requester.name},
            "tags": ticket.tag_names, "created_at": ticket.created_at.isoformat(),
            "updated_at": ticket.updated_at.isoformat(),
        },
    }  # fmt: skip
    automatic.call_webhook(ticket, by=deed.by, webhook=deed.named("webhook", "webhook"), told=told)


def _add_task(deed: Deed) -> None:
    agent = deed.named("agent", "agent") if deed.effect.get("agent") else None
    checklist.add_task(deed.ticket, by=deed.by, title=deed.said()[:200], assignee=agent)


def _open_linked(deed: Deed) -> None:
    """A child of the ticket, for the same requester, who is not told of it: it is work inside the desk. It is a rule's
    doing, so rules that open tickets for each other end at the depth at which all rules do."""
    made = intake.open_ticket(
        by=deed.by, requester=deed.ticket.requester, subject=deed.said("subject")[:255], body=deed.said(),
        source=Source.STAFF, department=deed.named("department", "department"), auto_response=False,
    )  # fmt: skip
    linking.link(made, by=deed.by, other=deed.ticket, relation="child_of")


_ACTS: dict[str, Callable[[Deed], object]] = {
    "set_priority": lambda deed: triage.set_priority(deed.ticket, by=deed.by, priority=deed.effect["value"]),
    "raise_priority": _raise_priority,
    "transfer": _transfer,
    "assign": _assign,
    "hand_to_team": lambda deed: assignment.hand_to_team(deed.ticket, by=deed.by, team=deed.named("team", "team")),
    "add_tags": _tags(set.union),
    "remove_tags": _tags(set.difference),
    "set_status": _set_status,
    "set_sla_policy": lambda deed: automatic.set_policy(
        deed.ticket, by=deed.by, policy=deed.named("sla_policy", "sla_policy")
    ),
    "set_due": lambda deed: triage.set_due(deed.ticket, by=deed.by, due=_in(deed)),
    "clear_due": lambda deed: triage.set_due(deed.ticket, by=deed.by, due=None),
    "snooze": lambda deed: snoozing.snooze(deed.ticket, by=deed.by, until=_in(deed)),
    "wake": lambda deed: snoozing.wake(deed.ticket, by=deed.by),
    "set_field": lambda deed: fields.set_fields(
        deed.ticket, by=deed.by, fields={deed.effect["name"]: deed.effect.get("value")}
    ),
    "start": lambda deed: lifecycle.start(deed.ticket, by=deed.by),
    "resolve": lambda deed: lifecycle.resolve(deed.ticket, by=deed.by),
    "close": lambda deed: lifecycle.close(deed.ticket, by=deed.by),
    "reopen": lambda deed: lifecycle.reopen(deed.ticket, by=deed.by),
    "trash": lambda deed: lifecycle.trash(deed.ticket, by=deed.by),
    "follow": lambda deed: triage.follow(deed.ticket, by=deed.by, person=deed.named("person", "person")),
    "unfollow": lambda deed: triage.unfollow(deed.ticket, by=deed.by, person=deed.named("person", "person")),
    "reply": lambda deed: conversation.reply(deed.ticket, by=deed.by, body=deed.said()),
    "auto_reply": lambda deed: automatic.auto_reply(deed.ticket, by=deed.by, body=deed.said()),
    "send_canned": _send_canned,
    "invite_rating": lambda deed: automatic.invite_rating(deed.ticket, by=deed.by),
    "note": lambda deed: conversation.note(deed.ticket, by=deed.by, body=deed.said()),
    "mail": _mail,
    "add_task": _add_task,
    "open_linked": _open_linked,
    "webhook": _webhook,
}
