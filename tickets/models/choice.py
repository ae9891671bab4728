from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tickets.models.people import Organization
from tickets.models.routing import Department, HelpTopic
from tickets.models.sla import SlaPolicy
from tickets.models.ticket import Tag
from tickets.states import Priority, Source


class SlaChoice(models.Model):
    """Which tickets get which policy: the first row whose conditions all hold wins. A row goes with what it names,
    since without that condition it would take tickets it was never meant for."""

    position = models.PositiveSmallIntegerField(_("order"), default=0, help_text=_("The lowest that fits wins."))
    policy = models.ForeignKey(
        SlaPolicy, verbose_name=_("SLA policy"), on_delete=models.CASCADE, related_name="choices"
    )
    department = models.ForeignKey(
        Department, verbose_name=_("department"), null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    help_topic = models.ForeignKey(
        HelpTopic, verbose_name=_("help topic"), null=True, blank=True, on_delete=models.CASCADE, related_name="+",
        help_text=_("With all topics under it."),
    )  # fmt: skip
    organization = models.ForeignKey(
        Organization,
        verbose_name=_("organization of the requester"),
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
    )
    tag = models.ForeignKey(
        Tag, verbose_name=_("tag"), null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    source = models.CharField(_("came by"), max_length=8, blank=True, choices=Source.choices)
    priority = models.PositiveSmallIntegerField(_("priority"), null=True, blank=True, choices=Priority.choices)
    is_enabled = models.BooleanField(_("enabled"), default=True)

    class Meta:
        ordering = ["position", "id"]
        verbose_name = _("choice of an SLA policy")
        verbose_name_plural = _("choices of SLA policies")

    def __str__(self) -> str:
        return f"{self.position}. {self.conditions} → {self.policy}"

    @property
    def conditions(self) -> str:
        """In words, such as "tag vip, priority High". Reads the related rows."""
        named = [
            (self._meta.get_field(name).verbose_name, value)  # type: ignore[union-attr]
            for name in ("department", "help_topic", "organization", "tag")
            if (value := getattr(self, name))
        ]
        if self.source:
            named.append((self._meta.get_field("source").verbose_name, self.get_source_display()))  # type: ignore[union-attr]
        if self.priority is not None:
            named.append((self._meta.get_field("priority").verbose_name, self.get_priority_display()))  # type: ignore[union-attr]
        return ", ".join(f"{name} {value}" for name, value in named) or str(_("every ticket"))
