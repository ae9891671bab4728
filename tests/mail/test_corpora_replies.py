"""Visible text measured on replies that nobody here wrote. A score may rise, never fall: raise `tests/floors.json`."""

import json
from itertools import chain
from pathlib import Path

import pytest

from tests.mail import reply_cases, talon_cases
from tickets.mail.visible import fold

FLOORS = json.loads((Path(__file__).parents[1] / "floors.json").read_text())


def measure(key, outcomes):
    found = list(outcomes)
    wrong = [name for name, right in found if not right]
    assert len(found) - len(wrong) >= FLOORS[key], f"{len(found) - len(wrong)} of {len(found)}, not {wrong}"


def test_nothing_is_lost_by_folding(corpora):
    for path in sorted((corpora / "email").rglob("*")):
        if path.is_file() and path.suffix in {".eml", ".txt", ".msg", ".html"}:
            text = path.read_bytes().decode("utf-8", "replace")
            assert "".join(text[start:end] for start, end, _ in fold(text)) == text, path


def test_replies_of_many_clients(corpora):
    measure("replies_discourse", reply_cases.trimmed_replies(corpora))


def test_mails_inside_mails(corpora):
    measure("replies_embedded", reply_cases.embedded_mails(corpora))


@pytest.mark.parametrize(("name", "folder"), [("crisp", "fixtures"), ("github", "emails"), ("zapier", "emails")])
def test_agrees_with_other_reply_parsers(corpora, name, folder):
    measure(f"replies_{name}", reply_cases.fragment_tests(corpora, f"{name}_reply_parser", folder))


def test_agrees_with_talon(corpora):
    kinds = (talon_cases.of_text, talon_cases.of_html, talon_cases.of_mails, talon_cases.of_signatures)
    measure("replies_talon", chain.from_iterable(kind(corpora) for kind in kinds))


def test_agrees_with_chatwoot(corpora):
    measure("replies_chatwoot", reply_cases.chatwoot_replies(corpora, talon_cases.shown_of_mail))
