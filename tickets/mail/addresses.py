"""Address lists of RFC 5322 as people and programs really write them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from tickets.mail.headers import as_bytes, as_text, decode_words, one_line, raw_text

MAX_ADDRESSES = 200
_ATOM = re.compile(r"[^\s\"(),:;<>@\[\]]+|@|\[[^\]\s]{0,80}\]?|\]")
_WORD = re.compile(r"=\?[^?\s]{1,80}\?[bBqQ]\?[^?]*\?=")
_LOCAL = re.compile(r"[^\s\"(),:;<>@\[\]\\\x00-\x20\x7f]{1,64}\Z")
_LABEL = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?\Z")


@dataclass(frozen=True, slots=True)
class Address:
    """One mailbox: display name (may be empty) and address with its domain in lower case."""

    name: str
    email: str

    @property
    def key(self) -> str:
        """The form to compare and look up by."""
        return self.email.lower()

    @property
    def local(self) -> str:
        return self.email.rpartition("@")[0]

    @property
    def domain(self) -> str:
        return self.email.rpartition("@")[2]

    @property
    def misleading(self) -> bool:
        """The display name holds an address or host name other than the real one: show the real one in full."""
        claimed = re.findall(r"[\w.+-]{1,64}@([\w.-]{1,253})", unicodedata.normalize("NFKC", self.name))
        return any(domain.lower().strip(".-") != self.domain for domain in claimed)


def without_tag(address: str) -> str:
    """The address without what follows a plus sign in its local part: mail to both reaches the same mailbox."""
    local, _, domain = address.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def read(values: list[bytes], limit: int = MAX_ADDRESSES) -> list[Address]:
    """Addresses of all given header values, unreadable ones left out, at most `limit`."""
    found: list[Address] = []
    for value in values:
        for name, email in _mailboxes(as_text(value)):
            if len(found) >= limit:
                return found
            if (address := make(name, email)) is not None:
                found.append(address)
    return found


def make(name: str, email: str) -> Address | None:
    """An Address, or None when `email` cannot be one."""
    if not is_address(email):
        return None
    local, _, domain = email.rpartition("@")
    return Address(one_line(name)[:200], f"{local}@{domain.lower()}")


def is_address(text: str) -> bool:
    """Whether mail could be sent there: dot-atom local part, host name with a dot or `localhost`, no literals."""
    local, at, domain = text.rpartition("@")
    if not at or len(text) > 254 or not _LOCAL.match(local) or ".." in local:
        return False
    if local.startswith(".") or local.endswith(".") or one_line(text) != text:
        return False
    labels = domain.split(".")
    return (len(labels) > 1 or domain == "localhost") and all(_LABEL.match(label) for label in labels)


def _mailboxes(text: str):
    """(display name, addr-spec) pairs; groups are opened, comments serve as names where there is no other."""
    phrase: list[str] = []
    comment, angle = "", None
    for kind, token in _tokens(text):
        if kind == "angle":
            angle = token
        elif kind == "comment":
            comment = comment or token
        elif kind == "end":
            yield from _pair(phrase, comment, angle)
            phrase, comment, angle = [], "", None
        elif kind == "group":
            phrase = []
        else:
            phrase.append(token)
    yield from _pair(phrase, comment, angle)


def _pair(phrase: list[str], comment: str, angle: str | None):
    if angle is not None:
        name = " ".join(phrase).replace(" @ ", "@") or comment
        yield decode_words(as_bytes(name)), raw_text(as_bytes(angle))
        return
    joined = "".join(phrase)
    if "@" in joined:
        yield decode_words(as_bytes(comment)), raw_text(as_bytes(joined))


def _tokens(text: str):
    place, size, in_group = 0, len(text), False
    while place < size:
        char = text[place]
        if char == '"':
            token, place = _quoted(text, place)
            yield "word", token
        elif char == "(":
            token, place = _comment(text, place)
            yield "comment", token
        elif char == "<":
            token, place = _angle(text, place)
            yield "angle", token
        elif char in ",;":
            in_group = in_group and char != ";"
            place += 1
            yield "end", char
        elif char == ":" and not in_group:
            in_group = True
            place += 1
            yield "group", char
        elif match := (_WORD.match(text, place) if char == "=" else None) or _ATOM.match(text, place):
            place = match.end()
            yield "word", match[0]
        else:
            place += 1


def _quoted(text: str, place: int) -> tuple[str, int]:
    out: list[str] = []
    place += 1
    while place < len(text) and text[place] != '"':
        place += text[place] == "\\"
        out.append(text[place : place + 1])
        place += 1
    return "".join(out), place + 1


def _comment(text: str, place: int) -> tuple[str, int]:
    start, depth = place + 1, 0
    while place < len(text):
        depth += (text[place] == "(") - (text[place] == ")")
        place += 2 if text[place] == "\\" else 1
        if depth == 0:
            break
    return text[start : max(start, place - 1)], place


def _angle(text: str, place: int) -> tuple[str, int]:
    """Inside of <...>; a source route (`@a,@b:x@y`) is dropped, a missing `>` ends at the next separator."""
    end = text.find(">", place)
    if end < 0:
        stop = re.compile(r"[,;]").search(text, place)
        end = stop.start() if stop else len(text)
        return text[place + 1 : end].strip(), end
    inner = text[place + 1 : end].strip().strip("<")
    return inner.rpartition(":")[2].strip() if inner.startswith("@") else inner, end + 1
