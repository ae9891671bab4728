"""Passwords and tokens that the desk has to show to other servers, sealed before they reach the database.

The key is derived from SECRET_KEY. After SECRET_KEY has changed, what was sealed before opens as long as the old value
stands in SECRET_KEY_FALLBACKS; `manage.py reseal` then seals everything under the new one.
"""

from __future__ import annotations

import base64
import hmac
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet


class Unreadable(Exception):
    """Sealed under a key that the desk does not have any more; has to be typed again."""

    def __str__(self) -> str:
        return str(_("The stored password cannot be read, because SECRET_KEY has changed. Type it again."))


def seal(plain: str) -> str:
    """Encrypted and authenticated text, another one each time; empty stays empty."""
    return _keys().encrypt(plain.encode()).decode() if plain else ""


def unseal(sealed: str) -> str:
    """What `seal` was given. Raises Unreadable for anything that no key of this desk has sealed."""
    from cryptography.fernet import InvalidToken  # 5 MiB that only processes with mail accounts need

    if not sealed:
        return ""
    try:
        return _keys().decrypt(sealed.encode()).decode()
    except (InvalidToken, UnicodeError):
        raise Unreadable from None


def reseal(sealed: str) -> str:
    """The same secret under the newest key. Raises Unreadable."""
    return seal(unseal(sealed))


def _keys() -> MultiFernet:
    return _derived(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@lru_cache(maxsize=4)
def _derived(*secrets: str) -> MultiFernet:
    from cryptography.fernet import Fernet, MultiFernet

    # Bound to its purpose: no other use of SECRET_KEY gives this key.
    derived = [hmac.digest(secret.encode(), b"helpdesk.secrets.1", "sha256") for secret in secrets]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in derived])


class SecretInput(forms.PasswordInput):
    """Never renders what is stored, only that something is."""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        shown = {"autocomplete": "new-password", **(attrs or {})}
        if value:
            shown["placeholder"] = _("stored; type to replace it")
        return super().get_context(name, None, shown)


class SecretFormField(forms.CharField):
    widget = SecretInput

    def __init__(self, **given: Any):
        super().__init__(**{**given, "required": False, "strip": False, "max_length": 4000})

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(data)


class SealedField(models.TextField):
    """Holds a sealed secret; the attribute is the sealed text, so repr, dumps and logs show nothing of use.

    A form shows an empty password input and seals what is typed; left empty, it keeps what is stored.
    """

    def __init__(self, *args: Any, **given: Any):
        super().__init__(*args, **{"blank": True, "default": "", **given})

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.TextField", args, kwargs

    def formfield(self, **given: Any) -> Any:
        given = {name: value for name, value in given.items() if name in {"label", "help_text"}}
        return SecretFormField(**{"label": capfirst(self.verbose_name), "help_text": self.help_text, **given})

    def save_form_data(self, instance: models.Model, data: Any) -> None:
        if data:
            setattr(instance, self.name, seal(data))


__all__ = ["SealedField", "Unreadable", "reseal", "seal", "unseal"]
