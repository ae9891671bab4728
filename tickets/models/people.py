from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from tickets.compiled import Compiled

if TYPE_CHECKING:
    from tickets.models import Department


class System:
    """The desk itself as an actor: its clock, its rules, its mail intake. There is one, `SYSTEM`."""

    pk = None
    is_agent = False
    is_superuser = False
    is_authenticated = True
    display_name = "Helpdesk"

    def __repr__(self) -> str:
        return "SYSTEM"


SYSTEM = System()


class Organization(models.Model):
    name = models.CharField(_("name"), max_length=200, unique=True)
    domains = ArrayField(
        models.CharField(max_length=253),
        verbose_name=_("e-mail domains"),
        default=list,
        blank=True,
        help_text=_("People who write from these domains join the organization, for example acme.example."),
    )
    shares_tickets = models.BooleanField(
        _("members see each other's tickets"),
        default=False,
        help_text=_("When on, every member can follow all tickets of the organization in the portal."),
    )
    notes = models.TextField(_("notes"), blank=True, help_text=_("For agents only."))

    class Meta:
        ordering = ["name"]
        verbose_name = _("organization")
        verbose_name_plural = _("organizations")

    def __str__(self) -> str:
        return self.name


class LowerEmailField(models.EmailField):
    """An address kept and looked up in lower case, so that nobody exists twice by spelling."""

    def get_prep_value(self, value: object) -> object:
        value = super().get_prep_value(value)
        return value.lower() if isinstance(value, str) else value


class UserManager(BaseUserManager["User"]):
    def get(self, *conditions: object, **lookups: object) -> User:
        """A person by key alone, as every request asks for its own, costs no writing of SQL."""
        key = lookups.get("pk")
        if conditions or len(lookups) != 1 or not isinstance(key, int):
            return super().get(*conditions, **lookups)
        return _by_key.get(key)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=username)

    def create_user(self, email: str, password: str | None = None, **fields: object) -> User:
        """A person with an unusable password unless one is given: most requesters never sign in."""
        user = self.new_user(email, password, **fields)
        user.save(using=self._db)
        return user

    def new_user(self, email: str, password: str | None = None, **fields: object) -> User:
        """As `create_user`, not yet saved."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> User:
        return self.create_user(email, password, is_superuser=True, is_agent=True, **fields)

    def standing_for(self, pk: int) -> models.QuerySet[User]:
        """The person with this key, or who they turned out to be."""
        return self.filter(models.Q(pk=pk, merged_into__isnull=True) | models.Q(merged__pk=pk))

    def agents(self) -> models.QuerySet[User]:
        return self.filter(is_agent=True, is_active=True).order_by("name")


class CustomerMail(models.TextChoices):
    """What the desk writes to a requester by itself, by the name of the mail's template."""

    AUTO_RESPONSE = "auto_response", _("That we have received a request")
    CONFIRMATION = "confirmation", _("The question whether it is solved")
    CLOSED = "closed", _("That a ticket was closed, and how to rate it")


class User(AbstractBaseUser, PermissionsMixin):
    """Everybody the desk knows: requesters (also those who never sign in), agents and admins.

    An agent works tickets by membership in departments; an admin (`is_superuser`) may do everything.
    """

    email = LowerEmailField(
        _("e-mail address"), unique=True, error_messages={"unique": _("This address is already known.")}
    )
    name = models.CharField(_("name"), max_length=200, blank=True)
    organization = models.ForeignKey(
        Organization,
        verbose_name=_("organization"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="people",
    )
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)
    notes = models.TextField(_("notes"), blank=True, help_text=_("For agents only."))
    is_agent = models.BooleanField(
        _("agent"), default=False, help_text=_("Works in the staff workspace, in the departments of the memberships.")
    )
    manages_organization = models.BooleanField(
        _("sees the organization's tickets"),
        default=False,
        db_default=False,
        help_text=_("Also where the organization does not let every member see the tickets of the others."),
    )
    is_available = models.BooleanField(
        _("available"), default=True, help_text=_("The desk gives tickets to an agent only while available.")
    )
    capacity = models.PositiveSmallIntegerField(
        _("most open tickets"),
        null=True,
        blank=True,
        help_text=_("The desk gives the agent no further ticket by itself beyond these. Empty: any number."),
    )
    last_given_at = models.DateTimeField(null=True, editable=False)
    # Kept with the notices, so that no page has to count them.
    unread_notices = models.PositiveIntegerField(default=0, editable=False)
    signature = models.TextField(_("signature"), blank=True, help_text=_("Put under replies sent by e-mail."))
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Switch off instead of deleting: the history stays readable.")
    )
    may_receive_automatic_mail = models.BooleanField(
        _("receives automatic mail"), default=True, help_text=_("Off after the person reported our mail as spam.")
    )
    declined_mail = ArrayField(
        models.CharField(max_length=20, choices=CustomerMail.choices),
        verbose_name=_("does not want"),
        default=list,
        db_default=[],
        blank=True,
        help_text=_("Automatic mails that the person has switched off."),
    )
    automatic_mail_paused_until = models.DateTimeField(
        _("automatic mail paused until"),
        null=True,
        blank=True,
        help_text=_("Set when mail keeps coming back; replies of agents are still sent. Empty it to begin again."),
    )
    merged_into = models.ForeignKey(
        "self", verbose_name=_("is now"), null=True, blank=True, editable=False, on_delete=models.SET_NULL,
        related_name="merged", help_text=_("The person whose second address this one's turned out to be."),
    )  # fmt: skip
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    class Meta:
        ordering = ["name", "email"]
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_lower")]
        indexes = [models.Index(fields=["organization"], name="user_organization")]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def takes_automatic_mail(self) -> bool:
        """Whether the desk may write to the person by itself, now."""
        until = self.automatic_mail_paused_until
        return self.is_active and self.may_receive_automatic_mail and not (until and until > timezone.now())

    @property
    def is_staff(self) -> bool:
        """Django admin configures the desk, so it is for admins only; agents work in the staff workspace."""
        return self.is_superuser

    @property
    def is_admin(self) -> bool:
        return self.is_superuser

    @property
    def sees_colleagues(self) -> bool:
        """Whether the person may follow what others of their organization asked."""
        organization = self.organization if self.organization_id else None
        return organization is not None and (self.manages_organization or organization.shares_tickets)

    @property
    def display_name(self) -> str:
        return self.name or self.email.partition("@")[0]

    @property
    def initials(self) -> str:
        return initials(self.display_name)

    @property
    def hue(self) -> int:
        return hue(self.pk or 0)

    @cached_property
    def grants(self) -> dict[int, frozenset[str]]:
        """Department id -> what the person may do there. Read once per instance, that is once per request."""
        if not self.is_agent:
            return {}
        return {department: frozenset(permissions) for department, permissions in _grants.all(self.pk)}

    @cached_property
    def team_ids(self) -> frozenset[int]:
        if not self.is_agent:
            return frozenset()
        return frozenset(pk for (pk,) in _teams.all(self.pk))

    def get_full_name(self) -> str:
        return self.display_name

    def get_short_name(self) -> str:
        return self.display_name.split(" ")[0]


_by_key: Compiled[User] = Compiled(lambda pk: User.objects.filter(pk=pk).order_by())


def _related(name: str) -> models.QuerySet:
    """All rows of the model at the other end of a relation to people."""
    return User._meta.get_field(name).related_model._default_manager.all()  # type: ignore[union-attr]


_grants: Compiled[tuple[int, list[str]]] = Compiled(
    lambda pk: _related("memberships").filter(user=pk).order_by().values_list("department_id", "role__permissions")
)
_teams: Compiled[tuple[int]] = Compiled(
    lambda pk: _related("teams").filter(members=pk, is_enabled=True).order_by().values_list("pk")
)


def initials(name: str) -> str:
    words = [word for word in name.replace(".", " ").split() if word[0].isalnum()]
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper() or "?"


def hue(number: int) -> int:
    """Avatar colour 0-5, the same for a person everywhere."""
    return number % 6


class Permission(models.TextChoices):
    VIEW = "view", _("See tickets")
    REPLY = "reply", _("Reply to customers")
    NOTE = "note", _("Write internal notes")
    ASSIGN = "assign", _("Assign")
    TRIAGE = "triage", _("Change priority, status and tags")
    TRANSFER = "transfer", _("Transfer to another department")
    MERGE = "merge", _("Merge, split and link tickets")
    RESOLVE = "resolve", _("Resolve")
    CLOSE = "close", _("Close")
    REOPEN = "reopen", _("Reopen")
    CREATE = "create", _("Open tickets on behalf of customers")
    CANNED = "canned", _("Keep the canned responses of the department")
    ARTICLES = "articles", _("Write articles of the knowledge base")


class Role(models.Model):
    name = models.CharField(_("name"), max_length=80, unique=True)
    permissions = ArrayField(
        models.CharField(max_length=20, choices=Permission.choices),
        verbose_name=_("permissions"),
        default=list,
        blank=True,
    )

    class Meta:
        ordering = ["name"]
        verbose_name = _("role")
        verbose_name_plural = _("roles")

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """What an agent may do in a department. No membership, no tickets."""

    user = models.ForeignKey(User, verbose_name=_("agent"), on_delete=models.CASCADE, related_name="memberships")
    department: models.ForeignKey[Department] = models.ForeignKey(
        "tickets.Department", verbose_name=_("department"), on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.ForeignKey(Role, verbose_name=_("role"), on_delete=models.PROTECT, related_name="memberships")

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [models.UniqueConstraint(fields=["user", "department"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.user} · {self.department} · {self.role}"


class Team(models.Model):
    name = models.CharField(_("name"), max_length=80, unique=True)
    members = models.ManyToManyField(User, verbose_name=_("members"), related_name="teams", blank=True)
    is_enabled = models.BooleanField(_("enabled"), default=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("team")
        verbose_name_plural = _("teams")

    def __str__(self) -> str:
        return self.name


class ApiToken(models.Model):
    """A key to the API. Only its SHA-256 is kept: 256 random bits need no slow hash, and one index look-up is
    all that a request pays."""

    class Scope(models.TextChoices):
        READ = "read", _("Read")
        WRITE = "write", _("Read and write")
        ADMIN = "admin", _("Everything")

    name = models.CharField(_("name"), max_length=80, help_text=_("What uses it, for example: monitoring."))
    user = models.ForeignKey(
        User,
        verbose_name=_("acts as"),
        on_delete=models.CASCADE,
        related_name="api_tokens",
        help_text=_("The token can do what this person can do, within its scope."),
    )
    scope = models.CharField(_("scope"), max_length=10, choices=Scope.choices, default=Scope.WRITE)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(_("begins with"), max_length=12, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"

    @staticmethod
    def digest_of(secret: str) -> str:
        return hashlib.sha256(secret.encode()).hexdigest()

    def set_new_secret(self) -> str:
        """Gives the token a fresh secret and returns it: the only moment it can be read. Does not save."""
        secret = "hd_" + secrets.token_urlsafe(32)
        self.digest = self.digest_of(secret)
        self.hint = secret[:9]
        return secret
