from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from staff import lists
from staff.access import AgentRequest, agents_only
from staff.times import Clock
from tickets import queries
from tickets.mail import inbound
from tickets.models import InboundEmail, User

SHOWN = 50
_IN_TROUBLE = (InboundEmail.State.SUSPENDED, InboundEmail.State.FAILED, InboundEmail.State.REJECTED)


@require_safe
@agents_only
def mail(request: AgentRequest) -> HttpResponse:
    """Mail that arrived and did not get through. What belongs to no department yet is for admins."""
    clock = Clock(request.user)
    context = {
        "rail": lists.rail(request.user, "mail"),
        "arrived": [_arrived(row, clock) for row in _inbound(request.user)[:SHOWN]],
        "may_retry": request.user.is_superuser,
    }
    return render(request, "staff/mail.html", context)


@require_POST
@agents_only
def retry(request: AgentRequest, pk: int) -> HttpResponse:
    """Takes a mail that could not be read up again."""
    if not request.user.is_superuser:
        raise PermissionDenied
    inbound.retry(get_object_or_404(_inbound(request.user), pk=pk).pk)
    messages.success(request, _("The mail is taken up again."))
    return redirect("staff:mail")


def _inbound(user: User) -> Any:
    rows = InboundEmail.objects.filter(state__in=_IN_TROUBLE).select_related("mailbox", "ticket")
    if user.is_superuser:
        return rows
    here = Q(mailbox__department__in=queries.departments_of(user).order_by()) | Q(ticket__in=_work(user))
    return rows.filter(here)


def _work(user: User) -> Any:
    return queries.work_of(user).order_by().values("pk")


def _arrived(row: InboundEmail, clock: Clock) -> dict[str, Any]:
    return {
        "who": row.sender or row.envelope_from,
        "subject": row.subject,
        "state": row.get_state_display(),
        "reason": row.detail or row.reason,
        "when": clock.ago(row.received_at),
        "when_iso": row.received_at.isoformat(),
        "retry_url": reverse("staff:mail_retry", args=[row.pk]),
    }
