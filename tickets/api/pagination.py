"""Pages by key: `next` continues after the last row, however many rows there are and whatever arrived meanwhile."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from tickets.refusals import Invalid

if TYPE_CHECKING:
    from rest_framework.views import APIView


class NewestFirst(BasePagination):
    """`?page_size=` (50, at most 100) and `?cursor=` as given by `next`; answers {next, results}."""

    size, largest = 50, 100
    order, beyond = "-pk", "pk__lt"
    next_url: str | None = None

    def paginate_queryset(  # type: ignore[override]
        self, queryset: QuerySet[Any], request: Request, view: APIView | None = None
    ) -> list[Any] | None:
        size = self._size(request.query_params.get("page_size", ""))
        cursor = request.query_params.get("cursor", "")
        if cursor:
            queryset = queryset.filter(**{self.beyond: read_cursor(cursor)})
        rows = list(queryset.order_by(self.order)[: size + 1])
        if len(rows) > size:
            self.next_url = self._next(request, rows[size - 1].pk)
        return rows[:size]

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"next": self.next_url, "results": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        following = {"type": "string", "format": "uri", "nullable": True}
        return {"type": "object", "properties": {"next": following, "results": schema}}

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        names = {"cursor": {"type": "string"}, "page_size": {"type": "integer", "maximum": self.largest}}
        return [{"name": name, "in": "query", "required": False, "schema": schema} for name, schema in names.items()]

    def _size(self, given: str) -> int:
        if not given:
            return self.size
        if not given.isascii() or not given.isdecimal() or len(given) > 3 or not 1 <= int(given) <= self.largest:
            raise Invalid(page_size=_("Must be a whole number from 1 to %(max)d.") % {"max": self.largest})
        return int(given)

    def _next(self, request: Request, last: int) -> str:
        query = {**request.query_params.dict(), "cursor": write_cursor(last)}
        return f"{settings.BASE_URL}{request.path}?{urlencode(query)}"


class OldestFirst(NewestFirst):
    order, beyond = "pk", "pk__gt"


def write_cursor(pk: int) -> str:
    """The key of a row, sealed: nobody can read from it how many rows there are, or make one up."""
    nonce = secrets.token_bytes(6)
    sealed = bytes(a ^ b for a, b in zip(pk.to_bytes(8, "big"), _pad("seal", nonce), strict=True))
    return base64.urlsafe_b64encode(nonce + sealed + _pad("sign", nonce + sealed)).decode().rstrip("=")


def read_cursor(cursor: str) -> int:
    """The key that `write_cursor` sealed. Raises Invalid for anything else."""
    try:
        raw = base64.urlsafe_b64decode(cursor[:60].encode("ascii") + b"==")
    except ValueError:
        raw = b""
    nonce, sealed, signature = raw[:6], raw[6:14], raw[14:]
    if not hmac.compare_digest(signature, _pad("sign", nonce + sealed)) or len(sealed) != 8:
        raise Invalid(cursor=_("This is not a cursor that a list gave."))
    return int.from_bytes(bytes(a ^ b for a, b in zip(sealed, _pad("seal", nonce), strict=True)), "big")


def _pad(purpose: str, of: bytes) -> bytes:
    key = f"tickets.api.cursor.{purpose}:{settings.SECRET_KEY}".encode()
    return hmac.new(key, of, hashlib.sha256).digest()[:8]
