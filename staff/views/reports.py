"""What customers thought of the work, and what the knowledge base answered, over some days."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from staff import lists
from staff.access import AgentRequest, agents_only
from tickets import reports
from tickets.reading import zone_of
from tickets.reports import Period, Satisfaction

SPANS = (7, 30, 90, 365)
_USUAL = 30


@require_safe
@agents_only
def overview(request: AgentRequest) -> HttpResponse:
    user = request.user
    if not reports.may_read(user):
        raise PermissionDenied
    asked = request.GET.get("days", "")
    days = int(asked) if asked in {str(span) for span in SPANS} else _USUAL
    period = Period.ending(timezone.now(), zone_of(user), days)
    context = {
        "rail": lists.rail(user, "reports"),
        "spans": _spans(days),
        **_ratings(user, period),
        **_knowledge(period),
    }
    return render(request, "staff/reports.html", context)


def _spans(chosen: int) -> list[dict[str, Any]]:
    url = reverse("staff:reports")
    return [
        {
            "label": ngettext("%(count)d day", "%(count)d days", days) % {"count": days},
            "url": f"{url}?days={days}",
            "chosen": days == chosen,
        }
        for days in SPANS
    ]


def _ratings(user: Any, period: Period) -> dict[str, Any]:
    whole = reports.satisfaction(user, period)
    if not whole.count:
        return {"whole": None}
    tables = [
        (_("By department"), _("Department"), reports.satisfaction_by_department(user, period)),
        (_("By agent"), _("Agent"), reports.satisfaction_by_agent(user, period)),
        (_("By day"), _("Day"), reports.satisfaction_by_day(user, period)),
    ]
    return {
        "whole": _drawn(whole),
        "tables": [{"title": title, "of": of, "rows": _rows(rows)} for title, of, rows in tables],
    }


def _rows(rows: Iterable[Satisfaction]) -> list[dict[str, Any]]:
    return [_drawn(row) for row in rows]


def _drawn(row: Satisfaction) -> dict[str, Any]:
    label = row.label or (formats.date_format(row.key, "DATE_FORMAT") if row.key else _("Nobody"))
    return {
        "label": label, "count": row.count, "satisfied": row.satisfied, "percent": _percent(row.share),
        "average": formats.number_format(row.average, 1),
    }  # fmt: skip


def _percent(share: float) -> str:
    return f"{share * 100:.0f}"


def _knowledge(period: Period) -> dict[str, Any]:
    used = reports.knowledge(period)
    return {
        "used": used,
        "deflection": _percent(used.deflection),
        "in_vain": reports.without_result(period),
        "articles": reports.usefulness(period, get_language() or ""),
    }
