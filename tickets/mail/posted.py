"""The form that a mail provider posts, read as bytes: Django decodes fields as UTF-8, which would spoil raw mail, and
allows two megabytes, which would stop a mail with a picture."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.http import parse_header_parameters


class TooMuch(Exception):
    """More was sent than any mail may have; the rest was not read."""


@dataclass(frozen=True)
class Part:
    name: str
    content: bytes
    filename: str | None = None
    content_type: str = "text/plain"


def read(request: HttpRequest, longest: int) -> dict[str, bytes]:
    """Gives the request its body, POST and FILES, and returns the fields as bytes. Raises TooMuch, ValueError."""
    body = request.read(longest + 1)
    if len(body) > longest:
        raise TooMuch
    request._body = body
    kind, given = parse_header_parameters(request.headers.get("Content-Type", ""))
    parts = _parts(kind, given, body)
    post = QueryDict(mutable=True)
    files: MultiValueDict[str, SimpleUploadedFile] = MultiValueDict()
    for part in parts:
        if part.filename is None:
            post.appendlist(part.name, part.content.decode("utf-8", "replace"))
        else:
            files.appendlist(part.name, SimpleUploadedFile(part.filename or "file", part.content, part.content_type))
    request.POST, request._files = post, files  # type: ignore[assignment,attr-defined]
    return {part.name: part.content for part in parts}


def _parts(kind: str, given: dict[str, str], body: bytes) -> list[Part]:
    if kind == "multipart/form-data":
        if not given.get("boundary"):
            raise ValueError("no boundary")
        return _of_multipart(body, given["boundary"].encode("ascii"))
    if kind == "application/x-www-form-urlencoded":
        pairs = (pair.partition(b"=") for pair in body.split(b"&") if pair)
        return [Part(_plain(name).decode("utf-8", "replace"), _plain(value)) for name, _, value in pairs]
    return []


def _plain(text: bytes) -> bytes:
    return unquote_to_bytes(text.replace(b"+", b" "))


def _of_multipart(body: bytes, boundary: bytes) -> list[Part]:
    """RFC 7578: the parts stand between lines of two hyphens and the boundary."""
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary)
    return [_part(piece) for piece in pieces[1:] if not piece.startswith(b"--")]


def _part(piece: bytes) -> Part:
    head, found, content = piece.partition(b"\r\n\r\n")
    if not found:
        raise ValueError("a part without an end of its header")
    fields: dict[str, str] = {}
    for line in head.decode("utf-8", "replace").split("\r\n"):
        name, _, value = line.partition(":")
        fields[name.strip().lower()] = value.strip()
    _disposition, given = parse_header_parameters(fields.get("content-disposition", ""))
    kind = fields.get("content-type", "text/plain")
    return Part(given.get("name", ""), content, given.get("filename"), kind)
