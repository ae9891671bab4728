"""Times, sizes and promises in words for customers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.translation import get_language_bidi, ngettext
from django.utils.translation import gettext as _

from tickets import clock, reading, sla
from tickets.models import Department, Ticket


def isolated(text: str) -> str:
    """For a sentence without markup that is read from right to left: what runs the other way keeps its own order, so
    that `42@…` begins with its number."""
    return f"\u2068{text}\u2069" if get_language_bidi() else text


def clock_face(now: datetime | None = None) -> Callable[[datetime], str]:
    """A function that says when something was, seen from `now`: "4 min", "3 h", "Mon 14:02", "3 Mar", "3 Mar 2024"."""
    now, zone = now or timezone.now(), timezone.get_current_timezone()
    this_year = now.astimezone(zone).year

    def when(moment: datetime) -> str:
        seconds = (now - moment).total_seconds()
        if seconds < 60:
            return _("just now")
        if seconds < 86_400:
            is_hours = seconds >= 3600
            words = _("%(count)d h") if is_hours else _("%(count)d min")
            return words % {"count": seconds // (3600 if is_hours else 60)}
        local = moment.astimezone(zone)
        if seconds < 6 * 86_400:
            return f"{WEEKDAYS_ABBR[local.weekday()]} {local:%H:%M}"
        return reading.day(local) if local.year == this_year else reading.day_and_year(local)

    return when


def day_and_time(moment: datetime) -> str:
    """When something was, without counting from now: "today 14:02", "Monday 09:12", "3 Mar 09:12", "3 Mar 2024"."""
    local, now = timezone.localtime(moment), timezone.localtime()
    if local.date() == now.date():
        return _("today %(time)s") % {"time": f"{local:%H:%M}"}
    if now - local < timedelta(days=6):
        return f"{WEEKDAYS[local.weekday()]} {local:%H:%M}"
    return f"{reading.day(local)} {local:%H:%M}" if local.year == now.year else reading.day_and_year(local)


def coming(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    """A moment to come: "today 16:30", "tomorrow 09:30", "Thursday 09:30", "3 Mar 09:30"."""
    local = moment.astimezone(zone)
    days = (local.date() - now.astimezone(zone).date()).days
    if days <= 1:
        day = _("today") if days <= 0 else _("tomorrow")
    elif days < 7:
        day = str(WEEKDAYS[local.weekday()])
    else:
        day = reading.day(local)
    return f"{day} {local:%H:%M}"


def closing_day(moment: datetime | None) -> str:
    """The day on which something will happen by itself: "Thursday", or "3 Mar" when that is a week away."""
    if moment is None:
        return ""
    local = timezone.localtime(moment)
    if moment - timezone.now() < timedelta(days=6):
        return str(WEEKDAYS[local.weekday()])
    return reading.day(local)


def expectation(department: Department | None) -> str:
    """When somebody who writes now will hear from us, by the department's SLA and hours; empty without a policy."""
    policy = department.sla_policy if department else None
    if department is None or policy is None or not policy.is_enabled:
        return ""
    calendar, now = sla.calendar_of(policy, department), timezone.now()
    if calendar is clock.ALWAYS:
        return _within(policy.first_response_minutes)
    try:
        due = clock.add_working(calendar, now, policy.first_response_minutes * 60)
    except clock.NeverDue:
        return ""
    by = coming(due, now, ZoneInfo(calendar.zone))
    if clock.is_open(calendar, now):
        return _("Write now and you will hear from us by %(when)s.") % {"when": by}
    return _("We are closed now. Write any time: you will hear from us by %(when)s.") % {"when": by}


def _within(minutes: int) -> str:
    hours = -(-minutes // 60)
    return ngettext(
        "You usually hear from us within %(hours)d hour, day and night.",
        "You usually hear from us within %(hours)d hours, day and night.",
        hours,
    ) % {"hours": hours}


def promise(ticket: Ticket) -> str:
    """When the requester of a fresh ticket will hear from us; empty when nothing is promised."""
    due = ticket.first_response_due_at
    if due is None or ticket.sla_policy is None or ticket.first_response_at:
        return ""
    zone = ZoneInfo(sla.calendar_of(ticket.sla_policy, ticket.department).zone)
    return _("You will hear from us by %(when)s.") % {"when": coming(due, timezone.now(), zone)}
