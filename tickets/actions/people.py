"""People as the desk gets to know them."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from tickets import saving
from tickets.actions.writing import safe_name
from tickets.compiled import Compiled
from tickets.models import Organization, Ticket, User
from tickets.refusals import Invalid

_known = Compiled(lambda email: User.objects.filter(email=email).order_by())
_further = Compiled(
    lambda email: EmailAddress.objects.filter(email=email, verified=True).select_related("user").order_by()[:1]
)
_by_domain = Compiled(lambda domain: Organization.objects.filter(domains__contains=[domain])[:1])


def check_email(address: str) -> str:
    """The address in lower case; raises Invalid with a plain sentence."""
    address = address.strip().lower()
    try:
        validate_email(address)
    except ValidationError:
        raise Invalid(email=_("This is not an e-mail address: %(address)s") % {"address": address[:80]}) from None
    if len(address) > 254:
        raise Invalid(email=_("This e-mail address is too long."))
    return address


def find_or_create(email: str, name: str = "", language: str = "") -> User:
    """The person with this address; made without a password when new, in the organization of the address's domain.

    A known person's name and language are never changed by what a stranger writes. Raises Invalid.
    """
    email = check_email(email)
    return _known.first(email) or _proved_by(email) or create(email, name, language)


def _proved_by(email: str) -> User | None:
    """Whose further address it is."""
    row = _further.first(email)
    return row.user if row else None


def create(email: str, name: str = "", language: str = "") -> User:
    """As `find_or_create`, where nobody is known to have the address."""
    email = check_email(email)
    person = User.objects.new_user(
        email, None, name=clean_name(name), organization=_organization(email), language=language
    )
    # else somebody has made the same person at this very moment
    return person if saving.inserted(person) else User.objects.get(email=email)


def set_language(person: User, code: str) -> None:
    """What the person reads from now on, pages and mails, is in this language."""
    person.language = code
    person.save(update_fields=["language"])


def clean_name(name: str) -> str:
    """A person's name on one line, at most 200 characters, without signs that could deceive a reader."""
    name = " ".join(name.split())[:200]
    return safe_name(name)[:200] if name and not name.isprintable() else name


def _organization(email: str) -> Organization | None:
    return _by_domain.first(email.rpartition("@")[2])


def is_last_admin(person: User) -> bool:
    """Whether nobody could administer the desk without this person. Inside a transaction it holds until its end:
    two admins who switch each other off at the same moment leave one."""
    admins = User.objects.filter(is_superuser=True, is_active=True).order_by("pk")
    if transaction.get_connection().in_atomic_block:
        admins = admins.select_for_update()
    return [admin.pk for admin in admins] == [person.pk]


def prove_address(person: User, address: str) -> None:
    """To be called when somebody showed that they read the mail of this address of theirs: it may sign in from now on.

    A password that somebody set before anything was proved is forgotten: it may have been set by somebody else.
    """
    rows = EmailAddress.objects.filter(user=person)
    if not rows.filter(verified=True).exists() and person.has_usable_password():
        person.set_unusable_password()
        person.save(update_fields=["password"])
    primary = not rows.filter(primary=True).exclude(email=address).exists()
    EmailAddress.objects.update_or_create(user=person, email=address, defaults={"verified": True, "primary": primary})


def set_profile(
    person: User, *, name: str, language: str, time_zone: str, declined_mail: list[str] | None = None
) -> None:
    """What somebody says about themselves. Without `declined_mail` the choice of mails stays."""
    person.name, person.language, person.time_zone = clean_name(name), language, time_zone
    person.declined_mail = person.declined_mail if declined_mail is None else declined_mail
    with transaction.atomic():
        person.save(update_fields=["name", "language", "time_zone", "declined_mail"])
        details_changed(person, {"name"})


def details_changed(person: User, names: set[str]) -> None:
    """To be called after fields of a person were edited.

    A new address is unproved and the old one no longer lets anybody in; lists of tickets show the new name.
    """
    if "email" in names:
        EmailAddress.objects.filter(user=person).exclude(email=person.email).delete()
    if "name" in names:
        Ticket.objects.filter(requester=person).update(requester_name=person.display_name)
