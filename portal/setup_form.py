from __future__ import annotations

from django import forms
from django.contrib.auth.password_validation import password_validators_help_text_html, validate_password
from django.utils.translation import gettext_lazy as _

from tickets.models import User


class SetupForm(forms.Form):
    """Who the first admin is."""

    name = forms.CharField(label=_("Your name"), max_length=200)
    email = forms.EmailField(label=_("Your e-mail address"), max_length=254)
    password = forms.CharField(
        label=_("Password"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=password_validators_help_text_html,
    )

    def clean(self) -> dict[str, str]:
        typed = super().clean()
        if "password" in typed:
            try:
                validate_password(typed["password"], User(email=typed.get("email", ""), name=typed.get("name", "")))
            except forms.ValidationError as error:
                self.add_error("password", error)
        return typed
