from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tickets.models.people import User
from tickets.models.ticket import Ticket


class Score(models.IntegerChoices):
    VERY_BAD = 1, _("Very bad")
    BAD = 2, _("Bad")
    FAIR = 3, _("Fair")
    GOOD = 4, _("Good")
    VERY_GOOD = 5, _("Very good")


class Rating(models.Model):
    """What the requester thinks of how a ticket was solved: one for each time it was closed, told apart by how often it
    had been reopened before. Good and very good count as satisfied."""

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="ratings", db_index=False)
    round = models.PositiveSmallIntegerField()
    score = models.PositiveSmallIntegerField(
        _("score"), choices=Score.choices, validators=[MinValueValidator(1), MaxValueValidator(5)]
    )
    comment = models.TextField(_("comment"), blank=True)
    rated_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    # Who had solved it then; reports do not follow later changes.
    agent = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="ratings")
    rated_at = models.DateTimeField(_("rated"), default=timezone.now, db_index=True)

    class Meta:
        ordering = ["-rated_at"]
        verbose_name = _("rating")
        verbose_name_plural = _("ratings")
        constraints = [
            models.UniqueConstraint(fields=["ticket", "round"], name="rating_once"),
            models.CheckConstraint(condition=models.Q(score__range=(1, 5)), name="rating_score_known"),
        ]

    def __str__(self) -> str:
        return str(Score(self.score).label)
