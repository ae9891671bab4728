"""Names of attachments, fit to be shown and offered for download. Storage never uses them."""

from __future__ import annotations

import mimetypes
import re

from tickets.mail.headers import one_line

MAX_BYTES = 200
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|\Z)", re.IGNORECASE)
_UNSAFE = re.compile(r'[<>:"|?*\u200b-\u200f\u2028\u2029\u00ad\u061c]')
_KNOWN = {"image/jpeg": ".jpg", "message/rfc822": ".eml", "text/plain": ".txt", "text/calendar": ".ics"}


def clean_name(name: str, content_type: str = "", number: int = 1) -> str:
    """Last path component without controls, direction marks, leading dots or reserved names; 200 bytes at most.

    An empty name becomes `attachment-<number>` with the usual ending of the content type.
    """
    base = re.split(r"[/\\]", one_line(name))[-1]
    base = _UNSAFE.sub("_", base).strip(" .")
    if _RESERVED.match(base):
        base = f"_{base}"
    if not base or set(base) == {"_"}:
        ending = _KNOWN.get(content_type) or mimetypes.guess_extension(content_type) or ""
        base = f"attachment-{number}{ending}"
    return _shortened(base)


def _shortened(name: str) -> str:
    if len(name.encode()) <= MAX_BYTES:
        return name
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending.encode()) > 20:
        stem, dot, ending = name, "", ""
    room = MAX_BYTES - len((dot + ending).encode())
    return stem.encode()[:room].decode("utf-8", "ignore") + dot + ending
