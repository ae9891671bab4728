"""What goes by mail to who forgot a password or asked for a code. It is written when the mail is sent, not when it is
asked for: the page that takes the address does the same work for every address, and its time tells nobody who has an
account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from allauth.account.forms import default_token_generator
from allauth.account.models import EmailAddress
from allauth.account.utils import filter_users_by_email, user_pk_to_url_str
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from tickets.mail import letter_sorts
from tickets.models import User

PASSWORD = "password"  # noqa: S105 (what was asked for, not a secret)
CODE = "code"
_PARTS = {"subject": "subject", "text": "message"}
_KINDS = {PASSWORD: ("password_reset_key", "unknown_account"), CODE: ("login_code", "unknown_code")}


def reader(context: Mapping[str, Any], address: str) -> User:
    """Whose language a mail to an address is in that was queued for nobody: its owner's, else that of the page."""
    asked_by = User(email=address, language=context.get("language", ""))
    return (owner(address) if context.get("asks") in _KINDS else None) or asked_by


def about(asked: str, address: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Subject and text of the answer to what was asked for from this address; nothing when nothing was."""
    if asked not in _KINDS:
        return {}
    person = owner(address)
    kind = _KINDS[asked][0 if person else 1]
    context = {
        "email": address,
        "code": given.get("code", ""),
        "password_reset_url": password_url(person) if person and asked == PASSWORD else "",
        "signup_url": settings.BASE_URL + reverse("account_signup") if settings.SIGN_UP == "open" else "",
    }
    said = {part: _written(f"account/email/{kind}_{name}.txt", context) for part, name in _PARTS.items()}
    return {**said, **letter_sorts.about_account(kind, address, context)}


def password_url(person: User) -> str:
    """The absolute address where this person sets a new password, good for a day and once."""
    key = {"uidb36": user_pk_to_url_str(person), "key": default_token_generator.make_token(person)}
    return settings.BASE_URL + reverse("account_reset_password_from_key", kwargs=key)


def _written(template: str, context: dict[str, str]) -> str:
    return render_to_string(template, context).strip()


def owner(address: str) -> User | None:
    """Who may sign in by this address: who has proved that it is theirs comes first, then whose main address it is.
    Where accounts are closed, whoever has none yet gets none."""
    found = filter_users_by_email(address, is_active=True, prefer_verified=True)
    person = next((person for person in found if person.email == address), found[0] if found else None)
    if person is not None and settings.SIGN_UP == "closed" and not _has_account(person):
        return None
    return person


def _has_account(person: User) -> bool:
    return person.has_usable_password() or EmailAddress.objects.filter(user=person, verified=True).exists()
