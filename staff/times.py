"""Moments and durations in few words, formatted once: the `|date` filter costs more than all the rest of a row."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.utils import timezone
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tickets.models import User
from tickets.reading import day, day_and_year, zone_of

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


class Clock:
    """Says moments as seen from `now` in the person's own time zone."""

    def __init__(self, user: User, now: datetime | None = None) -> None:
        self.zone = zone_of(user)
        self.now = now or timezone.now()
        self.today = self.now.astimezone(self.zone).date()

    @property
    def midnight(self) -> datetime:
        """When the person's day began."""
        return datetime.combine(self.today, time(), self.zone)

    def ago(self, moment: datetime) -> str:
        """How long ago: "4 min", "2 h", then "Mon 09:12", "12 Mar", "12 Mar 2025"."""
        seconds = (self.now - moment).total_seconds()
        if 0 <= seconds < _DAY:
            return span(seconds) if seconds >= _MINUTE else _("now")
        return self.at(moment)

    def at(self, moment: datetime) -> str:
        """The moment itself: "today 14:20", "Mon 09:12" within a week, else the date."""
        local = moment.astimezone(self.zone)
        days = (local.date() - self.today).days
        if days == 0:
            return _("today %(time)s") % {"time": f"{local:%H:%M}"}
        if days == 1:
            return _("tomorrow %(time)s") % {"time": f"{local:%H:%M}"}
        if -7 < days < 7:
            return f"{WEEKDAYS_ABBR[local.weekday()]} {local:%H:%M}"
        return day(local) if local.year == self.today.year else day_and_year(local)

    def due(self, moment: datetime) -> str:
        """A deadline: "Due in 2 h", "Due tomorrow 10:30", "Overdue by 40 min"."""
        seconds = (moment - self.now).total_seconds()
        if seconds < 0:
            return _("Overdue by %(span)s") % {"span": span(-seconds)}
        if seconds < 12 * _HOUR:
            return _("Due in %(span)s") % {"span": span(seconds)}
        return _("Due %(moment)s") % {"moment": self.at(moment)}

    def wakes(self, moment: datetime) -> str:
        return _("Asleep until %(moment)s") % {"moment": self.at(moment)}

    def closes(self, moment: datetime) -> str:
        seconds = max(0.0, (moment - self.now).total_seconds())
        return _("Closes in %(span)s") % {"span": span(seconds)}


def span(duration: float | timedelta) -> str:
    """Seconds in the one unit that matters: "40 min", "3 h", "2 days"; never less than a minute."""
    seconds = duration.total_seconds() if isinstance(duration, timedelta) else duration
    if seconds < 90 * _MINUTE:
        return _("%(count)d min") % {"count": max(1, round(seconds / _MINUTE))}
    if seconds < 36 * _HOUR:
        return _("%(count)d h") % {"count": round(seconds / _HOUR)}
    days = round(seconds / _DAY)
    return ngettext("%(count)d day", "%(count)d days", days) % {"count": days}
