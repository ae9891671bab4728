"""Header fields: unfolding, RFC 2047 words, RFC 2231 parameters. Every function takes any bytes and returns."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from tickets.mail.charsets import clean, decode

ENCODED_WORD = re.compile(rb"=\?([^?\s]{1,80})\?([bBqQ])\?([^?]*)\?=")
_BETWEEN_WORDS = re.compile(rb"(\?=)\s+(?==\?[^?\s]{1,80}\?[bBqQ]\?)")
# Controls, and the marks that reorder or hide text (bidi overrides and isolates).
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")
_SPACES = re.compile(r"\s+")
_PARAMETER = re.compile(r';\s*([^\s=;"]{1,100})\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^;]*))', re.DOTALL)
_NO_SEMICOLON = re.compile(r"\s*([^\s=\"]{1,200})\s+([^\s=\"]{1,100}=.*)", re.DOTALL)
_CONTINUED = re.compile(r"([^*]+)\*(?:(\d{1,3})(\*)?)?\Z")
_ID = re.compile(r"<([^<>\s]{1,500})>")
_BARE_ID = re.compile(r"[^\s<>,;\"()]{1,250}@[^\s<>,;\"()]{1,250}")


@dataclass(frozen=True, slots=True)
class Headers:
    """Fields in order as (lower-case name, unfolded raw value). Values are decoded when asked for."""

    fields: tuple[tuple[str, bytes], ...] = ()

    def raw(self, name: str) -> list[bytes]:
        return [value for key, value in self.fields if key == name]

    def all(self, name: str) -> list[str]:
        """Every value of the field as readable one-line text."""
        return [one_line(decode_words(value)) for value in self.raw(name)]

    def get(self, name: str, default: str = "") -> str:
        """First value as readable one-line text."""
        for key, value in self.fields:
            if key == name:
                return one_line(decode_words(value))
        return default

    def __contains__(self, name: object) -> bool:
        return any(key == name for key, _ in self.fields)

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        return iter(self.fields)


def one_line(text: str) -> str:
    """Without line breaks, controls and bidi overrides; runs of white space become one space."""
    return _SPACES.sub(" ", _UNSEEN.sub("", _SPACES.sub(" ", clean(text)))).strip()


def decode_words(raw: bytes) -> str:
    """RFC 2047 text. Neighbouring words of one charset are joined as bytes first, so a split letter survives."""
    if b"=?" not in raw:
        return raw_text(raw)
    line = _BETWEEN_WORDS.sub(rb"\1", raw)
    out: list[str] = []
    held, charset, end = b"", "", 0
    for match in ENCODED_WORD.finditer(line):
        name = match[1].partition(b"*")[0].decode("ascii", "replace").lower()
        if held and (match.start() > end or name != charset):
            out.append(decode(held, charset).text)
            held = b""
        out.append(raw_text(line[end : match.start()]))
        held, charset, end = held + _word_bytes(match[2], match[3]), name, match.end()
    if held:
        out.append(decode(held, charset).text)
    out.append(raw_text(line[end:]))
    return "".join(out)


def raw_text(raw: bytes) -> str:
    """Unencoded header bytes as text: ASCII mostly, else guessed like a body."""
    return decode(raw).text if not raw.isascii() else clean(raw.decode("ascii"))


def _word_bytes(kind: bytes, payload: bytes) -> bytes:
    if kind in b"qQ":
        return binascii.a2b_qp(payload.replace(b" ", b"_"), header=True)
    try:
        return base64.b64decode(payload + b"=" * (-len(payload) % 4))
    except (binascii.Error, ValueError):
        return payload


def parameters(raw: bytes) -> tuple[str, dict[str, str]]:
    """A structured field such as Content-Type: its lower-case value and its decoded parameters.

    RFC 2231 wins over a plain parameter of the same name; encoded words inside quotes are decoded as well,
    since most mailers write names that way.
    """
    text = as_text(raw).replace("\r", "").replace("\n", " ")
    value, _, rest = text.partition(";")
    if lost := _NO_SEMICOLON.match(value):
        value, rest = lost[1], f"{lost[2]};{rest}"
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[str, bool]]] = {}
    for match in _PARAMETER.finditer(";" + rest):
        name = match[1].lower()
        content = re.sub(r"\\(.)", r"\1", match[2]) if match[2] is not None else match[3].strip()
        extended = _CONTINUED.match(name) if "*" in name else None
        if extended:
            coded = extended[2] is None or bool(extended[3])
            pieces.setdefault(extended[1], {}).setdefault(int(extended[2] or 0), (content, coded))
        else:
            plain.setdefault(name, decode_words(as_bytes(content)))
    for name, numbered in pieces.items():
        plain[name] = _joined(numbered)
    return one_line(value).lower(), {name: one_line(found) for name, found in plain.items()}


def as_text(raw: bytes) -> str:
    """Bytes as text to be cut apart; `as_bytes` gives the very same bytes back."""
    return raw.decode("utf-8", "surrogateescape")


def as_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _joined(numbered: dict[int, tuple[str, bool]]) -> str:
    charset, data = "", b""
    for place in range(len(numbered)):
        if place not in numbered:
            break
        content, coded = numbered[place]
        if place == 0 and coded and content.count("'") >= 2:
            charset, _, content = content.split("'", 2)
        data += unquote_to_bytes(as_bytes(content)) if coded else as_bytes(content)
    return decode(data, charset).text


def message_ids(values: list[bytes]) -> list[str]:
    """Message-IDs with their angle brackets, in order, each once."""
    text = " ".join(value.decode("utf-8", "replace") for value in values)
    found = [f"<{match}>" for match in _ID.findall(text)]
    if not found:
        found = [f"<{match}>" for match in _BARE_ID.findall(text)]
    return list(dict.fromkeys(one_line(item) for item in found))
