"""Bytes to text for mail bodies and headers. Nothing here raises, whatever the bytes or the declared charset."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

DETECT_BYTES = 64 * 1024
_NAME = re.compile(r"[a-z0-9][a-z0-9._:+-]{0,39}\Z")
_SURROGATES = re.compile("[\ud800-\udfff]")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

# What senders write -> what they mean. Supersets replace the narrow original, as browsers do (WHATWG Encoding).
_ALIASES = {
    "gb2312": "gb18030",
    "iso-gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "euc-kr": "cp949",
    "windows-874": "cp874",
    "tis-620": "cp874",
    "x-mac-cyrillic": "mac_cyrillic",
    "x-mac-roman": "mac_roman",
    "macintosh": "mac_roman",
    "x-sjis": "cp932",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "cp932": "cp932",
    "big5": "big5hkscs",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "iso_8859-1": "cp1252",
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "iso-8859-9": "cp1254",
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8",
    "iso-8859-6-i": "iso8859-6",
    "unicode-1-1-utf-7": "utf-7",
    "unicode-1-1-utf-8": "utf-8",
    "utf8": "utf-8",
    "utf8mb4": "utf-8",
    "us-ascii": "",
    "ascii": "",
    "ansi_x3.4-1968": "",
    "unknown-8bit": "",
    "x-unknown": "",
    "default": "",
    "default_charset": "",
    "utf-16": "utf-16-be",
    "iso-2022-jp": "iso2022_jp_ext",
}
# Text codecs of Python that are no charset of a mail; some are slow (idna) or interpret escapes.
_FORBIDDEN = {"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined", "mbcs", "oem"}
_CANDIDATES = [
    "cp1252", "cp1251", "koi8_r", "cp1250", "cp1253", "cp1254", "cp1255", "cp1256", "cp874",
    "gb18030", "big5", "cp932", "euc_jp", "cp949", "cp866",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text, the codec that was used, and whether characters were lost (replaced by U+FFFD)."""

    text: str
    charset: str
    lossy: bool = False


def decode(data: bytes, declared: str | None = None) -> Decoded:
    """Decode by byte order mark, declared charset, UTF-8, detector, windows-1252: the first that fits.

    NUL and lone surrogates are taken out, since PostgreSQL text cannot hold them.
    """
    found = _decode(data, declared)
    return Decoded(clean(found.text), found.charset, found.lossy)


def clean(text: str) -> str:
    """Without U+0000 and lone surrogates."""
    if "\0" in text:
        text = text.replace("\0", "")
    return text if text.isascii() else _SURROGATES.sub("", text)


def codec_for(name: str | None) -> str:
    """Python codec for a charset name as senders write it; empty when there is none that can be trusted."""
    key = (name or "").strip().strip("\"'").lower()
    if not _NAME.match(key):
        return ""
    key = _ALIASES.get(key, key)
    if not key:
        return ""
    try:
        info = codecs.lookup(key)
    except (LookupError, ValueError, UnicodeError):
        return ""
    if info.name in _FORBIDDEN or not getattr(info, "_is_text_encoding", True):
        return ""
    return info.name


def _decode(data: bytes, declared: str | None) -> Decoded:
    for mark, codec in _BOMS:
        if data.startswith(mark) and (text := _strict(data, codec)) is not None:
            return Decoded(text, codec)
    codec = codec_for(declared)
    if not codec and b"\x1b$" in data and (text := _strict(data, "iso2022_jp_ext")) is not None:
        return Decoded(text, "iso2022_jp_ext")
    for attempt in (codec, "utf-8"):
        if attempt and (text := _strict(data, attempt)) is not None:
            return Decoded(text, attempt)
    return _almost(data, codec) or _almost(data, "utf-8") or _detected(data) or _windows(data)


def _strict(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except (UnicodeError, LookupError, ValueError):
        return None


def _almost(data: bytes, codec: str) -> Decoded | None:
    """A few broken bytes (a cut character, one pasted byte) do not make the whole text another charset."""
    if not codec:
        return None
    try:
        text = data.decode(codec, "replace")
    except (UnicodeError, LookupError, ValueError):
        return None
    lost = text.count("\ufffd")
    others = sum(1 for char in text[:DETECT_BYTES] if char > "\x7f") - lost
    return Decoded(text, codec, True) if lost and others >= 4 * lost else None


def _detected(data: bytes) -> Decoded | None:
    if sum(byte > 0x7F for byte in data[:1024]) < 6:  # too little to tell one alphabet from another
        return None
    from charset_normalizer import from_bytes  # costs 7 MiB and 80 ms, and few mails need it

    best = from_bytes(data[:DETECT_BYTES], steps=4, chunk_size=256, cp_isolation=_CANDIDATES).best()
    if best is None or (text := _strict(data, best.encoding)) is None:
        return None
    return Decoded(text, best.encoding)


def _windows(data: bytes) -> Decoded:
    text = data.decode("cp1252", "replace")
    return Decoded(text, "cp1252", "\ufffd" in text)
