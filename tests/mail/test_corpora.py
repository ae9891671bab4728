"""Measured on mail that nobody here wrote. A score may rise, never fall: raise `tests/floors.json` with it."""

import json
from pathlib import Path

from tickets.mail.visible import fold, visible_text

FLOORS = json.loads((Path(__file__).parents[1] / "floors.json").read_text())


def text_of(path):
    return path.read_bytes().decode("utf-8", "replace").replace("\r\n", "\n")


def even(text):
    return "\n".join(line.rstrip() for line in text.strip().split("\n"))


def mails(folder):
    kinds = {".eml", ".raw", ".msg", ".mbox", ".txt"}
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix in kinds]


def test_nothing_is_lost_by_folding(corpora):
    for path in mails(corpora / "email"):
        text = path.read_bytes().decode("utf-8", "replace")
        assert "".join(text[start:end] for start, end, _ in fold(text)) == text, path


def test_replies_of_many_clients(corpora):
    folder = corpora / "email" / "discourse_reply_trimmer"
    right = sum(
        even(visible_text(text_of(path))) == even(text_of(folder / "trimmed" / path.name))
        for path in (folder / "emails").glob("*.txt")
    )
    assert right >= FLOORS["replies_discourse"]


def test_replies_in_many_languages(corpora):
    cases = json.loads((corpora / "expectations" / "crisp_reply_parser.json").read_text())["cases"]
    folder = corpora / "email" / "crisp_reply_parser" / "fixtures"
    names = [c["fixtures"][0] for c in cases if c["fixtures"] and "COMMON_FIRST_FRAGMENT" in str(c["asserts"])]
    shown = [" ".join(visible_text(text_of(folder / name)).split()) for name in names]
    right = sum(text.startswith("Fusce bibendum") and text.endswith("varius aliquet nec nec nibh.") for text in shown)
    assert right >= FLOORS["replies_crisp"]
