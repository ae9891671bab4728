"""Links mailed to people without an account: bound to one person and one ticket, expiring, revocable."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.urls import reverse

from tickets.models import Desk, Ticket, User

_SALT = "tickets.guest-link"


def guest_token(ticket: Ticket, person: User) -> str:
    return signing.TimestampSigner(salt=_SALT).sign_object([ticket.pk, person.pk], compress=False)


def guest_url(ticket: Ticket, person: User) -> str:
    """The absolute address that lets `person` follow and answer this one ticket."""
    return settings.BASE_URL + reverse("portal:guest", args=[guest_token(ticket, person)])


def read_guest_token(token: str) -> tuple[Ticket, User] | None:
    """Whom the token lets in and where; None for a token that is false, expired, revoked or of a removed person.

    It opens nothing for agents: who has more to lose than one ticket signs in.
    """
    signer = signing.TimestampSigner(salt=_SALT)
    try:
        ticket_pk, person_pk = signer.unsign_object(token, max_age=timedelta(days=Desk.current().guest_link_days))
    except (signing.BadSignature, ValueError, TypeError):
        return None
    ticket = Ticket.objects.kept().filter(pk=ticket_pk).select_related("department", "help_topic", "status").first()
    person = User.objects.filter(pk=person_pk, is_active=True, is_agent=False, is_superuser=False).first()
    if ticket is None or person is None or _revoked(ticket, token):
        return None
    return ticket, person


def _revoked(ticket: Ticket, token: str) -> bool:
    if ticket.guest_links_revoked_at is None:
        return False
    seconds = signing.b62_decode(token.rsplit(":", 2)[-2])
    return seconds <= ticket.guest_links_revoked_at.timestamp()
