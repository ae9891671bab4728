"""Writes docs/lifecycle.md from tickets/states.py; with --check only says whether it is stale."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from tickets.states import CUSTOMER_WORDING, VERBS, State

_HEAD = """# The ticket lifecycle

Generated from `tickets/states.py` by `manage.py draw_lifecycle`; a test fails when it is stale.

"""


def document() -> str:
    return _HEAD + _diagram() + "\n" + _states() + "\n" + _verbs()


def _diagram() -> str:
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> new: open_ticket"]
    arrows: dict[tuple[str, str], list[str]] = {}
    for name, verb in VERBS.items():
        for source in verb.sources:
            target = verb.target_from(source)
            if target != source:
                arrows.setdefault((source.value, target.value), []).append(name)
    lines += [f"    {source} --> {target}: {', '.join(names)}" for (source, target), names in arrows.items()]
    return "\n".join([*lines, "```", ""])


def _states() -> str:
    rows = ["| state | agents read | customers read |", "|---|---|---|"]
    rows += [f"| {state.value} | {state.label} | {CUSTOMER_WORDING[state]} |" for state in State]
    return "\n".join([*rows, ""])


def _verbs() -> str:
    rows = ["| verb | from | to |", "|---|---|---|"]
    for name, verb in VERBS.items():
        targets = dict.fromkeys(verb.target_from(source).value for source in verb.sources)
        same = all(verb.target_from(source) == source for source in verb.sources)
        rows.append(f"| {name} | {', '.join(verb.sources)} | {'same' if same else ', '.join(targets)} |")
    return "\n".join([*rows, ""])


class Command(BaseCommand):
    help = "Draws the lifecycle diagram in docs/lifecycle.md from the code."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="fail when the file is stale, write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        file = Path(settings.BASE_DIR) / "docs" / "lifecycle.md"
        if not options["check"]:
            file.write_text(document())
        elif not file.exists() or file.read_text() != document():
            raise CommandError("docs/lifecycle.md is stale: run manage.py draw_lifecycle")
