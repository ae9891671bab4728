"""allauth's forms in the desk's own words. Apart from `portal.accounts`, which allauth's forms import themselves."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as given
from django.utils.translation import gettext_lazy as _


class Plain:
    """Each field has its label above it, and nothing that says the same once more inside."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields  # type: ignore[attr-defined]
        for name, field in fields.items():
            field.widget.attrs.pop("placeholder", None)
            if name in {"login", "email"}:
                field.label = _("E-mail address")
                field.error_messages["invalid"] = _("This is not an e-mail address. Example: name@company.example")


class LoginForm(Plain, given.LoginForm):
    pass


class SignupForm(Plain, given.SignupForm):
    pass


class ChangePasswordForm(Plain, given.ChangePasswordForm):
    pass


class SetPasswordForm(Plain, given.SetPasswordForm):
    pass


class ResetPasswordKeyForm(Plain, given.ResetPasswordKeyForm):
    pass


class ReauthenticateForm(Plain, given.ReauthenticateForm):
    pass
