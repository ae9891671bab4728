"""The part tree of a raw message. Bounded by `Limits`, linear in the size of the message, never raises.

The standard library's parser checks every line against every open boundary and recurses once per level, so a
hostile nesting costs it seconds; this one cuts byte ranges and stops at the limits.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass, field

from tickets.mail.charsets import Decoded, decode
from tickets.mail.headers import Headers, parameters

MAX_LOOKALIKES = 100_000
MAX_STRAYS = 8
_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
_ENCODINGS = {"base64", "quoted-printable", "x-uuencode", "uuencode", "x-uue"}
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one message may cost; anything beyond becomes a problem code instead of work."""

    size: int = 25 * 1024 * 1024
    parts: int = 200
    depth: int = 20
    header_lines: int = 1000
    header_bytes: int = 256 * 1024
    one_header: int = 64 * 1024
    attachments: int = 100
    html: int = 2 * 1024 * 1024
    text: int = 1_000_000
    recipients: int = 200
    references: int = 50


@dataclass(slots=True)
class Part:
    """One node: its headers and the range of the raw message holding its body."""

    headers: Headers
    content_type: str
    params: dict[str, str]
    disposition: str
    disposition_params: dict[str, str]
    raw: bytes
    start: int
    end: int
    children: list[Part] = field(default_factory=list)

    @property
    def maintype(self) -> str:
        return self.content_type.partition("/")[0]

    @property
    def file_name(self) -> str:
        """As sent, uncleaned; `filename` wins over `name`."""
        return self.disposition_params.get("filename") or self.params.get("name") or ""

    def payload(self) -> bytes:
        """Body bytes with the transfer encoding undone as far as that is possible."""
        body = self.raw[self.start : self.end]
        values = self.headers.raw("content-transfer-encoding")
        encoding = parameters(values[0])[0] if values else ""
        return undo_transfer_encoding(body, encoding) if encoding in _ENCODINGS else body

    def text(self, most: int) -> Decoded:
        """Body as text with LF line ends. Of a long one at least `most` characters, not much more."""
        data = self.payload()
        if len(data) > 4 * most:  # no charset takes more bytes for a character
            data = data[: max(data.rfind(b"\n", 3 * most, 4 * most) + 1, 3 * most)]
        found = decode(data, self.params.get("charset"))
        return Decoded(found.text.replace("\r\n", "\n").replace("\r", "\n"), found.charset, found.lossy)


@dataclass(slots=True)
class Tree:
    """Result of `split`: the root part and the first limit that was met, if any."""

    root: Part
    problem: str = ""
    notes: list[str] = field(default_factory=list)
    parts: int = 0
    delimiters: list[bytes] = field(default_factory=list)

    def stop(self, problem: str) -> None:
        self.problem = self.problem or problem


def split(raw: bytes, limits: Limits) -> Tree:
    """Cut a message into its parts. Beyond a limit the tree ends early and `problem` names the limit."""
    if b"\n" not in raw:
        raw = raw.replace(b"\r", b"\n")
    start = 0
    while raw.startswith((b"\r\n", b"\n"), start):
        start += 2 if raw.startswith(b"\r\n", start) else 1
    if raw.startswith((b"From ", b">From "), start):
        start = _line_end(raw, start, len(raw))
    tree = Tree(_part(Headers(), raw, start, start, "text/plain"))
    headers, body = _headers(raw, start, len(raw), limits, tree)
    tree.root = _part(headers, raw, body, len(raw), "text/plain")
    _grow(tree.root, 1, limits, tree)
    return tree


def undo_transfer_encoding(body: bytes, encoding: str) -> bytes:
    """Decode base64, quoted-printable or uuencode, keeping what can be read of damaged data."""
    if encoding == "base64":
        return _base64(body)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(body)
    return _uuencoded(body)


def _part(headers: Headers, raw: bytes, start: int, end: int, default_type: str) -> Part:
    given = headers.raw("content-type")
    content_type, params = parameters(given[0]) if given else ("", {})
    if not re.fullmatch(r"[a-z0-9!#$&^_.+-]{1,127}/[a-z0-9!#$&^_.+-]{1,127}", content_type):
        content_type = "text/plain" if content_type in ("text", "") and given else default_type
    given = headers.raw("content-disposition")
    disposition, disposition_params = parameters(given[0]) if given else ("", {})
    return Part(headers, content_type, params, disposition, disposition_params, raw, start, end)


def _line_end(raw: bytes, place: int, end: int) -> int:
    found = raw.find(b"\n", place, end)
    return end if found < 0 else found + 1


def _headers(raw: bytes, start: int, end: int, limits: Limits, tree: Tree) -> tuple[Headers, int]:
    """Fields from `start` on, and where the body begins. A line that is no field begins the body."""
    fields: list[tuple[str, bytes]] = []
    name, value = "", bytearray()
    place = start
    for lines in range(limits.header_lines + 1):
        stop = _line_end(raw, place, end)
        line = raw[place:stop].rstrip(b"\r\n") if stop - place <= limits.one_header else b""
        if stop - place > limits.one_header or place - start > limits.header_bytes or lines == limits.header_lines:
            tree.stop("headers_too_large")
            break
        if line[:1] in (b" ", b"\t") and name:
            value += line if len(value) + len(line) <= limits.one_header else b""
            place = stop
            continue
        match = _FIELD.match(line if name else line.lstrip(b" \t"))
        if not match:
            if line.strip():
                tree.notes.append("no blank line after headers")
            place = place if line.strip() else stop
            break
        if name:
            fields.append((name, bytes(value.strip())))
        name, value = match[1].decode("ascii").lower(), bytearray(line.partition(b":")[2])
        place = stop
    if name:
        fields.append((name, bytes(value.strip())))
    return Headers(tuple(fields)), place


def _grow(part: Part, depth: int, limits: Limits, tree: Tree) -> None:
    tree.parts += 1
    if part.maintype != "multipart" or tree.problem:
        return
    boundary = part.params.get("boundary", "").encode("utf-8", "replace")
    tree.delimiters = [*tree.delimiters[1 - MAX_STRAYS :], b"--" + boundary] if boundary else tree.delimiters
    ranges = _found(part, b"--" + boundary, limits.parts - tree.parts + 1) if boundary else []
    if not ranges:
        tree.notes.append("multipart without parts")
        part.content_type, part.params = "text/plain", {"charset": part.params.get("charset", "")}
        return
    if depth >= limits.depth:
        tree.stop("too_deep")
        return
    default_type = "message/rfc822" if part.content_type == "multipart/digest" else "text/plain"
    waiting = ranges[::-1]
    while waiting:
        if tree.parts >= limits.parts:
            tree.stop("too_many_parts")
            return
        start, end = waiting.pop()
        headers, body = _headers(part.raw, start, end, limits, tree)
        child = _part(headers, part.raw, min(body, end), end, default_type)
        if (stray := _stray(child, tree.delimiters)) is not None:
            waiting.append((_line_end(child.raw, stray, end), end))
            child.end = _before_line_break(child.raw, child.start, stray)
        part.children.append(child)
        _grow(child, depth + 1, limits, tree)


def _stray(part: Part, delimiters: list[bytes]) -> int | None:
    """Where a text is cut by a delimiter of another multipart: one that was ended before its time, or had no parts."""
    if part.maintype != "text" or part.end == part.start:
        return None
    places = (_delimiter_line(part, delimiter) for delimiter in delimiters)
    return min((place for place in places if place >= 0), default=None)


def _delimiter_line(part: Part, delimiter: bytes) -> int:
    place = part.raw.find(delimiter, part.start, part.end)
    while place >= 0:
        stop = _line_end(part.raw, place, part.end)
        begins_line = place == part.start or part.raw[place - 1] == 10
        if begins_line and part.raw[place + len(delimiter) : stop].strip() in (b"", b"--"):
            return place
        place = part.raw.find(delimiter, stop, part.end)
    return -1


def _found(part: Part, delimiter: bytes, most: int) -> list[tuple[int, int]]:
    """The parts between whole delimiter lines; where there are none, between lines that only begin with it, which
    RFC 2046 (5.1.1) allows to be taken for delimiters as well."""
    return _ranges(part, delimiter, most, True) or _ranges(part, delimiter, most, False)


def _ranges(part: Part, delimiter: bytes, most: int, is_exact: bool) -> list[tuple[int, int]]:
    """Byte ranges between delimiter lines; at most one more than `most`, so that the caller sees the excess."""
    raw, found, begin = part.raw, [], -1
    place, looked = raw.find(delimiter, part.start, part.end), 0
    while place >= 0 and looked < MAX_LOOKALIKES:
        looked += 1
        stop = _line_end(raw, place, part.end)
        tail = raw[place + len(delimiter) : min(stop, place + len(delimiter) + 80)].strip()
        if (tail in (b"", b"--") or not is_exact) and (place == part.start or raw[place - 1] == 10):
            if 0 <= begin < place:  # two delimiters in a row are one
                found.append((begin, _before_line_break(raw, begin, place)))
            begin = stop if tail != b"--" else -1
            if (tail == b"--" and found) or len(found) > most:
                return found
        place = raw.find(delimiter, stop, part.end)
    if begin >= 0 and begin < part.end:
        found.append((begin, _before_last_delimiter(raw, begin, part.end, delimiter)))
    return found


def _before_last_delimiter(raw: bytes, begin: int, end: int, delimiter: bytes) -> int:
    """Some programs write the last delimiter right behind the part, on no line of its own."""
    tail = raw[max(begin, end - len(delimiter) - 12) : end].rstrip()
    return raw.rfind(delimiter, begin, end) if tail.endswith(delimiter + b"--") else end


def _before_line_break(raw: bytes, begin: int, end: int) -> int:
    """The line break before a delimiter belongs to the delimiter (RFC 2046, 5.1.1)."""
    if end > begin and raw[end - 1] == 10:
        end -= 1
        if end > begin and raw[end - 1] == 13:
            end -= 1
    return end


def _base64(body: bytes) -> bytes:
    if _is_plain(body):
        return body
    try:
        return binascii.a2b_base64(body)
    except binascii.Error:
        letters = _NOT_BASE64.sub(b"", body)
        whole = len(letters) - (len(letters) % 4 == 1)
        return binascii.a2b_base64(letters[:whole] + b"=" * (-whole % 4))


def _is_plain(body: bytes) -> bool:
    """Whether the body was never encoded, whatever its header says: it has what base64 has not, again and again."""
    start = body[:2000].strip().partition(b"=")[0]
    foreign = len(_NOT_BASE64.sub(b"", start)) * 10 < 9 * len(b"".join(start.split()))
    spaced = sum(b" " in line.strip() for line in start.split(b"\n"))
    return foreign or spaced * 2 > start.count(b"\n") + 1


def _uuencoded(body: bytes) -> bytes:
    out = bytearray()
    lines = body.splitlines()
    first = next((n for n, line in enumerate(lines) if line.startswith(b"begin ")), -1)
    for line in lines[first + 1 :]:
        if line.strip() == b"end":
            break
        try:
            out += binascii.a2b_uu(line)
        except binascii.Error:
            # Some encoders leave wrong trailing characters: read as many as the length byte says.
            wanted = (((line[0] - 32) & 63) * 4 + 5) // 3 if line else 0
            try:
                out += binascii.a2b_uu(line[:wanted])
            except binascii.Error:
                continue
    return bytes(out)
