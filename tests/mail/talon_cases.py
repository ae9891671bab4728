"""What talon expects of replies, quotations and signatures, read from its own tests.

Talon takes the quote away and leaves the signature, or takes the signature away: a text of its that ends in a signature
is right with it or without it. Tests of its inner parts, and inputs that were not recorded, are not asked.
"""

from __future__ import annotations

import ast
import html
import json
import re
from collections.abc import Iterator
from pathlib import Path

from tickets.mail import contents
from tickets.mail.html_text import marked_text
from tickets.mail.parse import parse
from tickets.mail.signatures import NOBODY, Writer
from tickets.mail.visible import fold, visible_text

INNER = ("too_many_lines", "crash_in", "_marked_", "mark_", "preprocess", "get_signature_candidate", "split_email")
# Every HTML reply of the collection says this above what it quotes.
HTML_REPLY = "Hi. I am fine. Thanks, Alex"
_TEXT = r"eq_\((.+), (?:quotations\.extract_from_plain\((.+)\)|parsed)\)\Z"
_HTML = (
    r"eq_\((.+?), (?:RE_WHITESPACE\.sub\('', (?:quotations\.extract_from_html\(msg_body\)|extracted)\)|extracted)\)\Z"
)
_SIGNATURE = r"eq_\(\((.+), (u?['\"].*['\"]|None)\), bruteforce"
Outcome = tuple[str, bool]


def _cases(corpora: Path) -> list[dict[str, object]]:
    cases = json.loads((corpora / "expectations" / "talon_text_html.json").read_text())["cases"]
    return [case for case in cases if not any(word in case["test"] for word in INNER)]


def _value(expression: str, inputs: dict[str, str]) -> str | None:
    found = re.fullmatch(r"RE_WHITESPACE\.sub\('', (\w+)\)", expression)
    expression = found[1] if found else expression
    if expression in inputs:
        return inputs[expression]
    try:
        return str(ast.literal_eval(expression))
    except (ValueError, SyntaxError):
        return None


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def _letters(text: str) -> str:
    return "".join(text.split())


def of_text(corpora: Path) -> Iterator[Outcome]:
    for case in _cases(corpora):
        inputs = case.get("inputs") or {}
        last = (case["asserts"] or [""])[-1]
        if not case["spec"].endswith("text_quotations_test.py") or not (found := re.match(_TEXT, last)):
            continue
        expected, given = _value(found[1], inputs), _value(found[2] or "msg_body", inputs)
        if expected is not None and given is not None:
            shown = _lines(visible_text(given))
            yield case["test"], shown in (_lines(expected), _lines(visible_text(expected)))


def of_html(corpora: Path) -> Iterator[Outcome]:
    """What is left of HTML is compared as letters: talon looks at tags as well, which nobody reads."""
    for case in _cases(corpora):
        inputs = case.get("inputs") or {}
        for said in case["asserts"] if case["spec"].endswith("html_quotations_test.py") else ():
            if "msg_body" in inputs and (found := re.match(_HTML, said)):
                expected = _value(found[1], inputs)
                if expected is not None and expected != "<html></html>":
                    yield case["test"], _shows(inputs["msg_body"], _plain(expected))
    folder = corpora / "email" / "talon"
    for path in sorted((folder / "html_replies").glob("*.html")):
        yield path.name, _shows(path.read_text(errors="replace"), HTML_REPLY)
    for name, reply in (("OLK_SRC_BODY_SECTION.html", "Reply"), ("reply-separated-by-hr.html", "Hi there")):
        yield name, _shows((folder / name).read_text(errors="replace"), reply)
    shared = shown_of_mail(folder / "reply-quotations-share-block.eml")
    yield "reply-quotations-share-block.eml", bool(shared) and "From" not in shared


def _plain(markup: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", " ", markup))


def _shows(markup: str, reply: str) -> bool:
    page = marked_text(markup)
    shown = "".join(page.text[a:b] for a, b, visible in fold(page.text, marks=page.marks) if visible)
    return _letters(shown).replace(">", "") == _letters(reply).replace(">", "")


def shown_of_mail(path: Path) -> str:
    """What the desk shows of the mail in that file."""
    said = contents.read(parse(path.read_bytes()))
    shown, position = "", 0
    for start, end in said.folded:
        shown, position = shown + said.body[position:start], end
    return (shown + said.body[position:]).strip()


def of_mails(corpora: Path) -> Iterator[Outcome]:
    """Each mail twice: its plain part, which is what talon reads, and what the desk shows of the whole mail."""
    for path in sorted((corpora / "email" / "talon" / "standard_replies").glob("*.eml")):
        beside = path.with_name(f"{path.stem}_reply_text")
        reply = beside.read_text() if beside.exists() else "Hello"
        right = (_letters(reply), _letters(visible_text(reply)))
        yield f"{path.name} (plain)", _letters(visible_text(parse(path.read_bytes()).text)) in right
        yield path.name, _letters(shown_of_mail(path)) in right


def of_signatures(corpora: Path) -> Iterator[Outcome]:
    for case in _cases(corpora):
        for said in case["asserts"] if case["spec"].endswith("bruteforce_test.py") else ():
            if (found := re.match(_SIGNATURE, said)) and (asked := _signed(*found.groups(), case.get("inputs") or {})):
                yield case["test"], _lines(visible_text(asked[0])) == _lines(asked[1])
    for path in sorted((corpora / "email" / "talon" / "signature" / "emails" / "stripped").glob("*_body")):
        text, about = path.read_text(), str(path).removesuffix("_body")
        name, signature = Path(f"{about}_sender").read_text().strip(), Path(f"{about}_signature").read_text().strip()
        writer = Writer(name=name) if name else NOBODY
        shown = "".join(text[a:b] for a, b, visible in fold(text, writer=writer) if visible)
        yield path.name, _lines(shown) == _lines(text.replace(signature, "") if signature else text)


def _signed(reply: str, signature: str, inputs: dict[str, str]) -> tuple[str, str] | None:
    """(text, reply): a test with several inputs records the last one, the others are put together again."""
    expected, end = _value(reply, inputs), None if signature == "None" else _value(signature, {})
    if expected is None or not expected.strip():
        return None
    return (f"{expected}\n{end}" if end else expected), expected
