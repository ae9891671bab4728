"""What saves the agents of the invented company writing: canned responses, macros, and rules that run by themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from tickets.actions import canned, rules
from tickets.demo.staffing import Company
from tickets.models import CannedFolder, Rule
from tickets.states import State

DAYS = 24 * 60


class Text(NamedTuple):
    """`department` is a slug, `owner` an agent's address; with neither it is everybody's."""

    title: str
    shortcut: str
    body: str
    folder: str = ""
    department: str = ""
    owner: str = ""
    german: str = ""


_HELLO = 'Hello {{ requester.first_name | default: "there" }},\n\n'
_HALLO = "Hallo {{ requester.first_name }},\n\n"
_END = "\n\n{{ agent.signature }}"
TEXTS = (
    Text(
        "Received, we look into it", "thanks",
        _HELLO + "thank you for writing. I have your ticket {{ ticket.number }} and am looking into it now. You hear "
        "from me today." + _END,
        german=_HALLO + "danke für Ihre Nachricht. Ich sehe mir Ihr Ticket {{ ticket.number }} jetzt an und melde mich "
        "heute noch." + _END,
    ),
    Text(
        "Ask for a picture of the message", "picture",
        _HELLO + "could you send a picture of the message you see, and tell me when it appeared first? A photo taken "
        "with the phone will do." + _END,
    ),
    Text(
        "New profile for the VPN", "vpn",
        _HELLO + "please open vpn.northwind.example/profile, sign in, and open the file that is downloaded. Then start "
        "the client again.\n\n{% if ticket.tags contains \"vpn\" %}If it still does not connect, tell me the number "
        "under the error.{% endif %}" + _END, "Network", "support",
    ),
    Text(
        "Set a new password", "password",
        _HELLO + "on the sign-in page choose “Forgot your password?”. The mail with the link comes within a minute; "
        "please look among the junk if it does not." + _END, "Access", "support",
    ),
    Text(
        "Corrected invoice is on its way", "invoice",
        _HELLO + "I have cancelled the invoice and sent a new one with the corrected address to {{ requester.email }}. "
        "Please throw the old one away." + _END, "Invoices", "billing",
        german=_HALLO + "ich habe die Rechnung storniert und die neue mit der richtigen Adresse an "
        "{{ requester.email }} geschickt. Bitte werfen Sie die alte weg." + _END,
    ),
    Text(
        "Out to look at it today", "visit",
        _HELLO + "somebody of the house team comes by today between 13:00 and 16:00. You need not be there, as long as "
        "the room can be opened." + _END, "House", "facilities",
    ),
    Text("Short and friendly", "ok", _HELLO + "done! Write again if anything is left.", owner="ana.moreira"),
)  # fmt: skip


def phrase(made: Company, now: datetime) -> None:
    """After the tickets, so that no rule acts on what happened before it was there."""
    _responses(made)
    for rule in (*_macros(made), *_rules(made)):
        rules.enable(rules.save(None, by=made.admin, **rule), by=made.admin)
    Rule.objects.update(active_since=now, swept_until=now)


def _responses(made: Company) -> None:
    folders: dict[str, CannedFolder] = {}
    for text in TEXTS:
        if text.folder and text.folder not in folders:
            folders[text.folder] = canned.save_folder(None, by=made.admin, name=text.folder)
        owner = next((one for one in made.agents.values() if text.owner and one.email.startswith(text.owner)), None)
        canned.save(
            None, by=owner or made.admin, title=text.title, shortcut=text.shortcut, body=text.body, language="en",
            folder=folders.get(text.folder), department=made.departments.get(text.department), owner=owner,
            translations={"de": text.german} if text.german else {},
        )  # fmt: skip


def _macro(name: str, description: str, conditions: Any, *effects: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": Rule.Kind.MACRO, "name": name, "description": description, "conditions": conditions,
        "effects": list(effects),
    }  # fmt: skip


def _in(made: Company, slug: str) -> dict[str, Any]:
    return {"field": "department", "op": "is", "value": made.departments[slug].pk}


def _macros(made: Company) -> list[dict[str, Any]]:
    return [
        _macro(
            "Password was reset", "Answers how to sign in again, and resolves it.", _in(made, "support"),
            {"do": "reply", "text": _HELLO + "your password is reset. Please sign in with the link that came by mail "
             "and choose a new one; the link is good for an hour." + _END},
            {"do": "add_tags", "tags": ["password"]}, {"do": "resolve"},
        ),
        _macro(
            "Hand to Network", "With a note of what was tried already.", _in(made, "support"),
            {"do": "note", "text": "Restart and a new profile did not help. The error is in the first message."},
            {"do": "hand_to_team", "team": made.teams["Network"].pk}, {"do": "add_tags", "tags": ["vpn"]},
        ),
        _macro(
            "Take it and start", "Mine, and in progress.", {"field": "state", "op": "any_of",
                                                             "value": [State.NEW, State.OPEN, State.REOPENED]},
            {"do": "assign", "how": "myself"}, {"do": "start"},
        ),
    ]  # fmt: skip


def _rules(made: Company) -> list[dict[str, Any]]:
    stolen = {"field": "subject", "op": "contains_any", "value": ["stolen", "phishing", "hacked"]}
    forgotten = [
        {"field": "state", "op": "any_of", "value": [State.NEW, State.OPEN, State.REOPENED]},
        {"field": "since_waiting", "op": "more_than", "value": 2 * DAYS},
    ]
    return [
        {
            "kind": Rule.Kind.TRIGGER, "name": "Stolen or hacked: urgent, for Network", "on": ["created"],
            "description": "Nobody waits with this until somebody reads the subject.", "conditions": stolen,
            "effects": [
                {"do": "set_priority", "value": 4}, {"do": "add_tags", "tags": ["security"]},
                {"do": "hand_to_team", "team": made.teams["Network"].pk},
            ],
        },
        {
            "kind": Rule.Kind.AUTOMATION, "name": "Nobody has answered for two days", "conditions": {"all": forgotten},
            "description": "Shows in views of the tag.", "effects": [
                {"do": "raise_priority"}, {"do": "add_tags", "tags": ["forgotten"]},
            ],
        },
    ]  # fmt: skip
