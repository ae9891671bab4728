"""`Idempotency-Key`: the same request sent again, even at the same moment, has one effect and one answer."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from django.db import transaction
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from tickets.api.problems import KeyReused
from tickets.models import IdempotencyKey, User
from tickets.refusals import Filtered, Invalid

if TYPE_CHECKING:
    from rest_framework.views import APIView

LONGEST = 200
Handler = Callable[..., Response]


def idempotent(handler: Handler) -> Handler:
    """For a view's `post`. The key's row is inserted first, in the transaction of the effect: a second request waits
    on the unique index until the first is through, then finds its answer. A refusal keeps nothing, so that the same
    request may be tried again when its reason is gone."""

    @functools.wraps(handler)
    def wrapped(view: APIView, request: Request, **kwargs: Any) -> Response:
        key = request.headers.get("Idempotency-Key", "")
        if not key:
            return handler(view, request, **kwargs)
        if len(key) > LONGEST or not key.isascii() or not key.isprintable():
            raise Invalid(
                **{"Idempotency-Key": _("At most %(max)d printable ASCII characters fit.") % {"max": LONGEST}}
            )
        try:
            with transaction.atomic():
                return _once(key, request, lambda: handler(view, request, **kwargs))
        except Filtered as refusal:
            refusal.sifted.write_down(None)  # what was written before is undone
            raise

    return wrapped


def _once(key: str, request: Request, handle: Callable[[], Response]) -> Response:
    digest, user = _digest(request), cast(User, request.user)
    row = IdempotencyKey(user=user, key=key, request_sha256=digest)
    IdempotencyKey.objects.bulk_create([row], ignore_conflicts=True)
    # Nobody but the one who inserted the row sees it without an answer: the answer is written before the commit.
    known = IdempotencyKey.objects.get(user=user, key=key)
    if known.request_sha256 != digest:
        raise KeyReused(_("This Idempotency-Key was used for another request."))
    if known.status_code is not None:
        return Response(known.body, status=known.status_code, headers={"Idempotent-Replayed": "true"})
    response = handle()
    body = json.loads(json.dumps(response.data, cls=JSONEncoder))
    IdempotencyKey.objects.filter(pk=known.pk).update(status_code=response.status_code, body=body)
    return response


def _digest(request: Request) -> str:
    """Of the address and what the body says; the order of its fields and its spaces do not matter."""
    said = [request.method, request.path, request.data]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
