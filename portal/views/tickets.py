from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal import presenters
from portal.access import own_tickets
from portal.views.search import LONGEST, matching
from tickets import exports, limits
from tickets.models import Follower, Ticket
from tickets.states import State

_PAGE = 25
_MOST = 5_000  # tickets in one file
_EXPORTS = [(20, limits.HOUR)]
_SHOWS = [("", _("All")), ("open", _("Open")), ("closed", _("Closed"))]
_SORTS = [("", _("Latest message first")), ("opened", _("Newest first"))]
_ORDERS = {"": "last_message_at", "opened": "created_at"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@require_safe
@never_cache
@login_required
def own(request: HttpRequest) -> HttpResponse:
    """The person's tickets: all, or the open or closed ones; searched, sorted, and with those of their organization if
    they may see them. Pages go on after the last row shown."""
    asked, found = _found(request)
    column = _ORDERS[asked["sort"]]
    before = _position(request.GET.get("before", ""))
    if before is not None:
        found = found.filter(Q(**{column: before[0]}, pk__lt=before[1]) | Q(**{f"{column}__lt": before[0]}))
    page = list(found.select_related("status").order_by(f"-{column}", "-id")[: _PAGE + 1])
    shown = page[:_PAGE]
    context = {
        **asked,
        "tickets": presenters.rows(shown, names=asked["whose"] == "all"),
        "query": asked["q"],
        "shows": [(name, label, _url({**asked, "show": name})) for name, label in _SHOWS],
        "sorts": _SORTS,
        "sees_colleagues": request.user.sees_colleagues and not request.user.is_agent,
        "next_url": _url(asked, shown[-1], column) if len(page) > _PAGE else "",
        "previous_url": _url(asked) if before else "",
        "export_url": _url(asked, where="portal:tickets_export") if shown else "",
    }
    return render(request, "portal/tickets.html", context)


@require_safe
@never_cache
@login_required
def export(request: HttpRequest) -> StreamingHttpResponse:
    """The same list as a file for a spreadsheet, with what its reader may see."""
    limits.check(f"export:{request.user.pk}", _EXPORTS)
    asked, found = _found(request)
    ids = list(found.order_by(f"-{_ORDERS[asked['sort']]}", "-id").values_list("pk", flat=True)[:_MOST])
    lines = exports.lines(Ticket.objects.visible_to(request.user), ids, exports.for_customers())
    name = exports.file_name(str(_("My tickets")))
    return StreamingHttpResponse(
        lines, content_type="text/csv; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _found(request: HttpRequest) -> tuple[dict[str, str], QuerySet[Ticket]]:
    """What is asked for, and the tickets that it finds."""
    asked = _asked(request)
    found = _shown(_whose(request.user, asked["whose"]), asked["show"])
    return asked, matching(request.user, asked["q"], found) if asked["q"] else found


def _asked(request: HttpRequest) -> dict[str, str]:
    """What the address asks for, with anything strange left out."""
    text = request.GET.get("q", "").replace("\0", "").strip()
    if len(text) > LONGEST:
        raise BadRequest("search text too long")
    asked = {"show": request.GET.get("show", ""), "sort": request.GET.get("sort", ""), "q": text}
    asked["show"] = asked["show"] if asked["show"] in {"open", "closed"} else ""
    asked["sort"] = asked["sort"] if asked["sort"] in _ORDERS else ""
    return asked | {"whose": "all" if request.GET.get("whose") == "all" else ""}


def _whose(user: Any, whose: str) -> QuerySet[Ticket]:
    """Their own and what they take part in; of colleagues only if asked for. Who cannot see those loses nothing."""
    rows = own_tickets(user)
    if whose == "all" or user.is_agent or not user.sees_colleagues:
        return rows
    return rows.filter(Q(requester=user) | Q(pk__in=Follower.objects.filter(user=user).values("ticket")))


def _shown(rows: QuerySet[Ticket], show: str) -> QuerySet[Ticket]:
    if show == "open":
        return rows.exclude(state=State.CLOSED)
    return rows.filter(state=State.CLOSED) if show == "closed" else rows


def _position(mark: str) -> tuple[datetime, int] | None:
    """Microseconds since 1970 and id of the last row of the page before; None for anything else."""
    micros, _dash, pk = mark.partition("-")
    if not (micros.isdecimal() and pk.isdecimal() and len(mark) < 40):
        return None
    try:
        return _EPOCH + int(micros) * _MICROSECOND, min(int(pk), 2**62)
    except OverflowError:
        return None


def _url(asked: Mapping[str, str], last: Ticket | None = None, column: str = "", where: str = "portal:tickets") -> str:
    query = {name: value for name, value in asked.items() if value}
    if last is not None:
        query["before"] = f"{(getattr(last, column) - _EPOCH) // _MICROSECOND}-{last.pk}"
    return reverse(where) + ("?" + urlencode(query) if query else "")
