"""What Outlook packs into winmail.dat: files and the message's own text (MS-OXTNEF). Bounded, never raises.

Damaged data gives what could be read before the damage.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from tickets.mail.charsets import decode
from tickets.mail.rtf import decompress

SIGNATURE = b"\x78\x9f\x3e\x22"
MAX_ATTRIBUTES = 5_000
MAX_PROPERTIES = 2_000
MAX_FILES = 100
MAX_DEPTH = 4

_BODY, _ATTACH_DATA, _ATTACH_TITLE = 0x800C, 0x800F, 0x8010
_ATTACH_BEGINS, _MESSAGE_PROPERTIES, _ATTACH_PROPERTIES, _CODEPAGE = 0x9002, 0x9003, 0x9005, 0x9007
_ON_ATTACHMENT = 2
# MAPI property ids (MS-OXPROPS)
_P_SUBJECT, _P_BODY, _P_RTF, _P_HTML, _P_DISPLAY_NAME = 0x0037, 0x1000, 0x1009, 0x1013, 0x3001
_P_DATA, _P_SHORT_NAME, _P_LONG_NAME = 0x3701, 0x3704, 0x3707
_P_MIME_TYPE, _P_CONTENT_ID, _P_INTERNET_CODEPAGE = 0x370E, 0x3712, 0x3FDE
_OBJECT, _STRING, _UNICODE, _BINARY = 0x0D, 0x1E, 0x1F, 0x102
_SIZES = {0: 0, 1: 0, 2: 2, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 0x0A: 4, 0x0B: 2, 0x14: 8, 0x40: 8, 0x48: 16}
_MESSAGE_OBJECT = bytes.fromhex("0703020000000000c000000000000046")
_CODEPAGES = {65001: "utf-8", 1200: "utf-16-le", 20127: "us-ascii", 50220: "iso-2022-jp", 20866: "koi8-r"}
_Values = dict[int, tuple[int, bytes]]


@dataclass(slots=True)
class File:
    """One attachment. `content_type` and `content_id` may be empty, `name` too."""

    name: str = ""
    data: bytes = field(default=b"", repr=False)
    content_type: str = ""
    content_id: str = ""


@dataclass(slots=True)
class Contents:
    """What was inside. `rtf` is unpacked RTF, `damaged` says that not all could be read."""

    subject: str = ""
    text: str = ""
    html: str = ""
    rtf: bytes = b""
    files: list[File] = field(default_factory=list)
    damaged: bool = False


def is_tnef(data: bytes) -> bool:
    return data.startswith(SIGNATURE)


def read(data: bytes, depth: int = 1) -> Contents:
    """Everything in a TNEF stream; files inside embedded messages stand beside the outer ones."""
    found = Contents(damaged=not is_tnef(data))
    if found.damaged or depth > MAX_DEPTH:
        return found
    codepage = "cp1252"
    try:
        for level, name, value in _attributes(data):
            if name == _CODEPAGE:
                codepage = _codepage(value) or codepage
            elif level == _ON_ATTACHMENT or name == _ATTACH_BEGINS:
                _attachment(found, name, value, codepage, depth)
            elif name == _MESSAGE_PROPERTIES:
                _message(found, _properties(value), codepage)
            elif name == _BODY:
                found.text = found.text or _text(_STRING, value, codepage)
    except (struct.error, ValueError):
        found.damaged = True
    found.files = [file for file in found.files if file.name or file.data][:MAX_FILES]
    return found


def _attributes(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """(level, id, value). Checksums are not compared: Outlook itself wrote wrong ones."""
    place = 6
    for _ in range(MAX_ATTRIBUTES):
        if place + 11 > len(data):
            return
        level, name, _kind, length = struct.unpack_from("<BHHI", data, place)
        if level not in (1, 2):
            raise ValueError("no attribute")
        place += 9
        yield level, name, data[place : place + length]
        place += length + 2


def _properties(data: bytes) -> _Values:
    """Property id to (type, first value). What follows a damaged property is left out."""
    found: _Values = {}
    try:
        (count,) = struct.unpack_from("<I", data)
        place = 4
        for _ in range(min(count, MAX_PROPERTIES)):
            kind, name = struct.unpack_from("<HH", data, place)
            place = _after_name(data, place + 4) if name >= 0x8000 else place + 4
            value, place = _value(data, place, kind)
            found.setdefault(name, (kind & 0xFFF, value))
    except (struct.error, ValueError):
        pass
    return found


def _after_name(data: bytes, place: int) -> int:
    """Past the set and the name of a named property."""
    kind, length = struct.unpack_from("<II", data, place + 16)
    return place + 24 + (_padded(length) if kind else 0)


def _value(data: bytes, place: int, kind: int) -> tuple[bytes, int]:
    base, several = kind & 0xFFF, kind & 0x1000
    count = 1
    if several or base in (_OBJECT, _STRING, _UNICODE, _BINARY):
        (count,) = struct.unpack_from("<I", data, place)
        place += 4
    first = b""
    for number in range(min(count, MAX_PROPERTIES)):
        if base in _SIZES:
            length = _SIZES[base]
        elif base in (_OBJECT, _STRING, _UNICODE, _BINARY):
            (length,) = struct.unpack_from("<I", data, place)
            place += 4
        else:
            raise ValueError("unknown property type")
        first = data[place : place + length] if number == 0 else first
        place += _padded(length)
    if place > len(data) + 3:
        raise ValueError("property too long")
    return first, place


def _padded(length: int) -> int:
    return (length + 3) & ~3


def _message(found: Contents, values: _Values, codepage: str) -> None:
    internet = _codepage(values.get(_P_INTERNET_CODEPAGE, (0, b""))[1]) or codepage
    found.subject = _string(values, _P_SUBJECT, codepage)
    found.text = _string(values, _P_BODY, codepage) or found.text
    if _P_HTML in values:
        kind, value = values[_P_HTML]
        found.html = _text(kind, value, internet)
    if _P_RTF in values:
        found.rtf = decompress(values[_P_RTF][1])


def _attachment(found: Contents, name: int, value: bytes, codepage: str, depth: int) -> None:
    if (name == _ATTACH_BEGINS or not found.files) and len(found.files) <= MAX_FILES:
        found.files.append(File())
    file = found.files[-1]
    if name == _ATTACH_TITLE:
        file.name = file.name or _text(_STRING, value, codepage)
    elif name == _ATTACH_DATA:
        file.data = value
    elif name == _ATTACH_PROPERTIES:
        _file_properties(found, file, _properties(value), codepage, depth)


def _file_properties(found: Contents, file: File, values: _Values, codepage: str, depth: int) -> None:
    names = (_P_LONG_NAME, _P_SHORT_NAME) if not file.name else (_P_LONG_NAME,)
    known = next((text for name in names if (text := _string(values, name, codepage))), file.name)
    file.name = known or _string(values, _P_DISPLAY_NAME, codepage)
    file.content_type = _string(values, _P_MIME_TYPE, codepage)
    file.content_id = _string(values, _P_CONTENT_ID, codepage).strip("<> ")
    kind, data = values.get(_P_DATA, (0, b""))
    if kind == _OBJECT and data.startswith(_MESSAGE_OBJECT):
        inner = read(data[16:], depth + 1)
        file.data = _as_note(inner) or data[16:]
        file.name, file.content_type = inner.subject or file.name, "text/plain"
        found.files.extend(inner.files[: max(0, MAX_FILES - len(found.files))])
        found.files.append(found.files.pop(found.files.index(file)))  # what comes next belongs to it
    elif data:
        file.data = data


def _as_note(inner: Contents) -> bytes:
    return (inner.text or inner.html).encode()


def _string(values: _Values, name: int, codepage: str) -> str:
    kind, value = values.get(name, (0, b""))
    return _text(kind, value, codepage) if kind in (_STRING, _UNICODE) else ""


def _text(kind: int, value: bytes, codepage: str) -> str:
    charset = "utf-16-le" if kind == _UNICODE else codepage
    return decode(value, charset).text.rstrip("\0").replace("\r\n", "\n")


def _codepage(value: bytes) -> str:
    number = int.from_bytes(value[:4], "little")
    if 28590 < number < 28606:
        return f"iso-8859-{number - 28590}"
    return _CODEPAGES.get(number, f"cp{number}") if number else ""
