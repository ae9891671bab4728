from __future__ import annotations

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from tickets import outbox
from tickets.models import Desk, User


def invite(person: User) -> None:
    """Mails the link by which somebody sets a password: the one of a forgotten password, good for a day and once."""
    key = {"uidb36": user_pk_to_url_str(person), "key": default_token_generator.make_token(person)}
    url = settings.BASE_URL + reverse("account_reset_password_from_key", kwargs=key)
    context = {"person": person, "url": url, "desk": Desk.current(), "base_url": settings.BASE_URL}
    subject, _newline, text = render_to_string("admin/invitation.txt", context).strip().partition("\n")
    outbox.enqueue("account", None, person, subject=subject, text=text.strip())
