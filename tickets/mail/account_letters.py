"""What goes by mail to who forgot a password. It is written when the mail is sent, not when it is asked for: the page
that takes the address does the same work for every address, and its time tells nobody who has an account."""

from __future__ import annotations

from allauth.account.forms import default_token_generator
from allauth.account.utils import filter_users_by_email, user_pk_to_url_str
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from tickets.models import User

PASSWORD = "password"  # noqa: S105 (what was asked for, not a secret)
_PARTS = {"subject": "subject", "text": "message"}


def about(asked: str, address: str) -> dict[str, str]:
    """Subject and text of the answer to what was asked for from this address; nothing when nothing was."""
    if asked != PASSWORD:
        return {}
    person = _owner(address)
    kind = "password_reset_key" if person else "unknown_account"
    context = {
        "email": address,
        "password_reset_url": password_url(person) if person else "",
        "signup_url": settings.BASE_URL + reverse("account_signup"),
    }
    return {part: _written(f"account/email/{kind}_{name}.txt", context) for part, name in _PARTS.items()}


def password_url(person: User) -> str:
    """The absolute address where this person sets a new password, good for a day and once."""
    key = {"uidb36": user_pk_to_url_str(person), "key": default_token_generator.make_token(person)}
    return settings.BASE_URL + reverse("account_reset_password_from_key", kwargs=key)


def _written(template: str, context: dict[str, str]) -> str:
    return render_to_string(template, context).strip()


def _owner(address: str) -> User | None:
    """Who has proved that the address is theirs comes first, then whose main address it is."""
    found = filter_users_by_email(address, is_active=True, prefer_verified=True)
    return next((person for person in found if person.email == address), found[0] if found else None)
