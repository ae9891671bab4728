"""What becomes of an uploaded logo."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from django.core.exceptions import ValidationError
from PIL import Image

from tickets import logo

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">%s</svg>'


def picture(kind: str, size: tuple[int, int] = (900, 300), **more: object) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, "#0b6e7f").save(made, kind, **more)
    return made.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_dots_are_drawn_anew_and_small(kind: str) -> None:
    kept = logo.prepared(picture(kind))
    drawn = Image.open(io.BytesIO(kept.content))
    assert (kept.content_type, drawn.format) == ("image/png", "PNG")
    assert drawn.width <= logo.WIDTH
    assert drawn.height <= logo.HEIGHT


def test_nothing_but_the_picture_is_kept() -> None:
    smuggled = picture("JPEG", comment=b"<script>CANARY</script>") + b"<html>CANARY</html>"
    assert b"CANARY" not in logo.prepared(smuggled).content


def test_abuse_32_a_giant_is_refused_before_it_is_decoded() -> None:
    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + head
    bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    bomb += struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))
    with pytest.raises(ValidationError):
        logo.prepared(bomb)


@pytest.mark.parametrize("content", [b"", b"GIF89a", b"%PDF-1.7", b"MZ\x90", b"\x89PNG\r\n\x1a\nxx", b"<html></html>"])
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(ValidationError, match="not a picture"):
        logo.prepared(content)


def test_too_many_bytes_are_refused() -> None:
    with pytest.raises(ValidationError, match="too large"):
        logo.prepared(b"\x00" * (logo.MOST_BYTES + 1))


def test_an_svg_of_shapes_is_kept() -> None:
    drawn = (SVG % '<title>Acme</title><g fill="url(#a)"><path d="M0 0h9"/></g><use href="#b"/>').encode()
    assert logo.prepared(drawn) == (drawn, "image/svg+xml")


@pytest.mark.parametrize(
    "inside",
    [
        "<script>1</script>",
        "<foreignObject/>",
        '<path onload="1"/>',
        '<use href="https://evil.example/x.svg#a"/>',
        '<use xmlns:x="http://www.w3.org/1999/xlink" x:href="//evil.example/"/>',
        '<image href="https://evil.example/x.png"/>',
        "<style>@import url(//evil.example)</style>",
        '<rect fill="url(https://evil.example/)"/>',
        '<rect style="background: url(//evil.example)"/>',
        '<animate attributeName="href"/>',
        '<a href="javascript:1"/>',
        '<h:script xmlns:h="http://www.w3.org/1999/xhtml">1</h:script>',
    ],
)
def test_an_svg_with_more_than_shapes_is_refused(inside: str) -> None:
    with pytest.raises(ValidationError, match="SVG"):
        logo.prepared((SVG % inside).encode())


@pytest.mark.parametrize(
    "content",
    [
        '<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "b">]>' + SVG % "&a;",
        '<?xml version="1.0" encoding="utf-16"?>' + SVG % "",
        '<?xml version="1.0"?><?xml-stylesheet href="//evil.example"?>' + SVG % "",
    ],
)
def test_an_svg_that_could_hide_something_is_refused(content: str) -> None:
    with pytest.raises(ValidationError):
        logo.prepared(content.encode())
