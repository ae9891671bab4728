"""Every refusal as `application/problem+json` (RFC 9457): type, title, status, detail, and `errors` by field."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException, NotAuthenticated, ValidationError
from rest_framework.response import Response

from tickets.models import SavedView, Ticket
from tickets.refusals import IllegalTransition, Invalid, NotAllowed, OutdatedReply, Refused, TooLate, TooMany

MEDIA_TYPE = "application/problem+json"


class KeyReused(APIException):
    status_code = 422
    default_code = "idempotency_key_reused"


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's hook; None lets what nobody foresaw go on to the 500 page."""
    if isinstance(error, Refused):
        return _refused(error)
    if isinstance(error, ValidationError):
        return problem(400, "invalid", _("Some fields cannot be taken."), errors=_flat(error.detail))
    if isinstance(error, APIException):
        return _api(error)
    if isinstance(error, Http404 | Ticket.DoesNotExist | SavedView.DoesNotExist):
        return problem(404, "not-found", _("There is no such thing, or it is not for you to see."))
    if isinstance(error, PermissionDenied):
        return problem(403, "not-allowed", _("You are not allowed to do this."))
    return None


def problem(status: int, kind: str, detail: str, headers: dict[str, str] | None = None, **more: Any) -> Response:
    """A problem document. `kind` names it for programs, stable over releases; `detail` is for people."""
    body = {
        "type": f"urn:helpdesk:problem:{kind}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **more,
    }
    return Response(body, status=status, headers=headers, content_type=MEDIA_TYPE)


def _refused(error: Refused) -> Response:
    match error:
        case IllegalTransition():
            state = "archived" if error.archived else error.state
            return problem(
                409, "illegal-transition", str(error), state=state, verb=error.verb, allowed=list(error.allowed)
            )
        case Invalid():
            return problem(400, "invalid", str(error), errors={name: [text] for name, text in error.errors.items()})
        case OutdatedReply():
            return problem(409, "outdated", str(error))
        case TooLate():
            return problem(409, "too-late", str(error))
        case TooMany():
            headers = {"Retry-After": str(error.retry_after)}
            return problem(429, "too-many", str(error), headers, retry_after=error.retry_after)
        case NotAllowed():
            return problem(403, "not-allowed", str(error))
    return problem(400, "refused", str(error))


def _api(error: APIException) -> Response:
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined]
    detail = str(error.detail)
    if isinstance(error, NotAuthenticated):
        detail = _("Send a token: Authorization: Bearer <token>.")
    kind = str(getattr(error, "default_code", "error")).replace("_", "-")
    return problem(error.status_code, kind, detail, headers)


def _flat(detail: Any, name: str = "") -> dict[str, list[str]]:
    """DRF's nested errors with dotted names, each a list of sentences."""
    if isinstance(detail, dict):
        errors: dict[str, list[str]] = {}
        for key, inner in detail.items():
            errors |= _flat(inner, f"{name}.{key}" if name else str(key))
        return errors
    if isinstance(detail, list) and any(isinstance(one, dict | list) for one in detail):
        return _flat({index: one for index, one in enumerate(detail) if one}, name)
    sentences = detail if isinstance(detail, list) else [detail]
    return {name or "body": [str(one) for one in sentences]}
