"""What `manage.py check` knows about the desk beyond Django's own checks."""

from __future__ import annotations

from typing import Any

from django.core.checks import Error, register

from tickets.events import EVENTS
from tickets.permissions import PREDICATES
from tickets.states import VERBS


@register()
def verbs_are_complete(app_configs: Any, **kwargs: Any) -> list[Error]:
    """Every verb of the lifecycle has a predicate, so that none is allowed by omission."""
    missing = sorted(set(VERBS) ^ set(PREDICATES))
    return [Error(f"verb {verb!r} lacks its predicate or its row in VERBS", id="tickets.E001") for verb in missing]


@register()
def events_have_sentences(app_configs: Any, **kwargs: Any) -> list[Error]:
    return [
        Error(f"event {kind!r} has no sentence", id="tickets.E002") for kind, row in EVENTS.items() if not row.sentence
    ]
