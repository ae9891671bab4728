"""Links mailed to people without an account: bound to one person and one ticket, expiring, revocable.

And the one link that makes the first admin.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac

from tickets.models import Desk, Ticket, User

_SALT = "tickets.guest-link"
_JOIN_SALT = "tickets.join-link"
_SETUP_SALT = "tickets.setup-link"
SETUP_HOURS = 24
JOIN_HOURS = 24


def guest_token(ticket: Ticket, person: User) -> str:
    return signing.TimestampSigner(salt=_SALT).sign_object([ticket.pk, person.pk], compress=False)


def guest_url(ticket: Ticket, person: User) -> str:
    """The absolute address that lets `person` follow and answer this one ticket."""
    return settings.BASE_URL + reverse("portal:guest", args=[guest_token(ticket, person)])


def read_guest_token(token: str) -> tuple[Ticket, User] | None:
    """Whom the token lets in and where; None for a token that is false, expired, revoked, of a removed person or of
    one who no longer takes part.

    It opens nothing for agents: who has more to lose than one ticket signs in.
    """
    signer = signing.TimestampSigner(salt=_SALT)
    try:
        ticket_pk, person_pk = signer.unsign_object(token, max_age=timedelta(days=Desk.current().guest_link_days))
    except (signing.BadSignature, ValueError, TypeError):
        return None
    row = User.objects.standing_for(person_pk).filter(is_active=True, is_agent=False, is_superuser=False)
    person = row.first()
    if person is None:
        return None
    rows = Ticket.objects.filter(pk=ticket_pk).select_related("department", "help_topic", "status")
    ticket = rows.visible_to(person).first()
    return None if ticket is None or _revoked(ticket, token) else (ticket, person)


def _revoked(ticket: Ticket, token: str) -> bool:
    if ticket.guest_links_revoked_at is None:
        return False
    seconds = signing.b62_decode(token.rsplit(":", 2)[-2])
    return seconds <= ticket.guest_links_revoked_at.timestamp()


def ticket_of_old_token(token: str) -> int | None:
    """The id of the ticket that an expired or revoked token was for; it says where somebody wanted to go, no more."""
    try:
        return signing.TimestampSigner(salt=_SALT).unsign_object(token)[0]
    except (signing.BadSignature, ValueError, TypeError, IndexError):
        return None


def join_url(person: User, address: str) -> str:
    """The absolute address where `person` shows that they read the mail of `address`. It dies with their password or
    main address, as whoever made it may have been somebody else."""
    token = signing.TimestampSigner(salt=_JOIN_SALT).sign_object([person.pk, address, _mark(person)])
    return settings.BASE_URL + reverse("account_join", args=[token])


def read_join_token(token: str) -> tuple[User, str] | None:
    """Who asked and for which address; None for a token that is false, old or void."""
    try:
        pk, address, mark = signing.TimestampSigner(salt=_JOIN_SALT).unsign_object(
            token, max_age=timedelta(hours=JOIN_HOURS)
        )
    except (signing.BadSignature, ValueError, TypeError):
        return None
    person = User.objects.filter(pk=pk, is_active=True).first()
    return (person, address) if person and constant_time_compare(mark, _mark(person)) else None


def _mark(person: User) -> str:
    return salted_hmac(_JOIN_SALT, f"{person.email}|{person.password}", algorithm="sha256").hexdigest()[:20]


def setup_url() -> str:
    """The absolute address where the first admin is made, good for SETUP_HOURS. Nothing is stored: the link is signed,
    and it is used up as soon as there is an admin."""
    token = signing.TimestampSigner(salt=_SETUP_SALT).sign("admin")
    return settings.BASE_URL + reverse("portal:setup", args=[token])


def is_setup_token(token: str) -> bool:
    """Whether the link may still make the first admin."""
    try:
        signing.TimestampSigner(salt=_SETUP_SALT).unsign(token, max_age=timedelta(hours=SETUP_HOURS))
    except signing.BadSignature:
        return False
    return not User.objects.filter(is_superuser=True).exists()
