"""Rules: what the desk does by itself, and what it writes down about it."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tickets.models.event import TicketEvent
from tickets.models.people import User
from tickets.models.ticket import Ticket

# What a version keeps of a rule; order and switch are no part of it.
DEFINED = ("kind", "name", "description", "on", "conditions", "effects", "stops_after", "reaches_back")


class RuleQuerySet(models.QuerySet["Rule"]):
    def active(self) -> RuleQuerySet:
        return self.filter(is_enabled=True)


class Rule(models.Model):
    class Kind(models.TextChoices):
        FILTER = "filter", pgettext_lazy("rule", "Filter")
        TRIGGER = "trigger", _("Trigger")
        AUTOMATION = "automation", _("Automation")
        MACRO = "macro", _("Macro")

    class On(models.TextChoices):
        """What a trigger can listen to; `tickets.automation.kinds` says which events are which of these."""

        CREATED = "created", _("a ticket is opened")
        UPDATED = "updated", _("a ticket is changed")
        MESSAGE_IN = "message_in", _("a customer writes")
        MESSAGE_OUT = "message_out", _("an agent replies")
        NOTE = "note", _("a note is written")
        ASSIGNED = "assigned", _("a ticket is assigned")
        STATE_CHANGED = "state_changed", _("the state changes")
        SLA_WARNING = "sla_warning", _("a target is due soon")
        SLA_BREACH = "sla_breach", _("a target is overdue")
        RATING = "rating", _("a customer rates")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    name = models.CharField(_("name"), max_length=120)
    description = models.CharField(_("what it is for"), max_length=300, blank=True, default="")
    position = models.PositiveIntegerField(_("order"), default=0)
    is_enabled = models.BooleanField(_("switched on"), default=False)
    stops_after = models.BooleanField(
        _("stops after"), default=False, help_text=_("When it matched, no later rule of its kind is asked.")
    )
    reaches_back = models.BooleanField(
        _("also takes old tickets"),
        default=False,
        help_text=_("Automations: also tickets whose time had come before the rule was switched on."),
    )
    owner = models.ForeignKey(
        User, verbose_name=_("owner"), null=True, blank=True, on_delete=models.SET_NULL, related_name="+",
        help_text=_("Who answers for it. It acts as the desk, a macro as the agent who runs it."),
    )  # fmt: skip
    on = ArrayField(
        models.CharField(max_length=20, choices=On.choices),
        verbose_name=_("when"),
        default=list,
        blank=True,
        help_text=_("Triggers only."),
    )
    conditions = models.JSONField(_("conditions"), default=dict, blank=True)
    effects = models.JSONField(_("effects"), default=list, blank=True)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)
    disabled_reason = models.TextField(_("switched off because"), default="", editable=False)
    # Automations: since when it is on, and up to which moment the clock has looked for tickets whose time has come.
    active_since = models.DateTimeField(null=True, editable=False)
    swept_until = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = RuleQuerySet.as_manager()

    class Meta:
        ordering = ["kind", "position", "id"]
        verbose_name = _("rule")
        verbose_name_plural = _("rules")
        constraints = [models.UniqueConstraint(fields=["kind", "name"], name="rule_name_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def definition(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in DEFINED}


class RuleVersion(models.Model):
    """How a rule read from one saving to the next."""

    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    definition = models.JSONField()
    saved_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-number"]
        verbose_name = _("version")
        verbose_name_plural = _("versions")
        constraints = [models.UniqueConstraint(fields=["rule", "number"], name="rule_version_once")]

    def __str__(self) -> str:
        return f"{self.rule_id} · {self.number}"


class RuleCheck(models.Model):
    """One moment at which rules were asked: with which facts, which rules, and why some were not. What the rules that
    did not match had against it is worked out from here when somebody asks."""

    ticket = models.ForeignKey(Ticket, null=True, on_delete=models.CASCADE, related_name="rule_checks", db_index=False)
    event = models.ForeignKey(TicketEvent, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    kind = models.CharField(max_length=10, choices=Rule.Kind.choices)
    at = models.DateTimeField(default=timezone.now)
    facts = models.JSONField(default=dict)
    asked = models.JSONField(default=list, help_text=_("[[rule, version, what came of it], ...] in order."))
    note = models.TextField(default="", help_text=_("Why nothing was asked: the loop guard."))

    class Meta:
        ordering = ["-id"]
        verbose_name = _("check of rules")
        verbose_name_plural = _("checks of rules")
        indexes = [
            models.Index(fields=["ticket", "-id"], name="rule_check_ticket", condition=Q(ticket__isnull=False)),
            models.Index(fields=["at"], name="rule_check_at"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.ticket_id} {self.at:%Y-%m-%d %H:%M}"


class RuleRun(models.Model):
    """One rule that matched, or failed: with which facts, how each condition came out, what was done."""

    rule = models.ForeignKey(Rule, null=True, on_delete=models.SET_NULL, related_name="runs", db_index=False)
    rule_name = models.CharField(max_length=120)
    version = models.PositiveIntegerField()
    check_row = models.ForeignKey(
        RuleCheck, null=True, on_delete=models.CASCADE, related_name="runs", db_column="check_id", db_index=False
    )
    ticket = models.ForeignKey(Ticket, null=True, on_delete=models.CASCADE, related_name="rule_runs", db_index=False)
    event = models.ForeignKey(TicketEvent, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    actor = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    at = models.DateTimeField(default=timezone.now)
    matched = models.BooleanField(default=True)
    facts = models.JSONField(default=dict)
    results = models.JSONField(default=dict, help_text=_("The conditions as a tree, each with what was compared."))
    effects = models.JSONField(
        default=list, help_text=_("[{do, said, before, after, error}, ...] in the order in which they were done.")
    )
    error = models.TextField(default="")

    class Meta:
        ordering = ["-id"]
        verbose_name = _("run of a rule")
        verbose_name_plural = _("runs of rules")
        indexes = [
            models.Index(fields=["ticket", "-id"], name="rule_run_ticket", condition=Q(ticket__isnull=False)),
            models.Index(fields=["rule", "-id"], name="rule_run_rule"),
            models.Index(fields=["check_row"], name="rule_run_check", condition=Q(check_row__isnull=False)),
            models.Index(fields=["at"], name="rule_run_at"),
        ]

    def __str__(self) -> str:
        return f"{self.rule_name} #{self.ticket_id}"


class RuleFiring(models.Model):
    """That an automation has taken a ticket, for these moments of it. Kept as long as the ticket, so that it is never
    taken twice; another customer message, for one, makes it another moment."""

    rule = models.ForeignKey(Rule, on_delete=models.CASCADE, related_name="+")
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="+")
    moments = models.CharField(max_length=300)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ticket", "rule", "moments"], name="rule_firing_once")]

    def __str__(self) -> str:
        return f"{self.rule_id} #{self.ticket_id}"
