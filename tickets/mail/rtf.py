"""RTF as Outlook sends it: unpacked (MS-OXRTFCP) and turned into text, also where it wraps HTML (MS-OXRTFEX)."""

from __future__ import annotations

import re
import struct

from tickets.mail.charsets import decode

MAX_SIZE = 4 * 1024 * 1024
MAX_READ = 2 * 1024 * 1024  # takes half a second
_START = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor "
    b"MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
    b"\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z'])|([{}])|[\r\n]+|([^\\{}\r\n]+)"
)
_SILENT = {
    b"fonttbl", b"colortbl", b"stylesheet", b"info", b"pict", b"object", b"header", b"footer", b"generator",
    b"themedata", b"listtable", b"listoverridetable", b"rsidtbl", b"htmltag", b"mhtmltag", b"pntext", b"fldinst",
    b"xmlnstbl", b"mmathPr",
}  # fmt: skip
_WRITTEN = {
    b"par": "\n", b"line": "\n", b"sect": "\n", b"page": "\n", b"row": "\n", b"tab": "\t", b"cell": "\t",
    b"emdash": "—", b"endash": "–", b"bullet": "•",
    b"lquote": "‘", b"rquote": "’", b"ldblquote": "“", b"rdblquote": "”",
}  # fmt: skip
_SYMBOLS = {b"~": "\u00a0", b"_": "-", b"\\": "\\", b"{": "{", b"}": "}", b"\n": "\n", b"\r": "\n"}


def decompress(data: bytes) -> bytes:
    """Compressed or stored RTF as RTF, at most `MAX_SIZE`; as far as it can be read, empty when it is none."""
    if len(data) < 16:
        return b""
    _, size, kind = struct.unpack_from("<II4s", data)
    size = min(size, MAX_SIZE)
    if kind == b"MELA":
        return data[16 : 16 + size]
    return _expanded(data, size) if kind == b"LZFu" else b""


def _expanded(data: bytes, size: int) -> bytes:
    window = bytearray(_START.ljust(4096, b"\0"))
    out, write, place = bytearray(), len(_START), 16
    while place < len(data) and len(out) < size:
        flags, place = data[place], place + 1
        for bit in range(8):
            if place >= len(data) or len(out) >= size:
                break
            if not flags >> bit & 1:
                piece, place = data[place : place + 1], place + 1
            else:
                where = int.from_bytes(data[place : place + 2], "big")
                start, length, place = where >> 4, (where & 15) + 2, place + 2
                if start == write:
                    return bytes(out)
                piece = _copied(window, start, length, write)
            for byte in piece:
                window[write] = byte
                write = (write + 1) % 4096
            out += piece
    return bytes(out[:size])


def _copied(window: bytearray, start: int, length: int, write: int) -> bytes:
    """A run from the window; it may overlap what it writes itself."""
    until = (write - start) % 4096
    run = bytes(window[(start + step) % 4096] for step in range(min(length, until)))
    return (run * (length // len(run) + 1))[:length]


def rtf_to_text(rtf: bytes) -> str:
    """The words of an RTF document, one line for a paragraph."""
    if not rtf.lstrip().startswith(b"{\\rtf"):
        return ""
    writer = _Writer()
    for match in _TOKEN.finditer(rtf[:MAX_READ]):
        writer.take(match)
    return writer.result()


class _Writer:
    """Follows groups; each keeps whether it is silent and how many characters stand in for a \\u."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.bytes = bytearray()
        self.charset = "cp1252"
        self.groups: list[tuple[bool, int]] = []
        self.silent, self.instead, self.skip = False, 1, 0
        self.starred = self.in_rtf_only = False

    def take(self, match: re.Match[bytes]) -> None:
        word, number, coded, symbol, brace, text = match.groups()
        if brace:
            self.brace(brace)
        elif word:
            self.word(word, int(number) if number else None)
        elif symbol == b"*":
            self.starred = True
        elif symbol:
            self.write(_SYMBOLS.get(symbol, ""))
        elif coded:
            self.letters(bytes([int(coded, 16)]))
        elif text:
            self.letters(text)

    def brace(self, brace: bytes) -> None:
        self.starred, self.skip = False, 0
        if brace == b"{":
            self.groups.append((self.silent, self.instead))
        elif self.groups:
            self.silent, self.instead = self.groups.pop()

    def word(self, word: bytes, number: int | None) -> None:
        if self.starred or word in _SILENT:
            self.silent, self.starred = True, False
        elif word == b"htmlrtf":
            self.in_rtf_only = number != 0
        elif word == b"ansicpg" and number:
            self.charset = "utf-8" if number == 65001 else f"cp{number}"
        elif word == b"uc":
            self.instead = min(max(number or 0, 0), 10)
        elif word == b"u" and number is not None:
            self.unicode(number % 65536)
        elif word in _WRITTEN:
            self.write(_WRITTEN[word])

    def unicode(self, number: int) -> None:
        self.write(chr(number) if not 0xD800 <= number < 0xE000 else "\ufffd")
        self.skip = self.instead

    def letters(self, letters: bytes) -> None:
        skipped = min(self.skip, len(letters))
        self.skip -= skipped
        if not self.silent and not self.in_rtf_only:
            self.bytes += letters[skipped:]

    def write(self, text: str) -> None:
        if self.silent or self.in_rtf_only:
            return
        self.flush()
        self.out.append(text)

    def flush(self) -> None:
        if self.bytes:
            self.out.append(decode(bytes(self.bytes), self.charset).text)
            self.bytes.clear()

    def result(self) -> str:
        self.flush()
        lines = [line.rstrip() for line in "".join(self.out).split("\n")]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
