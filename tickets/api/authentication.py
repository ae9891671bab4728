"""`Authorization: Bearer <token>`: one index look-up of its SHA-256, at every request."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from tickets.compiled import Compiled
from tickets.models import ApiToken, User

# Seconds between two writes of `last_used_at`, so that reading stays reading.
_USE_IS_NOTED_EVERY = timedelta(seconds=60)
_token = Compiled(lambda digest: ApiToken.objects.select_related("user__organization").filter(digest=digest).order_by())


class BearerAuthentication(BaseAuthentication):
    """Gives the request its person and, as `request.auth`, the token. Anything wrong with it is the same 401."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = _live_token(secret.strip())
        if token is None:
            raise AuthenticationFailed(_("This token is not valid: unknown, expired or of a disabled account."))
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


def _live_token(secret: str) -> ApiToken | None:
    now = timezone.now()
    token = _token.first(ApiToken.digest_of(secret))
    if token is None:
        return None
    if not token.user.is_active or (token.expires_at and token.expires_at <= now):
        return None
    if token.last_used_at is None or token.last_used_at < now - _USE_IS_NOTED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


class BearerScheme(OpenApiAuthenticationExtension):
    target_class = BearerAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}
