"""What only the desk's own rules do to a ticket: answer by itself, write to somebody, call a webhook, keep a policy."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from tickets import said, sla, webhooks
from tickets.actions.door import opened
from tickets.actions.effects import LIST_FIELDS
from tickets.actions.writing import Upload, check_text, write
from tickets.events import record
from tickets.models import Desk, Message, SlaPolicy, Ticket, User, Webhook
from tickets.permissions import Actor
from tickets.ratings import was_asked
from tickets.refusals import Invalid
from tickets.states import Source, State

LONGEST_MAIL = 20_000


def auto_reply(ticket: Ticket, *, by: Actor, body: str, attachments: Sequence[Upload] = ()) -> Message:
    """Answers the requester by itself. It is in the conversation for everybody to read, but nobody has worked on the
    ticket: state and assignee stay, no first response is met, and the customer goes on waiting. Whether mail follows
    is for the limits of automatic mail."""
    with opened("follow", ticket, by) as (fresh, now):
        waiting = fresh.waiting_since
        message = write(
            fresh, Message.Kind.REPLY, by, body, now,
            source=Source.STAFF, recipients={"to": [fresh.requester.email], "cc": []}, attachments=attachments,
        )  # fmt: skip
        if not isinstance(by, User):  # the customer reads the desk's name
            message.author_name = fresh.last_message_by = Desk.current().name
            message.save(update_fields=["author_name"])
        fresh.waiting_since = waiting
        fresh.save(update_fields=LIST_FIELDS)
        record(fresh, "auto_replied", by=by, message=message)
    return message


def write_to(ticket: Ticket, *, by: Actor, to: str, subject: str, text: str, agent: User | None = None) -> None:
    """Writes to somebody about the ticket: the requester, the assignee, the team, the department or one agent. Agents
    who may not see the ticket get nothing; mail to customers keeps to the limits of automatic mail."""
    with opened("follow", ticket, by) as (fresh, _now):
        subject, text = check_text("subject", subject, 255), check_text("text", text, LONGEST_MAIL)
        record(fresh, "rule_mailed", by=by, tells=to, agent_id=agent.pk if agent else None, subject=subject, text=text)


def invite_rating(ticket: Ticket, *, by: Actor) -> None:
    """Asks the requester of a closed ticket how it was, once for each closing. Raises Invalid when it is not closed
    or has been asked or rated already."""
    with opened("follow", ticket, by) as (fresh, _now):
        if fresh.state != State.CLOSED or fresh.archived_at:
            raise Invalid(ticket=_("Only a closed ticket can be rated."))
        if was_asked(fresh):
            raise Invalid(ticket=_("The requester has been asked already."))
        record(fresh, "rating_invited", by=by, round=fresh.reopen_count)


def call_webhook(ticket: Ticket, *, by: Actor, webhook: Webhook, told: dict[str, Any]) -> None:
    """Queues a call that tells `told`; it leaves after the commit, is signed, and tried again for a day."""
    with opened("follow", ticket, by) as (fresh, _now):
        if not webhook.is_enabled:
            raise Invalid(webhook=_("The webhook %(name)s is switched off.") % {"name": webhook.name})
        webhooks.enqueue(webhook, fresh, json.dumps(told, sort_keys=True))
        record(fresh, "webhook_called", by=by, webhook=webhook.name)


def set_policy(ticket: Ticket, *, by: Actor, policy: SlaPolicy) -> Ticket:
    """Gives the ticket an SLA policy, from the original start; what changes later may choose another one."""
    with transaction.atomic(), opened("triage", ticket, by) as (fresh, _now):
        if not policy.is_enabled:
            raise Invalid(sla_policy=_("The SLA policy %(name)s is switched off.") % {"name": policy.name})
        if fresh.sla_policy_id != policy.pk:
            fresh.sla_policy = policy
            sla.stamp(fresh)
            fresh.save(update_fields=["updated_at", *sla.STAMPED])
            record(fresh, "sla_policy_changed", by=by, policy=policy.name, reason=said.keep(_("a rule")))
    return fresh
