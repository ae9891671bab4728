"""Access to mail accounts by OAuth 2.0 (RFC 6749, with PKCE, RFC 7636) instead of a password."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets as random
from dataclasses import dataclass, field
from datetime import timedelta
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tickets.models import OAuthGrant
from tickets.models.sources import check_endpoint
from tickets.secrets import Unreadable, seal, unseal

EARLY = timedelta(seconds=60)
_TIMEOUT = 20  # seconds
_LONGEST_ANSWER = 64 * 1024  # bytes
_SHORTEST_LIFE, _LONGEST_LIFE = 120, 24 * 3600  # seconds; what a server may say of a token


class OAuthFailed(Exception):
    """No access; the text says why, in words for an admin, and holds no secret.

    `is_final`: trying again changes nothing, the account has to be connected anew.
    """

    def __init__(self, why: str, is_final: bool = False):
        super().__init__(why)
        self.is_final = is_final


@dataclass(frozen=True)
class Endpoints:
    authorize: str
    token: str
    scope: str
    extra: dict[str, str] = field(default_factory=dict)


_PROVIDERS = {
    OAuthGrant.Provider.GOOGLE: Endpoints(
        "https://accounts.google.com/o/oauth2/v2/auth",
        "https://oauth2.googleapis.com/token",
        "https://mail.google.com/",
        # without these Google hands out a refresh token at the first consent only
        {"access_type": "offline", "prompt": "consent"},
    ),
    OAuthGrant.Provider.MICROSOFT: Endpoints(
        "https://login.microsoftonline.com/organizations/oauth2/v2.0/authorize",
        "https://login.microsoftonline.com/organizations/oauth2/v2.0/token",
        "offline_access https://outlook.office.com/IMAP.AccessAsUser.All "
        "https://outlook.office.com/POP.AccessAsUser.All https://outlook.office.com/SMTP.Send",
    ),
}


def endpoints(grant: OAuthGrant) -> Endpoints:
    """Where and what to ask: what the grant says, else what its provider is known for."""
    known = _PROVIDERS.get(OAuthGrant.Provider(grant.provider), Endpoints("", "", ""))
    return Endpoints(
        grant.authorize_url or known.authorize, grant.token_url or known.token, grant.scope or known.scope, known.extra
    )


def access_token(grant: OAuthGrant) -> str:
    """A token that is good for a minute at least. Asks the provider when the stored one is not.

    One process asks, the others wait for the row and take what it got. Raises OAuthFailed, after noting it on the row.
    """
    row = OAuthGrant.objects.get(pk=grant.pk)
    if not (token := _still_good(row)):
        try:
            token = _refreshed(grant.pk)
        except OAuthFailed as error:
            OAuthGrant.objects.filter(pk=grant.pk).update(last_error=str(error))
            raise
    return token


def xoauth2(grant: OAuthGrant) -> str:
    """What IMAP, POP and SMTP take as the XOAUTH2 response, before base64. Raises OAuthFailed."""
    return f"user={grant.account}\x01auth=Bearer {access_token(grant)}\x01\x01"


def authorization_url(grant: OAuthGrant, *, redirect_uri: str, state: str, verifier: str) -> str:
    """Where the owner of the account says yes. `verifier` is from `new_verifier`; keep it for `complete`."""
    where = endpoints(grant)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    asked = {
        "response_type": "code", "client_id": grant.client_id, "redirect_uri": redirect_uri, "scope": where.scope,
        "state": state, "code_challenge": challenge, "code_challenge_method": "S256", "login_hint": grant.account,
        **where.extra,
    }  # fmt: skip
    return f"{where.authorize}{'&' if '?' in where.authorize else '?'}{urlencode(asked)}"


def new_verifier() -> str:
    return random.token_urlsafe(48)


def complete(grant: OAuthGrant, *, code: str, redirect_uri: str, verifier: str) -> None:
    """Takes the tokens for the code that the provider sent the owner back with. Raises OAuthFailed."""
    given = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri, "code_verifier": verifier}
    with transaction.atomic():
        row = OAuthGrant.objects.select_for_update().get(pk=grant.pk)
        answer = _ask(row, given)
        if not answer.get("refresh_token"):
            raise OAuthFailed(_("The provider gave no refresh token: access would end within the hour."), is_final=True)
        row.granted_at = timezone.now()
        _keep(row, answer)


def _refreshed(pk: int) -> str:
    with transaction.atomic():
        row = OAuthGrant.objects.select_for_update().get(pk=pk)
        if token := _still_good(row):
            return token
        try:
            refresh_token = unseal(row.refresh_token)
        except Unreadable as error:
            raise OAuthFailed(str(error), is_final=True) from None
        if not refresh_token:
            raise OAuthFailed(_("The account is not connected yet: press Connect on the page of the grant."), True)
        return _keep(row, _ask(row, {"grant_type": "refresh_token", "refresh_token": refresh_token}))


def _still_good(row: OAuthGrant) -> str:
    """The stored token, or nothing when it is none, ends soon, or cannot be read any more."""
    if row.expires_at is None or row.expires_at <= timezone.now() + EARLY:
        return ""
    try:
        return unseal(row.access_token)
    except Unreadable:
        return ""


def _keep(row: OAuthGrant, answer: dict[str, Any]) -> str:
    token = str(answer["access_token"])
    row.access_token = seal(token)
    if answer.get("refresh_token"):
        row.refresh_token = seal(str(answer["refresh_token"]))  # providers may exchange it for a new one each time
    try:
        seconds = int(answer.get("expires_in") or 3600)
    except (TypeError, ValueError):
        seconds = 3600
    row.expires_at = timezone.now() + timedelta(seconds=min(max(seconds, _SHORTEST_LIFE), _LONGEST_LIFE))
    row.last_error = ""
    row.save(update_fields=["access_token", "refresh_token", "expires_at", "granted_at", "last_error"])
    return token


def _ask(row: OAuthGrant, asked: dict[str, str]) -> dict[str, Any]:
    try:
        secret = unseal(row.client_secret)
    except Unreadable as error:
        raise OAuthFailed(str(error), is_final=True) from None
    fields = {**asked, "client_id": row.client_id, **({"client_secret": secret} if secret else {})}
    status, answer = _post(endpoints(row).token, fields)
    if status == 200 and answer.get("access_token"):
        return answer
    code = str(answer.get("error") or "")
    words = str(answer.get("error_description") or code or _("HTTP status %(status)s") % {"status": status})
    why = _("The provider gave no access: %(words)s") % {"words": " ".join(words.split())[:300]}
    raise OAuthFailed(why, is_final=code in {"invalid_grant", "invalid_client", "unauthorized_client"})


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """A token endpoint does not move; following would show the secrets to somebody else."""


def _post(url: str, fields: dict[str, str]) -> tuple[int, dict[str, Any]]:
    """(status, JSON object of the answer, empty when it is none). Raises OAuthFailed when nobody answers."""
    try:
        check_endpoint(url)
    except ValidationError as error:
        raise OAuthFailed(" ".join(error.messages), is_final=True) from None
    request = Request(url, urlencode(fields).encode(), {"Accept": "application/json"})  # noqa: S310 - checked above
    try:
        with build_opener(_NoRedirect).open(request, timeout=_TIMEOUT) as answer:
            return answer.status, _json(answer.read(_LONGEST_ANSWER))
    except HTTPError as error:
        with error:
            return error.code, _json(error.read(_LONGEST_ANSWER))
    except (OSError, HTTPException) as error:
        why = getattr(error, "reason", None) or type(error).__name__
        raise OAuthFailed(_("The provider could not be reached: %(why)s") % {"why": why}) from None


def _json(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
