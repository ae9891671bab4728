from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal import presenters
from portal.access import own_tickets
from tickets.models import Ticket
from tickets.states import State

_PAGE = 25
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@require_safe
@never_cache
@login_required
def own(request: HttpRequest) -> HttpResponse:
    """The person's tickets, newest first: all, or the open or closed ones. Pages go on after the last row shown."""
    show = request.GET.get("show", "")
    if show not in {"open", "closed"}:
        show = ""
    found = _shown(own_tickets(request.user), show)
    before = _position(request.GET.get("before", ""))
    if before is not None:
        found = found.filter(Q(last_message_at=before[0], pk__lt=before[1]) | Q(last_message_at__lt=before[0]))
    page = list(found.select_related("status").order_by("-last_message_at", "-id")[: _PAGE + 1])
    context = {
        "tickets": presenters.rows(page[:_PAGE]),
        "show": show,
        "next_url": _url(show, page[_PAGE - 1]) if len(page) > _PAGE else "",
        "previous_url": _url(show) if before else "",
    }
    return render(request, "portal/tickets.html", context)


def _shown(rows: QuerySet[Ticket], show: str) -> QuerySet[Ticket]:
    if show == "open":
        return rows.exclude(state=State.CLOSED)
    return rows.filter(state=State.CLOSED) if show == "closed" else rows


def _position(mark: str) -> tuple[datetime, int] | None:
    """Microseconds since 1970 and id of the last row of the page before; None for anything else."""
    micros, _, pk = mark.partition("-")
    if not (micros.isdecimal() and pk.isdecimal() and len(mark) < 40):
        return None
    try:
        return _EPOCH + int(micros) * _MICROSECOND, min(int(pk), 2**62)
    except OverflowError:
        return None


def _url(show: str, last: Ticket | None = None) -> str:
    query = {"show": show} if show else {}
    if last is not None:
        query["before"] = f"{(last.last_message_at - _EPOCH) // _MICROSECOND}-{last.pk}"
    return reverse("portal:tickets") + ("?" + urlencode(query) if query else "")
