from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, transition

from tickets.models.people import Permission, System, User
from tickets.states import ACTIVE, CUSTOMER_WORDING, Priority, Source, State, sources

if TYPE_CHECKING:
    from tickets.models import Message

_ACTIVE = [state.value for state in ACTIVE]
_IS_ACTIVE = Q(state__in=_ACTIVE, deleted_at__isnull=True)
_IS_LIVE = Q(archived_at__isnull=True, deleted_at__isnull=True)
_NEWEST = ["-last_message_at", "-id"]


class TicketQuerySet(models.QuerySet["Ticket"]):
    def kept(self) -> Self:
        """Everything but the trash."""
        return self.filter(deleted_at__isnull=True)

    def active(self) -> Self:
        """Tickets on which the desk still owes work."""
        return self.filter(state__in=_ACTIVE, deleted_at__isnull=True)

    def awake(self) -> Self:
        """Active tickets that nobody has put off until later."""
        return self.active().filter(snoozed_until__isnull=True)

    def visible_to(self, user: User | System | AnonymousUser) -> Self:
        """The rows `user` may know of; every face starts here, so a stranger's number is simply not found."""
        if isinstance(user, System) or user.is_superuser:
            return self
        if not isinstance(user, User) or not user.is_active:
            return self.none()
        return self.kept().filter(_visibility(user))

    def inside(self, user: User) -> Self:
        """The rows that an agent reads as the desk does, notes and all: their work and what they follow. Where they
        merely asked, or somebody of their organization did, they are a customer like others."""
        if user.is_superuser:
            return self
        if not user.is_agent or not user.is_active:
            return self.none()
        followed = Q(pk__in=Follower.objects.filter(user=user).values("ticket")) & ~Q(requester=user)
        return self.kept().filter(_work(user) | followed)

    def worked_by(self, user: User) -> Self:
        """The part of the visible rows that are an agent's work: of their departments, theirs, or their teams'."""
        return self if user.is_superuser else self.kept().filter(_work(user))


def _work(user: User) -> Q:
    rows = Q(department__in=[pk for pk, granted in user.grants.items() if Permission.VIEW in granted])
    rows |= Q(assignee=user)
    return rows | Q(team__in=user.team_ids) if user.team_ids else rows


def _visibility(user: User) -> Q:
    if not user.is_agent:
        return Q(pk__in=_taking_part(user))
    rows = Q(requester=user) | Q(pk__in=Follower.objects.filter(user=user).values("ticket"))
    if user.sees_colleagues:
        rows |= Q(requester__in=User.objects.filter(organization=user.organization_id))
    return rows | _work(user)


def _taking_part(user: User) -> models.QuerySet:
    """Primary keys of a customer's tickets. A union, because PostgreSQL would read the whole table for an OR."""
    parts: list[models.QuerySet] = [Follower.objects.filter(user=user).values("ticket")]
    if user.sees_colleagues:
        colleagues = User.objects.filter(organization=user.organization_id)
        parts.append(Ticket.objects.filter(requester__in=colleagues.order_by()).values("pk"))
    return Ticket.objects.filter(requester=user).values("pk").union(*parts, all=True)


class TicketManager(models.Manager.from_queryset(TicketQuerySet)):  # type: ignore[misc]
    def get_queryset(self) -> TicketQuerySet:
        """Without the search vector, which only PostgreSQL reads."""
        return super().get_queryset().defer("search")


class Tag(models.Model):
    name = models.CharField(_("name"), max_length=40, unique=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("tag")
        verbose_name_plural = _("tags")

    def __str__(self) -> str:
        return self.name


class Ticket(models.Model):
    number = models.CharField(_("number"), max_length=24, unique=True, editable=False)
    subject = models.CharField(_("subject"), max_length=255)
    state = FSMField(_("state"), choices=State.choices, default=State.NEW, protected=True, db_index=False)
    status = models.ForeignKey(
        "tickets.Status", verbose_name=_("status"), null=True, blank=True, on_delete=models.PROTECT, db_index=False
    )
    priority = models.PositiveSmallIntegerField(_("priority"), choices=Priority.choices, default=Priority.NORMAL)
    source = models.CharField(_("source"), max_length=8, choices=Source.choices, default=Source.WEB)

    requester = models.ForeignKey(
        User, verbose_name=_("requester"), on_delete=models.PROTECT, related_name="requested_tickets", db_index=False
    )
    department = models.ForeignKey(
        "tickets.Department", verbose_name=_("department"), on_delete=models.PROTECT, db_index=False
    )
    help_topic = models.ForeignKey(
        "tickets.HelpTopic", verbose_name=_("help topic"), null=True, on_delete=models.SET_NULL, db_index=False
    )
    team = models.ForeignKey(
        "tickets.Team", verbose_name=_("team"), null=True, on_delete=models.SET_NULL, related_name="tickets"
    )
    assignee = models.ForeignKey(
        User,
        verbose_name=_("assignee"),
        null=True,
        on_delete=models.SET_NULL,
        related_name="assigned_tickets",
        db_index=False,
    )
    tags = models.ManyToManyField(Tag, verbose_name=_("tags"), related_name="tickets", blank=True)
    follow_up_of = models.ForeignKey(
        "self", verbose_name=_("follow-up of"), null=True, on_delete=models.SET_NULL, related_name="follow_ups"
    )

    # The answers to the form of the help topic, {key: value}, and the version of the form that was asked.
    fields = models.JSONField(
        _("fields"), default=dict, db_default=models.Value({}, models.JSONField()), editable=False
    )
    form_version = models.ForeignKey(
        "tickets.FormVersion", null=True, on_delete=models.PROTECT, db_index=False, related_name="+", editable=False
    )

    # A merged ticket only points to another; see TicketMerge.
    merged_into = models.ForeignKey(
        "self", verbose_name=_("merged into"), null=True, on_delete=models.SET_NULL, related_name="merged",
        db_index=False,
    )  # fmt: skip
    # Whether the page has to ask for any at all.
    merged_count = models.PositiveSmallIntegerField(default=0, editable=False)
    link_count = models.PositiveSmallIntegerField(default=0, editable=False)
    side_count = models.PositiveSmallIntegerField(default=0, editable=False)
    task_count = models.PositiveSmallIntegerField(default=0, editable=False)

    # Only on a ticket that was opened just now.
    first_message: Message
    # Only inside a verb: the row's columns as they were when its door opened.
    before: dict[str, Any]

    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    updated_at = models.DateTimeField(_("updated"), default=timezone.now, editable=False)
    first_response_at = models.DateTimeField(null=True, editable=False)
    resolved_at = models.DateTimeField(null=True, editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)
    reopened_at = models.DateTimeField(null=True, editable=False)
    archived_at = models.DateTimeField(null=True, editable=False)
    deleted_at = models.DateTimeField(null=True, editable=False)
    guest_links_revoked_at = models.DateTimeField(null=True, editable=False)
    # Asleep until then, and out of the open views; empty on every ticket that is awake.
    snoozed_until = models.DateTimeField(_("snoozed until"), null=True, editable=False)
    reopen_count = models.PositiveSmallIntegerField(default=0, editable=False)

    # What a list row shows, written by the action that changed it: lists never join to messages.
    requester_name = models.CharField(max_length=200, default="", editable=False)
    last_message_at = models.DateTimeField(default=timezone.now, editable=False)
    last_message_by = models.CharField(max_length=200, default="", editable=False)
    last_message_kind = models.CharField(max_length=8, default="", editable=False)
    last_message_preview = models.CharField(max_length=160, default="", editable=False)
    message_count = models.PositiveIntegerField(default=0, editable=False)
    waiting_since = models.DateTimeField(null=True, editable=False)
    tag_names = ArrayField(models.CharField(max_length=40), default=list, editable=False)

    # Deadlines. `due_at` is the nearest live target and what people see; `next_breach_at` is when the clock has to
    # look again (a warning comes before the target); `auto_close_at` is when a quiet resolved ticket closes.
    sla_policy = models.ForeignKey(
        "tickets.SlaPolicy", verbose_name=_("SLA policy"), null=True, on_delete=models.SET_NULL, db_index=False
    )
    sla_started_at = models.DateTimeField(null=True, editable=False)
    manual_due_at = models.DateTimeField(_("due date set by hand"), null=True, editable=False)
    first_response_due_at = models.DateTimeField(null=True, editable=False)
    next_response_due_at = models.DateTimeField(null=True, editable=False)
    resolution_due_at = models.DateTimeField(null=True, editable=False)
    first_response_warned_at = models.DateTimeField(null=True, editable=False)
    next_response_warned_at = models.DateTimeField(null=True, editable=False)
    resolution_warned_at = models.DateTimeField(null=True, editable=False)
    first_response_breached_at = models.DateTimeField(null=True, editable=False)
    next_response_breached_at = models.DateTimeField(null=True, editable=False)
    resolution_breached_at = models.DateTimeField(null=True, editable=False)
    due_at = models.DateTimeField(null=True, editable=False)
    next_breach_at = models.DateTimeField(null=True, editable=False)
    auto_close_at = models.DateTimeField(null=True, editable=False)

    # Given by the form that opened the ticket: the same form sent twice opens one ticket.
    nonce = models.UUIDField(null=True, unique=True, editable=False)
    search = models.GeneratedField(
        expression=SearchVector("number", "subject", "requester_name", config="simple"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = TicketManager()

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        indexes = [
            models.Index(fields=_NEWEST, name="ticket_active", condition=_IS_ACTIVE),
            models.Index(fields=["department", *_NEWEST], name="ticket_department", condition=_IS_ACTIVE),
            models.Index(fields=["assignee", *_NEWEST], name="ticket_assignee", condition=_IS_ACTIVE),
            models.Index(fields=_NEWEST, name="ticket_unassigned", condition=_IS_ACTIVE & Q(assignee__isnull=True)),
            models.Index(fields=["due_at", "id"], name="ticket_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["status", *_NEWEST], name="ticket_status", condition=Q(status__isnull=False)),
            models.Index(
                fields=["-closed_at", "-id"],
                name="ticket_closed",
                condition=Q(state=State.CLOSED, archived_at__isnull=True, deleted_at__isnull=True),
            ),
            models.Index(
                fields=["-closed_at", "-id"],
                name="ticket_archived",
                condition=Q(archived_at__isnull=False, deleted_at__isnull=True),
            ),
            models.Index(fields=["-deleted_at", "-id"], name="ticket_trash", condition=Q(deleted_at__isnull=False)),
            models.Index(
                fields=_NEWEST, name="ticket_resolved", condition=Q(state=State.RESOLVED, deleted_at__isnull=True)
            ),
            models.Index(fields=["requester", *_NEWEST], name="ticket_requester"),
            models.Index(
                fields=["next_breach_at"], name="ticket_next_breach", condition=Q(next_breach_at__isnull=False)
            ),
            models.Index(fields=["auto_close_at"], name="ticket_auto_close", condition=Q(auto_close_at__isnull=False)),
            models.Index(
                fields=["snoozed_until", "id"], name="ticket_snoozed", condition=Q(snoozed_until__isnull=False)
            ),
            # Where automations look for the tickets whose time has come, see tickets/automation/due.py.
            models.Index(fields=["created_at", "id"], name="ticket_since_created", condition=_IS_LIVE),
            models.Index(fields=["updated_at", "id"], name="ticket_since_updated", condition=_IS_LIVE),
            models.Index(fields=["last_message_at", "id"], name="ticket_since_message", condition=_IS_LIVE),
            models.Index(
                fields=["waiting_since", "id"],
                name="ticket_since_waiting",
                condition=_IS_LIVE & Q(waiting_since__isnull=False),
            ),
            models.Index(
                fields=["resolved_at", "id"],
                name="ticket_since_resolved",
                condition=_IS_LIVE & Q(resolved_at__isnull=False),
            ),
            models.Index(fields=["merged_into"], name="ticket_merged", condition=Q(merged_into__isnull=False)),
            GinIndex(fields=["search"], name="ticket_search"),
            GinIndex(fields=["tag_names"], name="ticket_tag_names"),
            GinIndex(fields=["fields"], name="ticket_fields", opclasses=["jsonb_path_ops"]),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=State.values), name="ticket_state_known"),
            models.CheckConstraint(
                condition=Q(archived_at__isnull=True) | Q(state=State.CLOSED), name="ticket_archived_is_closed"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.number} {self.subject}"

    @property
    def is_active(self) -> bool:
        return self.state in _ACTIVE

    @property
    def is_closed(self) -> bool:
        return self.state == State.CLOSED

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None

    @property
    def is_asleep(self) -> bool:
        return self.snoozed_until is not None

    @property
    def label(self) -> str:
        """What agents read: the custom status if there is one, else the state."""
        return self.status.label if self.status else str(State(self.state).label)

    @property
    def customer_label(self) -> str:
        if self.status and self.status.customer_label:
            return self.status.customer_label
        return str(CUSTOMER_WORDING[State(self.state)])

    # Transitions only set fields. The verbs in tickets.actions lock the row, save and record.

    @transition(field=state, source=sources("assign"), target=State.OPEN)
    def take_up(self) -> None:
        self.status = None

    @transition(field=state, source=sources("start"), target=State.IN_PROGRESS)
    def begin_work(self) -> None:
        self.status = None

    @transition(field=state, source=sources("resolve"), target=State.RESOLVED)
    def settle(self, now: datetime) -> None:
        self.status = None
        self.resolved_at = now
        self.waiting_since = None
        self.snoozed_until = None

    @transition(field=state, source=sources("close"), target=State.CLOSED)
    def shut(self, now: datetime) -> None:
        self.status = None
        self.resolved_at = self.resolved_at or now
        self.closed_at = now
        self.auto_close_at = None
        self.waiting_since = None
        self.snoozed_until = None

    @transition(field=state, source=sources("reopen"), target=State.REOPENED)
    def come_back(self, now: datetime) -> None:
        self.status = None
        self.reopened_at = now
        self.reopen_count += 1
        self.resolved_at = None
        self.closed_at = None
        self.auto_close_at = None
        self.archived_at = None


class Follower(models.Model):
    """Somebody besides the requester who takes part: an agent who watches, or a person put in copy."""

    class Role(models.TextChoices):
        REPLY = "reply", _("Reads and answers")
        VIEW = "view", _("Only reads")

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="followers")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="followed")
    created_at = models.DateTimeField(default=timezone.now)
    role = models.CharField(_("role"), max_length=8, choices=Role.choices, default=Role.REPLY)
    sees_from = models.DateTimeField(null=True, help_text=_("What was written before stays hidden; empty: sees all."))

    class Meta:
        verbose_name = _("follower")
        verbose_name_plural = _("followers")
        constraints = [models.UniqueConstraint(fields=["ticket", "user"], name="follower_once")]

    def __str__(self) -> str:
        return str(self.user)


class ProposedFollower(models.Model):
    """Somebody a mail had in copy. Anybody can write anybody there, so they get nothing and see nothing until an agent
    or the verified requester takes them in; `accepted` is empty until then."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="proposed_followers")
    address = models.EmailField(max_length=254)
    name = models.CharField(max_length=200, default="")
    proposed_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    accepted = models.BooleanField(null=True)
    decided_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        verbose_name = _("proposed follower")
        verbose_name_plural = _("proposed followers")
        constraints = [models.UniqueConstraint(fields=["ticket", "address"], name="proposed_follower_once")]

    def __str__(self) -> str:
        return self.address
