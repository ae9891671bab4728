"""What a reader has to know of a mail's sender before believing the name that stands there."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from tickets.mail.addresses import Address
from tickets.mail.authentication import Verdict, ascii_domain
from tickets.mail.parse import ParsedEmail

NAME_FLAGS = {"misleading_name", "mixed_scripts", "hidden_characters"}
_WORD = re.compile(r"[^\W\d_]+")
_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "HEBREW", "ARABIC")
_ANGLES = re.compile(rb"<[^<>]*@[^<>]*>")
_QUOTED = re.compile(rb'"(?:[^"\\]|\\.)*"')
_DOUBLED = re.compile(rb"<\s*(<[^<>]*>)\s*>")  # <<a@b.example>> names nobody else
_NESTED = re.compile(rb"<[^<>]*<[^<>]*@")
_GLUED_COMMENT = re.compile(rb"\w\([^()]*@")
_GLUED_QUOTE = re.compile(rb'\w"(?:[^"\\]|\\.)*"|"(?:[^"\\]|\\.)*"[^\s.@,;:()"]')
_UNSEEN = re.compile("[\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\x00-\x08\x0e-\x1f]")
_HOST = re.compile(r"(?<![\w.-])(?:[\w-]{1,63}\.){1,6}[a-z]{2,24}(?![\w.-])", re.IGNORECASE)


def origin(writer: Address | None, verdict: Verdict, flags: Sequence[str]) -> dict[str, Any]:
    """For `Message.origin`: verdict and what it rests on, the address in full, its ASCII form if it has another, and
    for whom there are flags these and the name that must not be believed.

    Flags: misleading_name, mixed_scripts, hidden_characters (see `flags_of`), message_id_reuse, html_as_file.
    """
    if writer is None:
        return {}
    found: dict[str, Any] = {"verdict": verdict.value, "address": writer.email}
    if verdict.said:
        found["said"] = verdict.said
    if (domain := ascii_domain(writer.email)) != writer.domain:
        found["ascii"] = f"{writer.local}@{domain}"
    if flags:
        found["flags"] = list(flags)
    if set(flags) & NAME_FLAGS:
        found["claimed"] = writer.name
    return found


def flags_of(sender: Address) -> list[str]:
    """Codes of what could deceive a reader about this sender; empty for nearly everybody."""
    checks = {
        "misleading_name": sender.misleading or _claims_host(sender),
        "mixed_scripts": _mixes_scripts(sender.domain) or _mixes_scripts(sender.local) or _mixes_scripts(sender.name),
        "hidden_characters": bool(_UNSEEN.search(sender.name + sender.email)),
    }
    return [code for code, holds in checks.items() if holds]


def is_ambiguous(parsed: ParsedEmail) -> bool:
    """Whether programs could read different authors from this From field: it holds two addresses in angle brackets or
    brackets in brackets, something else than white space and comments after the address, or what is glued to it: an
    address as a comment, a quoted word."""
    return any(_is_ambiguous(value) for value in parsed.headers.raw("from"))


def _is_ambiguous(value: bytes) -> bool:
    plain = _DOUBLED.sub(rb"\1", _QUOTED.sub(b"", value))
    if len(_ANGLES.findall(plain)) > 1 or _NESTED.search(plain) or b"\x00" in plain or _has_more(plain):
        return True
    return bool(_GLUED_COMMENT.search(plain) or (b"<" not in plain and _GLUED_QUOTE.search(value)))


def _has_more(value: bytes) -> bool:
    end = value.rpartition(b">")[2]
    return b">" in value and bool(re.sub(rb"\([^()]*\)|[\s,;]", b"", end))


def _claims_host(sender: Address) -> bool:
    """The name is, or ends as, the name of another host; dots between initials or a company's own domain are none."""
    name = unicodedata.normalize("NFKC", sender.name).strip().lower()
    claimed = [host for host in _HOST.findall(name) if "@" not in name]
    known = ascii_domain(sender.email)
    return any(not _related(host, known) for host in claimed) and bool(_HOST.fullmatch(name))


def _related(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}") or domain.endswith(f".{host}")


def _mixes_scripts(text: str) -> bool:
    """One word written in two alphabets, as no language does: the usual way to imitate a name."""
    return any(len({script for char in word if (script := _script(char))}) > 1 for word in _WORD.findall(text))


def _script(char: str) -> str:
    if char.isascii():
        return "LATIN"
    name = unicodedata.name(unicodedata.normalize("NFKC", char)[:1], "")
    return next((script for script in _SCRIPTS if name.startswith(script)), "")
