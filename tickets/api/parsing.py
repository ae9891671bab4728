"""Reads request bodies and names: whatever is sent, the answer is at worst a 400, 413 or 415."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import IO, Any

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException, ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class TooLarge(APIException):
    status_code = 413
    default_code = "too_large"

    def __init__(self) -> None:
        super().__init__(_("The body is too large: %(max)d bytes fit.") % {"max": settings.DATA_UPLOAD_MAX_MEMORY_SIZE})


class StrictJSONParser(BaseParser):
    """One JSON object in UTF-8, without NaN and Infinity."""

    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        raw = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        if len(raw) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise TooLarge
        try:
            data = json.loads(raw.decode(), parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            raise ParseError(_("The body is not JSON that can be read.")) from None
        if not isinstance(data, dict):
            raise ParseError(_("The body must be a JSON object."))
        return data


def _refuse_constant(name: str) -> float:
    raise ValueError(name)


class JSONOnly(BaseContentNegotiation):
    """There is one format, so nobody has to ask for it: the Accept header is not read."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        content_type = (request.content_type or "").partition(";")[0].strip().lower()
        return next(iter(parsers)) if content_type in {"application/json", ""} else None

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type or ""


class TicketNumber:
    """Path converter: what a ticket number can look like. Anything else is no address at all."""

    regex = r"[A-Za-z0-9-]{1,24}"

    def to_python(self, value: str) -> str:
        return value.upper()

    def to_url(self, value: str) -> str:
        return value
