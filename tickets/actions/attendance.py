"""What agents settle for themselves: whether they are there, who stands in, how they hear of things."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from tickets import notices
from tickets.models import Absence, NoticePreferences, User
from tickets.refusals import Invalid

MOST_ABSENCES = 50


def set_available(user: User, is_available: bool) -> None:
    user.is_available = is_available
    user.save(update_fields=["is_available"])


def set_notices(user: User, *, channels: Mapping[str, str], **settings: Any) -> NoticePreferences:
    """`channels` maps groups of notices to ways; what is not named keeps coming both ways. Raises Invalid."""
    wrong = [way for way in channels.values() if way not in notices.CHANNELS]
    if wrong or set(channels) - set(notices.GROUPS):
        raise Invalid(channels=_("There is no such notice, or no such way to hear of it."))
    if (settings.get("quiet_from") is None) != (settings.get("quiet_until") is None):
        raise Invalid(quiet_until=_("Give both times, or neither."))
    kept = {group: way for group, way in channels.items() if way != notices.BOTH}
    row, _made = NoticePreferences.objects.update_or_create(user=user, defaults={"channels": kept, **settings})
    return row


def go_away(user: User, *, starts_at: datetime, ends_at: datetime | None, delegate: User | None) -> Absence:
    """Plans an absence, or begins one. Raises Invalid."""
    if ends_at is not None and (ends_at <= starts_at or ends_at <= timezone.now()):
        raise Invalid(ends_at=_("This is over before it begins."))
    if delegate is not None and (delegate == user or not (delegate.is_agent and delegate.is_active)):
        raise Invalid(delegate=_("Choose another agent who works here."))
    if user.absences.count() >= MOST_ABSENCES:
        raise Invalid(starts_at=_("These are too many. Take one off first."))
    return Absence.objects.create(user=user, starts_at=starts_at, ends_at=ends_at, delegate=delegate)


def come_back(user: User, pk: int) -> bool:
    """Ends an absence that has begun, or takes one off that has not. False when there is none of that key."""
    now = timezone.now()
    if user.absences.filter(pk=pk, starts_at__gt=now).delete()[0]:
        return True
    return bool(user.absences.filter(pk=pk, starts_at__lt=now).update(ends_at=now))
