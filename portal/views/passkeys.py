"""Adding a passkey."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.views import AddWebAuthnView
from django.forms import Form
from django.http import HttpResponse
from django.urls import reverse

Type = Authenticator.Type


class AddPasskey(AddWebAuthnView):
    """Leaves no recovery codes behind: they stand in for the authenticator app, and who has none is never asked."""

    def form_valid(self, form: Form) -> HttpResponse:
        response = super().form_valid(form)
        own = Authenticator.objects.filter(user=self.request.user)
        if not own.filter(type=Type.TOTP).exists():
            own.filter(type=Type.RECOVERY_CODES).delete()
        return response

    def get_success_url(self) -> str:
        return reverse("mfa_index")
