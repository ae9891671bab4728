"""Passkeys and authenticator apps, as allauth asks about them. Apart from the forms, which import allauth's models."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.utils.translation import gettext as _

from tickets.models import Desk, User
from tickets.secrets import seal, unseal


class MFAAdapter(DefaultMFAAdapter):
    """A passkey is a way in by itself; asked for besides the password is only the authenticator app."""

    def encrypt(self, text: str) -> str:
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text)

    def is_mfa_enabled(self, user: User, types: Iterable[str] | None = None) -> bool:
        asked = set(types or Authenticator.Type.values)
        if len(asked) > 1:
            asked.discard(Authenticator.Type.WEBAUTHN)
        return super().is_mfa_enabled(user, asked)

    def get_totp_issuer(self) -> str:
        return Desk.current().name

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {"id": urlsplit(settings.BASE_URL).hostname or "", "name": Desk.current().name}

    def generate_authenticator_name(self, user: User, type: str) -> str:
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return _("Passkey") if number == 1 else _("Passkey %(number)d") % {"number": number}
