"""What an agent was told of."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from staff import lists
from staff.access import AgentRequest, agents_only
from staff.times import Clock
from tickets import notices as kept
from tickets.events import sentence
from tickets.models import Notice, NoticePreferences

SHOWN = 50


@require_safe
@never_cache
@agents_only
def notices(request: AgentRequest) -> HttpResponse:
    rows, before = kept.shown_to(request.user), request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    found, clock = list(rows[: SHOWN + 1]), Clock(request.user)
    older = f"{reverse('staff:notices')}?before={found[SHOWN - 1].pk}" if len(found) > SHOWN else ""
    context = {
        "rail": lists.rail(request.user, "notices"),
        "notices": [_row(row, clock) for row in found[:SHOWN]],
        "next_url": older,
    }
    return render(request, "staff/notices.html", context)


@require_POST
@agents_only
def read(request: AgentRequest) -> HttpResponse:
    """All of them are read."""
    kept.read(request.user)
    return redirect("staff:notices")


@require_safe
@never_cache
@agents_only
def bell(request: AgentRequest) -> HttpResponse:
    """For an open page that heard of a notice: how many are unread, and what the browser may tell of."""
    user = request.user
    wish = NoticePreferences.objects.filter(user=user, in_browser=True).first()
    newest = kept.shown_to(user).filter(read_at__isnull=True).first() if wish and user.unread_notices else None
    if newest and wish and kept.quiet_until(wish, user, timezone.now()):
        newest = None
    return JsonResponse({"count": user.unread_notices, "newest": _told(newest) if newest else None})


def _told(row: Notice) -> dict[str, Any]:
    ticket = row.event.ticket
    return {
        "id": row.pk,
        "title": f"#{ticket.number} {ticket.subject}",
        "text": sentence(row.event),
        "url": reverse("staff:ticket", args=[ticket.number]),
    }


def _row(row: Notice, clock: Clock) -> dict[str, Any]:
    return _told(row) | {
        "is_new": row.read_at is None,
        "number": row.event.ticket.number,
        "subject": row.event.ticket.subject,
        "when": clock.ago(row.created_at),
        "when_iso": row.created_at.isoformat(),
    }
