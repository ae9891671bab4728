"""Which files may be shown as pictures: told by their first bytes, never by what somebody called them."""

from __future__ import annotations

_SIGNS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


def kind(beginning: bytes) -> str:
    """The media type of a picture that pages show; empty for everything else."""
    if beginning[:4] == b"RIFF" and beginning[8:12] == b"WEBP":
        return "image/webp"
    return next((name for sign, name in _SIGNS if beginning.startswith(sign)), "")
