"""What our own mail server found out about a mail's sender: its Authentication-Results field (RFC 8601).

Anybody can write such a field. One counts only if it bears the name of a server of ours (its authserv-id) and stands
above the first Received field, where only our own server can have put it. While no name is set, nothing is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from tickets.mail.headers import Headers, as_text

UNKNOWN, VERIFIED, FAILED = "unknown", "verified", "failed"
_LONGEST = 8192
_MOST_RESULTS = 50
_METHOD = re.compile(r"([a-z0-9-]{1,40})(?:/\d{1,5})?=([a-z]{1,40})", re.ASCII)
_PROPERTY = re.compile(r'([a-z][\w-]{0,40}(?:\.[\w-]{1,60})?)=("(?:[^"\\]|\\.)*"|[^\s;]*)', re.ASCII | re.IGNORECASE)
_POLICY = re.compile(r"\bp=(none|quarantine|reject)\b", re.IGNORECASE)
_EQUALS = re.compile(r"\s*=\s*")


@dataclass(frozen=True, slots=True)
class Result:
    """One method's word: `value` is pass, fail, none and so on; `properties` as `header.from`; all lower case but the
    properties' values. `comment` is what stood in brackets."""

    method: str
    value: str
    properties: dict[str, str] = field(default_factory=dict)
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    authserv_id: str
    results: tuple[Result, ...] = ()


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose word counts: the authserv-ids in lower case, and how many Received fields of our own provider stand above
    its results (0 for a server that writes them on top). Behind such fields only the topmost result counts."""

    ids: frozenset[str] = frozenset()
    hops: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """`value` is unknown, verified or failed. `policy` is what the domain wants done with failed mail, empty when the
    result does not say; `said` is the result itself, for people."""

    value: str = UNKNOWN
    policy: str = ""
    said: str = ""

    @property
    def is_verified(self) -> bool:
        return self.value == VERIFIED

    @property
    def is_refused(self) -> bool:
        """Failed, and the domain's owner did not ask to let it pass all the same."""
        return self.value == FAILED and self.policy != "none"


def trusted(names: str, hops: int = 0) -> Trust:
    """From a setting: authserv-ids separated by commas or spaces."""
    return Trust(frozenset(name.lower() for name in re.split(r"[,\s]+", names) if name), hops)


def judge(headers: Headers, address: str, trust: Trust) -> Verdict:
    """Whether the author's address is proved to be his by what our server wrote onto the mail. `address` is the one
    of the From field."""
    results = [result for one in _own(headers, trust) for result in one.results]
    domain = ascii_domain(address)
    if not results or not domain:
        return Verdict()
    dmarc = [one for one in results if one.method == "dmarc" and _is_about(one, domain)]
    if failed := next((one for one in dmarc if one.value == "fail"), None):
        return Verdict(FAILED, _policy(failed), _words(failed))
    proofs = (one for one in results if _proves(one, address, domain))
    if proof := next(proofs, None):
        return Verdict(VERIFIED, said=_words(proof))
    return Verdict(said=_words(dmarc[0]) if dmarc else "")


def parse(value: str) -> Field | None:
    """One field's value; None when it does not begin with an authserv-id. Takes any text."""
    head, *rest = _statements(value[:_LONGEST])
    words = head[0].split()
    if not words or "=" in words[0]:
        return None
    results = (_result(text, comment) for text, comment in rest[:_MOST_RESULTS])
    return Field(words[0].strip('"').lower(), tuple(one for one in results if one))


def ascii_domain(address: str) -> str:
    """The address's domain as DNS writes it; empty when it cannot be written so."""
    domain = address.rpartition("@")[2].lower().rstrip(".")
    if domain.isascii():
        return domain
    try:
        return domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return ""


def _own(headers: Headers, trust: Trust) -> Iterable[Field]:
    """The fields that our own server wrote."""
    received, found = 0, []
    for name, value in headers if trust.ids else ():
        if name == "received":
            received += 1
            if received > trust.hops:
                break
        elif name == "authentication-results" and (one := parse(as_text(value))) and one.authserv_id in trust.ids:
            found.append(one)
    return found[:1] if trust.hops else found


def _is_about(result: Result, domain: str) -> bool:
    """Whether a DMARC result speaks of this author's domain; the domain has to stand there."""
    return ascii_domain(result.properties.get("header.from", "")) == domain


def _proves(result: Result, address: str, domain: str) -> bool:
    if result.value != "pass":
        return False
    if result.method == "dmarc":
        return _is_about(result, domain)
    if result.method == "auth":
        return result.properties.get("smtp.auth", "").lower() == address.lower()
    # A signature of the domain itself or of one above it, whose owner rules over all below.
    signer = ascii_domain(result.properties.get("header.d") or result.properties.get("header.i", ""))
    return result.method == "dkim" and "." in signer and f".{domain}".endswith(f".{signer}")


def _policy(result: Result) -> str:
    for name in ("policy.published-domain-policy", "policy.dmarc", "policy.p"):
        if said := result.properties.get(name, "").lower():
            return said
    if found := _POLICY.search(result.comment):
        return found[1].lower()
    return result.properties.get("action", "").lower().removeprefix("o").partition(".")[0]


def _words(result: Result) -> str:
    about = result.properties.get("header.from") or result.properties.get("header.d") or ""
    return f"{result.method}={result.value} {about} {result.comment}".strip()[:200]


def _result(text: str, comment: str) -> Result | None:
    text = _EQUALS.sub("=", text.strip())
    first = _METHOD.match(text.lower())
    if first is None:
        return None
    properties = {name.lower(): value.strip('"') for name, value in _PROPERTY.findall(text[first.end() :])}
    return Result(first[1], first[2], properties, comment)


def _statements(text: str) -> list[tuple[str, str]]:
    """The value cut at its semicolons: (text without comments, comments) each. Quotes may hold both signs."""
    parts, said, comment, depth, quoted, place = [], "", "", 0, False, 0
    while place < len(text):
        char = text[place]
        if char == "\\" and (quoted or depth):
            char, place = text[place : place + 2], place + 1
        elif char == '"' and not depth:
            quoted = not quoted
        elif char in "()" and not quoted:
            depth = max(0, depth + (1 if char == "(" else -1))
            char = " "
        elif char == ";" and not quoted and not depth:
            parts.append((said, comment.strip()))
            said, comment, char = "", "", ""
        if depth:
            comment += char
        else:
            said += char
        place += 1
    return [*parts, (said, comment.strip())]
