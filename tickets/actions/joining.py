"""A further address of somebody; and two customers who turn out to be one person.

Whoever was known by the address becomes one with the person: tickets, what they wrote and where they take part move.
The row that is left over is switched off and points to the person, so that links and mail sent to it keep their way.
Events keep naming who it was then: they are the audit log.
"""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from tickets.actions.people import check_email
from tickets.events import record
from tickets.models import (
    ApiToken,
    DataExport,
    ErasureRequest,
    Follower,
    IdempotencyKey,
    Mailbox,
    Message,
    Muted,
    OutboundEmail,
    ProposedFollower,
    Rating,
    RecurringTicket,
    Ticket,
    User,
)
from tickets.refusals import Invalid

MOST_ADDRESSES = 10
# What becomes the person's own, as it is.
MOVED: tuple[tuple[type[models.Model], str], ...] = (
    (Message, "author"), (OutboundEmail, "user"), (ProposedFollower, "proposed_by"), (Rating, "rated_by"),
    (RecurringTicket, "requester"), (User, "merged_into"),
)  # fmt: skip
# What ends with the account that is left over.
ENDED: tuple[tuple[type[models.Model], str], ...] = (
    (ApiToken, "user"), (Authenticator, "user"), (DataExport, "user"), (ErasureRequest, "user"),
    (IdempotencyKey, "user"), (EmailAddress, "user"),
)  # fmt: skip


def known_as(address: str) -> User | None:
    """Who is known by this address, by whichever of theirs."""
    row = EmailAddress.objects.filter(email=address, verified=True).select_related("user").first()
    return row.user if row else User.objects.filter(email=address).first()


def why_not(person: User, other: User) -> str:
    """Why the two cannot become one, in plain words; empty when they can."""
    if any(one.is_agent or one.is_superuser for one in (person, other)):
        return _("The address belongs to somebody who works here, or you do. Ask an admin.")
    if not other.is_active:
        return _("The account with this address is switched off. Ask us about it.")
    if Authenticator.objects.filter(user=other, type=Authenticator.Type.TOTP).exists():
        return _("The account with this address has an authenticator app. Sign in there and switch the app off first.")
    return ""


@transaction.atomic
def add_address(person: User, address: str) -> User | None:
    """Gives the person a further address, whose mail they have shown to read. Returns who became one with them, None
    when nobody was known by it. Raises Invalid."""
    address = check_email(address)
    other = known_as(address)
    people = User.objects.select_for_update().filter(pk__in=[person.pk, other.pk if other else person.pk])
    found = {row.pk: row for row in people.order_by("pk")}
    person, other = found[person.pk], found[other.pk] if other and other.pk != person.pk else None
    if Mailbox.objects.filter(address__iexact=address).exists():
        raise Invalid(email=_("This is an address of the desk itself."))
    if EmailAddress.objects.filter(user=person, verified=True).count() >= MOST_ADDRESSES:
        raise Invalid(email=_("At most %(max)d addresses fit.") % {"max": MOST_ADDRESSES})
    if other:
        _become_one(person, other)
    EmailAddress.objects.filter(email=address, verified=False).exclude(user=person).delete()
    primary = not EmailAddress.objects.filter(user=person, primary=True).exists()
    EmailAddress.objects.get_or_create(user=person, email=person.email, defaults={"verified": True, "primary": primary})
    EmailAddress.objects.update_or_create(user=person, email=address, defaults={"verified": True})
    return other


def _become_one(person: User, other: User) -> None:
    if sentence := why_not(person, other):
        raise Invalid(email=sentence)
    theirs = {row.email for row in EmailAddress.objects.filter(user=other, verified=True)} | {other.email}
    _move_tickets(person, other)
    _move_once(Follower, person, other)
    _move_once(Muted, person, other)
    Follower.objects.filter(user=person, ticket__requester=person).delete()
    for model, field in MOVED:
        model._base_manager.filter(**{field: other}).update(**{field: person})
    for model, field in ENDED:
        model._base_manager.filter(**{field: other}).delete()
    _leave_over(other, person)
    for address in theirs:
        EmailAddress.objects.update_or_create(user=person, email=address, defaults={"verified": True})
    _complete(person, other)


def _move_tickets(person: User, other: User) -> None:
    for ticket in Ticket.objects.select_for_update(of=("self",)).filter(requester=other).order_by("pk"):
        record(ticket, "people_joined", by=person, old=other.email, person_id=person.pk, old_id=other.pk)
    Ticket.objects.filter(requester=other).update(requester=person, requester_name=person.display_name)


def _move_once(model: type[models.Model], person: User, other: User) -> None:
    """Rows of which one person has one for each ticket. Where both take part, the wider right stays."""
    own = model._base_manager.filter(user=person).values("ticket")
    both = model._base_manager.filter(user=other, ticket__in=own)
    if model is Follower:
        for row in Follower.objects.filter(user=other, ticket__in=own):
            kept = Follower.objects.filter(user=person, ticket=row.ticket_id)
            if row.role == Follower.Role.REPLY:
                kept.update(role=row.role)
            kept.filter(Q(sees_from__gt=row.sees_from) if row.sees_from else Q()).update(sees_from=row.sees_from)
    both.delete()
    model._base_manager.filter(user=other).update(user=person)


def _leave_over(other: User, person: User) -> None:
    other.email, other.is_active, other.merged_into = f"merged-{other.pk}@invalid", False, person
    other.set_unusable_password()
    other.save(update_fields=["email", "is_active", "merged_into", "password"])


def _complete(person: User, other: User) -> None:
    """What is known of the one and not of the other is kept."""
    for name in ("name", "phone", "language", "time_zone", "organization_id"):
        if not getattr(person, name):
            setattr(person, name, getattr(other, name))
    person.notes = "\n\n".join(filter(None, (person.notes, other.notes)))
    person.save(update_fields=["name", "phone", "language", "time_zone", "organization", "notes"])
