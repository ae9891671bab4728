"""What other projects expect of a reply's visible text, read from their own tests.

Their tests speak of fragments: pieces of the text in order, each hidden or not. Here that becomes: this must be shown,
this must be folded, this is all that is shown. What a test leaves open is not asked.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tickets.mail.visible import fold

_FLAGS = (
    r"assert_equal \[([^\]]*)\],\s*reply\.fragments\.map \{ \|f\| f\.hidden",
    r"assertEqual\(\[([^\]]*)\], \[f(?:ragment)?\.hidden",
    r"deepEqual\(\[([^\]]*)\], _\.map\(\w+\.fragments, function\(f\) \{ return f\.isHidden",
)
_SAME = (
    r'assert_equal ("(?:[^"\\]|\\.)*"), reply\.fragments\[(\d)\]',
    r'test\.equal\(("(?:[^"\\]|\\.)*"), fragments\[(\d)\]',
    r'test\.equal\(("(?:[^"\\]|\\.)*"), reply\.fragments\[(\d)\]',
)
_FINDS = (
    r"assert_match\(?\s*/((?:[^/\\]|\\.)+)/, +reply\.fragments\[(\d)\]",
    r"/((?:[^/\\]|\\.)+)/\.test\((?:reply\.)?fragments\[(\d)\]",
    r"re\.match\('([^']+)', message\.fragments\[(\d)\]",
)
_HOLDS = (
    r"assertTrue\('([^']+)' in m(?:essage|sg)\.fragments\[(\d)\]",
    r'assert_match "([^"]+)", reply\.fragments\[(\d)\]',
)
_ALL = (
    r'assert_equal ("(?:[^"\\]|\\.)*"),\s*EmailReplyParser\.parse_reply',
    r"assertEqual\(('(?:[^'\\]|\\.)*'), EmailReplyParser\.parse_reply",
    r"assertEqual\(message\.reply\.strip\(\), ('(?:[^'\\]|\\.)*')",
    r'test\.equal\(("(?:[^"\\]|\\.)*"), (?:email\.getVisibleText\(\)|reply)\)',
)
_SHOWN = (r"assertTrue\('([^']+)' in (?:message\.reply|EmailReplyParser)",)
_GONE = (r"assertTrue\('([^']+)' not in EmailReplyParser",)
_ONE = r"(?:test\.equal|assert_equal|assertEqual)\(? ?1, (?:reply\.|message\.)?(?:len\(message\.)?fragments"
_COMMON = "COMMON_FIRST_FRAGMENT"


def even(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def text_of(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace").replace("\r\n", "\n")


def parts_of(text: str) -> tuple[str, str]:
    """(shown, folded)"""
    ranges = fold(text)
    shown = "".join(text[start:end] for start, end, visible in ranges if visible)
    return shown, "".join(text[start:end] for start, end, visible in ranges if not visible)


@dataclass
class Asked:
    """Of one text: `only` is the whole visible text; the patterns are searched in what is shown and what is folded."""

    only: str | None = None
    shown: list[str] = field(default_factory=list)
    folded: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return self.only is not None or bool(self.shown or self.folded)

    def holds(self, text: str) -> bool:
        shown, folded = parts_of(text)
        return (
            (self.only is None or even(shown) == even(self.only))
            and all(_in(pattern, shown) for pattern in self.shown)
            and all(_in(pattern, folded) for pattern in self.folded)
        )


def _in(pattern: str, text: str) -> bool:
    return any(re.search(pattern, version, re.MULTILINE) for version in (text, even(text)))


def trimmed_replies(corpora: Path) -> Iterator[tuple[str, bool]]:
    """(mail, right) for the mails of discourse's email_reply_trimmer: what it shows has to be exactly what we show."""
    folder = corpora / "email" / "discourse_reply_trimmer"
    for path in sorted((folder / "emails").glob("*.txt")):
        yield path.name, Asked(only=text_of(folder / "trimmed" / path.name)).holds(text_of(path))


def embedded_mails(corpora: Path) -> Iterator[tuple[str, bool]]:
    """(mail, right): an earlier mail inside a reply is folded, a forwarded one is shown except for its header."""
    folder = corpora / "email" / "discourse_reply_trimmer"
    for path in sorted((folder / "embedded").glob("*.txt")):
        text, inner = text_of(folder / "emails" / path.name), text_of(path)
        forwarded = path.name.startswith("forwarded")
        parts = [part.strip() for part in inner.split("\n\n") if part.strip()]
        shown, folded = parts_of(text)
        place = re.sub(r"^> ?", "", shown, flags=re.MULTILINE) if forwarded else folded
        yield path.name, all(even(part) in even(place) for part in (parts[1:] if forwarded else parts))


def chatwoot_replies(corpora: Path, shown_of: Callable[[Path], str]) -> Iterator[tuple[str, bool]]:
    """(test, right) for what Chatwoot expects a mail to say after its quotes were taken off."""
    folder = corpora / "email" / "chatwoot" / "files"
    for case in json.loads((corpora / "expectations" / "chatwoot.json").read_text())["cases"]:
        for how, text in re.findall(r"\.content\)\.to (eq|include)\((['\"].+['\"])\)", "\n".join(case["asserts"])):
            for path in [folder / name for name in case["fixtures"]]:
                shown, expected = even(shown_of(path)), ast.literal_eval(text)
                yield f"{path.name}: {case['test']}", expected in shown if how == "include" else shown == expected


def fragment_tests(corpora: Path, name: str, folder: str) -> Iterator[tuple[str, bool]]:
    """(test, right) for each test of that parser that says what its reader sees."""
    home = corpora / "email" / name / folder
    common = _common(home)
    for case in json.loads((corpora / "expectations" / f"{name}.json").read_text())["cases"]:
        said = "\n".join(case["asserts"])
        path = home / (case["fixtures"] or [_named(said)])[0]
        if path.is_file():
            text = text_of(path)
            if asked := _asked(said, text, common):
                yield case["test"], asked.holds(text)


def _named(said: str) -> str:
    found = re.search(r'email[ (]+[:"](\w+)', said)
    return f"{found[1]}.txt" if found else "?"


def _common(home: Path) -> str:
    """The reply that most of crisp's mails share; its tests name it without spelling it out."""
    path = home / "email_18.txt"
    return text_of(path).split("\n\n")[0] if path.is_file() else ""


def _asked(said: str, text: str, common: str) -> Asked:
    asked = Asked()
    if common and _COMMON in said:
        asked.only = common
    elif whole := _first(_ALL, said):
        asked.only = ast.literal_eval(whole.replace("\n", "\\n"))
    elif re.search(_ONE, said):
        asked.only = text
    asked.shown += [re.escape(found) for pattern in _SHOWN for found in re.findall(pattern, said)]
    _fragments(asked, said)
    if re.search("|".join(_GONE), said):
        asked.folded += [re.escape(found) for pattern in _GONE for found in re.findall(pattern, said)]
    return asked


def _first(patterns: tuple[str, ...], said: str) -> str:
    return next((found[1] for pattern in patterns if (found := re.search(pattern, said, re.DOTALL))), "")


def _fragments(asked: Asked, said: str) -> None:
    flags = re.findall(r"true|false", _first(_FLAGS, said).lower()) or [
        flag
        for flag, _ in sorted(
            set(re.findall(r"test\.equal\((true|false), fragments\[(\d)\]\.isHidden", said)), key=lambda f: f[1]
        )
    ]
    same = [
        (ast.literal_eval(text.replace("\n", "\\n")), int(place))
        for p in _SAME
        for text, place in re.findall(p, said, re.DOTALL)
    ]
    found = [(re.escape(even(text)), place) for text, place in same if even(text)]
    found += [(pattern, int(place)) for p in _FINDS for pattern, place in re.findall(p, said)]
    found += [(re.escape(text), int(place)) for p in _HOLDS for text, place in re.findall(p, said)]
    places = {place for _, place in found}
    if asked.only is None and same and _alone(same[0], flags, places):
        asked.only = same[0][0]
    for pattern, place in found:
        if place < len(flags):
            (asked.folded if flags[place] == "true" else asked.shown).append(pattern)
        elif place == 0:
            asked.shown.append(pattern)
        elif places <= {0, 1}:
            asked.folded.append(pattern)


def _alone(first: tuple[str, int], flags: list[str], places: set[int]) -> bool:
    """Whether that fragment is all that is shown: it is the first, and the others are hidden as far as we are told."""
    return first[1] == 0 and "false" not in flags[1:] and places <= {0, 1}
