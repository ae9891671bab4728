from __future__ import annotations

from django.conf import settings
from django.template.loader import render_to_string

from tickets import outbox
from tickets.mail.account_letters import password_url
from tickets.models import Desk, User


def invite(person: User) -> None:
    """Mails the link by which somebody sets a password: the one of a forgotten password."""
    context = {
        "person": person,
        "url": password_url(person),
        "desk": Desk.current(),
        "base_url": settings.BASE_URL,
    }
    subject, _newline, text = render_to_string("admin/invitation.txt", context).strip().partition("\n")
    outbox.enqueue("account", None, person, subject=subject, text=text.strip())
