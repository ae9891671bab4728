"""Macros as the ticket page tells them: what each would do to this ticket, in words, before anything is done."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from tickets import wording
from tickets.actions import macros
from tickets.automation import words
from tickets.models import Rule, Ticket, User

SAID = ("reply", "note")


def offered(ticket: Ticket, user: User) -> list[dict[str, Any]]:
    """The macros that fit the ticket, each with what it does."""
    rows = macros.macros_for(ticket, user)
    names = words.names_for(row.definition for row in rows)
    return [
        {
            "id": row.pk,
            "name": row.name,
            "description": row.description,
            "url": reverse("staff:macro", args=[ticket.number, row.pk]),
            "effects": [words.capitalized(words.effect(one, names)) for one in row.effects],
        }
        for row in rows
    ]


def preview(ticket: Ticket, user: User, macro: Rule) -> dict[str, Any]:
    """What running it would do now: each effect in words and why it would be refused, and the reply filled in."""
    plan, names = macros.preview_macro(ticket, by=user, macro=macro), words.names_for([macro.definition])
    effects, reply, problem = [], None, ""
    for step in plan.steps:
        for planned in step.effects:
            effect = planned.effect
            text = ""
            if effect["do"] in SAID:
                try:
                    text = wording.render(effect["text"], wording.variables_of(ticket, user))
                except wording.Unfit as refusal:
                    problem = str(refusal)
            if effect["do"] == "reply" and reply is None:
                reply = text
            told = _("Write a reply") if effect["do"] == "reply" else words.capitalized(words.effect(effect, names))
            noted = text if effect["do"] == "note" else ""
            effects.append({"told": told, "refused": words.refusal(planned.refused), "text": noted})
    refused = problem or next((one["refused"] for one in effects if one["refused"]), "")
    if not effects:
        refused = _("It does not fit this ticket now.")
    return {
        "name": macro.name,
        "description": macro.description,
        "effects": effects,
        "reply": reply,
        "refused": refused,
    }
