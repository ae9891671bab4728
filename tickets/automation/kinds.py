"""Which events a trigger's words stand for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tickets.models import Rule

On = Rule.On

# Nothing of these is a change of the ticket, or it is the rules' own report.
_SILENT = {
    "opened", "muted", "unmuted", "links_revoked", "proposal_declined", "mail_complaint", "mail_delayed", "mail_failed",
    "machine_mail", "unverified", "reply_undone", "sla_warning", "sla_breach", "sla_escalated", "sla_not_escalated",
    "rules_stopped", "auto_replied", "rule_mailed", "rating_invited", "webhook_called", "macro_run", "trashed",
}  # fmt: skip

_WORDS: dict[str, tuple[str, ...]] = {
    "opened": (On.CREATED,),
    "received": (On.MESSAGE_IN,),
    "replied": (On.MESSAGE_OUT,),
    "noted": (On.NOTE,),
    "assigned": (On.ASSIGNED,),
    "team_changed": (On.ASSIGNED,),
    "sla_warning": (On.SLA_WARNING,),
    "sla_breach": (On.SLA_BREACH,),
    "rated": (On.RATING,),
}


def words_of(kind: str, changes: Mapping[str, Any] | None) -> frozenset[str]:
    """What an event of this kind, with these changes, is called in a trigger."""
    words = set(_WORDS.get(kind, ()))
    if changes and "state" in changes and kind != "opened":
        words.add(On.STATE_CHANGED)
    if kind not in _SILENT:
        words.add(On.UPDATED)
    return frozenset(str(word) for word in words)
