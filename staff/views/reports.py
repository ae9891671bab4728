"""What customers thought of the work, and what the knowledge base answered, over some days."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from staff import lists
from staff.access import AgentRequest, agents_only
from tickets import exports, reports
from tickets.reading import zone_of
from tickets.reports import Period, Satisfaction

SPANS = (7, 30, 90, 365)
_USUAL = 30
_MOST = 500  # articles and searches in a file


@require_safe
@agents_only
def overview(request: AgentRequest) -> HttpResponse:
    user = request.user
    days, period = _asked(request)
    context = {
        "rail": lists.rail(user, "reports"),
        "spans": _spans(days),
        "export_url": f"{reverse('staff:reports_export')}?days={days}",
        **_ratings(user, period),
        **_knowledge(period),
    }
    return render(request, "staff/reports.html", context)


@require_safe
@agents_only
def export(request: AgentRequest) -> HttpResponse:
    """The figures of the page as CSV, one to a line: report, what it is about, figure, value."""
    days, period = _asked(request)
    lines = [(_("Report"), _("Of"), _("Figure"), _("Value")), *_figures(request.user, period)]
    text = exports.MARK + "".join(map(exports.line, lines))
    name = exports.file_name(_("Reports") + f" {days}")
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(text, content_type="text/csv; charset=utf-8", headers=headers)


def _asked(request: AgentRequest) -> tuple[int, Period]:
    """How many days, and which."""
    if not reports.may_read(request.user):
        raise PermissionDenied
    asked = request.GET.get("days", "")
    days = int(asked) if asked in {str(span) for span in SPANS} else _USUAL
    return days, Period.ending(timezone.now(), zone_of(request.user), days)


def _figures(user: Any, period: Period) -> Iterator[tuple[Any, ...]]:
    for title, _of, rows in _tables(user, period):
        for row in rows:
            of = row.key.isoformat() if isinstance(row.key, date) else row.label or _("Nobody")
            yield title, of, _("Ratings"), row.count
            yield title, of, _("Satisfied"), row.satisfied
            yield title, of, _("Average of 5"), round(row.average, 2)
    used, about = reports.knowledge(period), _("What the knowledge base answered")
    yield about, "", _("Answered without a ticket"), used.deflected
    yield about, "", _("Tickets from the portal"), used.asked
    yield about, "", _("Articles read"), used.read
    yield about, "", _("Searches"), used.searches
    yield about, "", _("Without a result"), used.empty
    for one in reports.usefulness(period, get_language() or "", _MOST):
        figures = {pgettext("how often", "Read"): one.read, _("Answered"): one.deflected, _("Helpful"): one.helpful}
        for figure, value in (figures | {_("Not helpful"): one.unhelpful}).items():
            yield _("Articles"), one.title, figure, value
    for words, times in reports.without_result(period, _MOST):
        yield _("Searched for in vain"), words, pgettext("how often", "Times"), times


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
    tables = _tables(user, period)
    return {
        "whole": _drawn(whole),
        "tables": [{"title": title, "of": of, "rows": _rows(rows)} for title, of, rows in tables],
    }


def _tables(user: Any, period: Period) -> list[tuple[str, str, list[Satisfaction]]]:
    """Title, what its rows are of, and the rows."""
    return [
        (_("By department"), _("Department"), reports.satisfaction_by_department(user, period)),
        (_("By agent"), _("Agent"), reports.satisfaction_by_agent(user, period)),
        (_("By day"), _("Day"), reports.satisfaction_by_day(user, period)),
    ]


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
