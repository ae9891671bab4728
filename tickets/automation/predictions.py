"""What an effect would change, told from the facts alone. The applier does the same to the ticket; that both agree is
tested over random rules. What cannot be known beforehand, such as whose turn it is, is UNKNOWN."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tickets import fields as asked
from tickets.automation.effect_kinds import EFFECTS
from tickets.automation.fields import CUSTOM
from tickets.states import VERBS, Priority

UNKNOWN = "?"
MAX_TAGS, MAX_TASKS = 20, 100
_AWAKE = {"is_snoozed": False}  # what was put off by somebody else, or is over, comes back
Facts = Mapping[str, Any]
Effect = Mapping[str, Any]
Changes = dict[str, Any]


class Impossible(Exception):
    """The ticket would refuse it; the code says why, names stand after a colon."""


def predicted(effect: Effect, facts: Facts) -> Changes:
    """The facts that would be different, with their new values. Raises Impossible."""
    kind = EFFECTS[effect["do"]]
    state = facts.get("state")
    exists = bool(facts.get("number"))  # before that everything can still be set
    if exists and kind.verb and (facts.get("is_archived") or state not in VERBS[kind.verb].sources):
        raise Impossible("state")
    predict = _PREDICTIONS.get(effect["do"])
    new = predict(effect, facts) if predict else {}
    return {key: value for key, value in new.items() if facts.get(key) != value}


def _moved(verb: str, facts: Facts) -> Changes:
    """A new state takes the custom status off."""
    target = str(VERBS[verb].target_from(facts["state"]).value)
    return {"state": target, "status": None} if target != facts["state"] else {}


def _assign(effect: Effect, facts: Facts) -> Changes:
    how = effect["how"]
    if how == "nobody":
        return {"assignee": None}
    if how in ("agent", "myself"):
        agent = effect["agent"] if how == "agent" else facts.get("agent")
        _require_works_there(agent, facts)
    elif facts.get("assignee") is not None:
        return {}
    else:
        agent = UNKNOWN
    if not facts.get("number"):
        return {"assignee": agent}
    return {"assignee": agent, **_moved("assign", facts), **({} if how == "myself" else _AWAKE)}


def _known_agent(agent: Any, facts: Facts) -> Mapping[str, Any] | None:
    return (facts.get("agents") or {}).get(str(agent))


def _require_works_there(agent: Any, facts: Facts) -> None:
    known = _known_agent(agent, facts)
    if known and not known["everywhere"] and facts.get("department") not in known["departments"]:
        raise Impossible("agent")


def _hand_to_team(effect: Effect, facts: Facts) -> Changes:
    exists = facts.get("number")
    new: Changes = {"team": effect["team"], **(_moved("hand_to_team", facts) | _AWAKE if exists else {})}
    known = _known_agent(facts.get("assignee"), facts)
    if known and effect["team"] not in known["teams"]:
        new["assignee"] = None
    return new


def _transfer(effect: Effect, facts: Facts) -> Changes:
    department = effect["department"]
    if department == facts.get("department"):
        raise Impossible("same")
    topic = effect.get("help_topic")
    new: Changes = {"department": department, "help_topic": topic, "team": None, "is_snoozed": False}
    if form := (facts.get("forms") or {}).get(str(topic)):
        new["asked"] = form
    known = _known_agent(facts.get("assignee"), facts)
    if known and not known["everywhere"] and department not in known["member_of"]:
        new["assignee"] = None
    return new


def _tags(names: set[str]) -> Changes:
    if len(names) > MAX_TAGS:
        raise Impossible("tags")
    return {"tags": sorted(names)}


def clean_tags(tags: list[str]) -> set[str]:
    return {" ".join(tag.split()).lower() for tag in tags}


def _set_status(effect: Effect, facts: Facts) -> Changes:
    status = effect.get("status")
    states = facts.get("statuses") or {}
    if status and str(status) in states and states[str(status)] != facts["state"]:
        raise Impossible("status")
    return {"status": status}


def _set_field(effect: Effect, facts: Facts) -> Changes:
    """An answer may show or hide other questions; what is asked no more loses its answer."""
    key, items = effect["name"], facts.get("asked")
    if items is None:
        return {f"{CUSTOM}{key}": effect.get("value")}
    before = _answers(facts)
    after, errors = asked.answered(items, before, {key: effect.get("value")})
    if errors:
        raise Impossible("field")
    return {f"{CUSTOM}{name}": after.get(name) for name in {*before, *after}}


def _answers(facts: Facts) -> dict[str, Any]:
    found = {name.removeprefix(CUSTOM): value for name, value in facts.items() if name.startswith(CUSTOM)}
    return {name: value for name, value in found.items() if value is not None}


def _resolve(facts: Facts) -> Changes:
    _require_answers(facts)
    _require_done(facts)
    return _moved("resolve", facts) | _AWAKE


def _close(facts: Facts) -> Changes:
    if facts["state"] != "resolved" and not facts.get("is_own"):
        _require_answers(facts)
    _require_done(facts)
    return _moved("close", facts) | _AWAKE


def _require_answers(facts: Facts) -> None:
    if missing := asked.missing_to_close(facts.get("asked") or (), _answers(facts)):
        raise Impossible(f"answers:{', '.join(missing)}")


def _require_done(facts: Facts) -> None:
    if titles := facts.get("open_tasks"):
        raise Impossible(f"tasks:{', '.join(titles)}")


def _add_task(effect: Effect, facts: Facts) -> Changes:
    _require_works_there(effect.get("agent"), facts)
    count, titles = facts.get("task_count") or 0, facts.get("open_tasks") or []
    if count >= MAX_TASKS:
        raise Impossible("too_many_tasks")
    return {"task_count": count + 1, "open_tasks": [*titles, effect["text"]]}


def _written(facts: Facts) -> Changes:
    return {"message_count": (facts.get("message_count") or 0) + 1}


def _reopen(facts: Facts) -> Changes:
    """The next closing can be rated anew, and a clock that starts anew forgets the due date set by hand."""
    asked = {"was_asked_to_rate": False} if facts.get("was_asked_to_rate") else {}
    due = {} if facts.get("clock_goes_on") else {"has_manual_due": False}
    return _moved("reopen", facts) | asked | due


def _invite_rating(facts: Facts) -> Changes:
    if facts.get("was_asked_to_rate"):
        raise Impossible("rated")
    return {"was_asked_to_rate": True}


_PREDICTIONS: dict[str, Callable[[Effect, Facts], Changes]] = {
    "set_priority": lambda effect, facts: {"priority": effect["value"]},
    "raise_priority": lambda effect, facts: {"priority": min(facts["priority"] + 1, max(Priority.values))},
    "set_topic": lambda effect, facts: {"help_topic": effect["help_topic"]},
    "assign": _assign,
    "hand_to_team": _hand_to_team,
    "transfer": _transfer,
    "add_tags": lambda effect, facts: _tags(set(facts.get("tags") or ()) | clean_tags(effect["tags"])),
    "remove_tags": lambda effect, facts: _tags(set(facts.get("tags") or ()) - clean_tags(effect["tags"])),
    "set_status": _set_status,
    "set_sla_policy": lambda effect, facts: {"sla_policy": effect["sla_policy"]},
    "set_due": lambda effect, facts: {"has_manual_due": True},
    "clear_due": lambda effect, facts: {"has_manual_due": False},
    "snooze": lambda effect, facts: {"is_snoozed": True},
    "wake": lambda effect, facts: {"is_snoozed": False},
    "set_field": _set_field,
    "add_task": _add_task,
    "start": lambda effect, facts: _moved("start", facts),
    "resolve": lambda effect, facts: _resolve(facts),
    "close": lambda effect, facts: _close(facts),
    "reopen": lambda effect, facts: _reopen(facts),
    "invite_rating": lambda effect, facts: _invite_rating(facts),
    "reply": lambda effect, facts: _moved("reply", facts) | _written(facts),
    "note": lambda effect, facts: _written(facts),
    "auto_reply": lambda effect, facts: _written(facts),
    "send_canned": lambda effect, facts: _written(facts),
}
