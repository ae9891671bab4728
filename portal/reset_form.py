"""How somebody asks for a new password. Apart from `portal.accounts`, which allauth's forms import themselves."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import ResetPasswordForm
from django.http import HttpRequest
from django.utils.translation import get_language

from portal.accounts import MAILS, check_network
from portal.entry_forms import Plain
from tickets import limits, outbox
from tickets.mail.account_letters import PASSWORD
from tickets.models import User

RESETS = [(20, limits.HOUR)]


class ResetForm(Plain, ResetPasswordForm):
    """Looks nobody up: the worker that writes the mail does. All addresses cost the same time here."""

    def clean_email(self) -> str:
        return self.cleaned_data["email"].lower()

    def save(self, request: HttpRequest, **_more: Any) -> str:
        address = self.cleaned_data["email"]
        check_network(request, "reset", RESETS)
        if not limits.hit(f"account:reset:{address}", MAILS):
            outbox.enqueue(
                "account", None, User(email=address), address=address, asks=PASSWORD, language=get_language()
            )
        return address
