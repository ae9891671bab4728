"""Forms of passkeys and authenticator apps, with tries counted in PostgreSQL."""

from __future__ import annotations

from typing import Any

from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm, LoginWebAuthnForm
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.access import network
from tickets import limits
from tickets.models import User

TRIES = [(5, 5 * limits.MINUTE), (30, limits.HOUR)]
SIGN_INS = [(30, limits.MINUTE)]


def check_tries(user: User) -> None:
    """Six digits are soon guessed: who has too many wrong ones waits."""
    if limits.hit(f"second-factor:{user.pk}", TRIES):
        raise forms.ValidationError(_("Too many tries. Wait five minutes and try again."))


class _AsksCode:
    """What the forms have in common that take six digits."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code")
        self.fields["code"].widget.attrs = {"autocomplete": "one-time-code", "inputmode": "numeric"}

    def clean_code(self) -> str:
        check_tries(self.user)
        return super().clean_code()


class CodeForm(_AsksCode, AuthenticateForm):
    pass


class CodeAgainForm(_AsksCode, ReauthenticateForm):
    pass


class AppForm(_AsksCode, ActivateTOTPForm):
    pass


class PasskeyForm(AddWebAuthnForm):
    """Always a key that knows whose it is and asks for a finger, a face or a PIN: it signs in alone."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=80,
        required=False,
        help_text=gettext_lazy("So that you know it again, for example: my phone."),
    )
    passwordless = forms.BooleanField(widget=forms.HiddenInput, initial=True, required=True)


class RenameForm(EditWebAuthnForm):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)


class PasskeySignInForm(LoginWebAuthnForm):
    def clean_credential(self) -> Authenticator:
        if limits.hit(f"passkey:{network(context.request)}", SIGN_INS):
            raise forms.ValidationError(_("Too many tries. Wait a minute and try again."))
        return super().clean_credential()
