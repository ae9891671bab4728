"""Outgoing mail that did not leave, and what can be done about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from staff import deliveries, lists, mails
from staff.access import AgentRequest, agents_only
from staff.times import Clock
from tickets import permissions, queries, said
from tickets.mail import health, outbound
from tickets.models import Mailbox, OutboundEmail, User

SHOWN = 50
State = OutboundEmail.State
_WAITING = (State.QUEUED, State.SENDING, State.RETRY)


@require_safe
@agents_only
def outgoing(request: AgentRequest) -> HttpResponse:
    """What failed, and what waits, each paged by its keys. Mail of no ticket is for admins."""
    user, clock = request.user, Clock(request.user)
    rows = _rows(user)
    failed, older_failed = _page(rows.filter(state=State.FAILED), request, "failed")
    waiting, older_waiting = _page(rows.filter(state__in=_WAITING), request, "waiting")
    context = {
        "rail": lists.rail(user, "mail"),
        "tabs": mails.tabs(user, "outgoing"),
        "failed": [_failed(mail, clock) for mail in failed],
        "waiting": [_waiting(mail, clock) for mail in waiting],
        "older_failed": older_failed,
        "older_waiting": older_waiting,
        "is_first": not request.GET,
        "held": _held_mailboxes() if user.is_superuser else [],
        "pauses": [_pause(row, clock) for row in health.paused()] if user.is_superuser else [],
    }
    return render(request, "staff/outgoing.html", context)


@require_POST
@agents_only
def resend(request: AgentRequest, pk: int) -> HttpResponse:
    return _do(request, pk, outbound.resend, _("The mail is sent again."))


@require_POST
@agents_only
def cancel(request: AgentRequest, pk: int) -> HttpResponse:
    return _do(request, pk, outbound.cancel, _("The mail is not sent any more."))


def _do(request: AgentRequest, pk: int, act: Callable[[int], bool], notice: str) -> HttpResponse:
    mail = get_object_or_404(_rows(request.user), pk=pk)
    if mail.ticket is not None and not permissions.can(request.user, "reply", mail.ticket):
        raise PermissionDenied
    if act(mail.pk):
        messages.success(request, notice)
    else:
        messages.warning(request, _("Nothing was done: the mail is under way or gone by now."))
    if request.POST.get("back") == "ticket" and mail.ticket:
        return redirect("staff:ticket", mail.ticket.number)
    return redirect("staff:mail_outgoing")


def _rows(user: User) -> QuerySet[OutboundEmail]:
    rows = OutboundEmail.objects.select_related("ticket").order_by("-pk")
    return rows if user.is_superuser else rows.filter(ticket__in=queries.work_of(user).order_by().values("pk"))


def _page(rows: QuerySet[OutboundEmail], request: AgentRequest, section: str) -> tuple[list[OutboundEmail], str]:
    """The section's rows before the key that the address names, and the address of the older ones, if any. The other
    section stays where it is."""
    before = request.GET.get(section, "")
    if before.isascii() and before.isdigit() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    found = list(rows[: SHOWN + 1])
    if len(found) <= SHOWN:
        return found, ""
    query = request.GET.copy()
    query[section] = str(found[SHOWN - 1].pk)
    return found[:SHOWN], f"{reverse('staff:mail_outgoing')}?{query.urlencode()}#{section}"


def _held_mailboxes() -> list[dict[str, str]]:
    """Mailboxes whose automatic mail was stopped."""
    boxes = Mailbox.objects.filter(automatic_paused_at__isnull=False)
    resume = reverse("admin:tickets_mailbox_changelist")
    return [{"name": box.address, "why": said.told(box.automatic_pause_reason), "url": resume} for box in boxes]


def _row(mail: OutboundEmail, clock: Clock) -> dict[str, Any]:
    number = mail.ticket.number if mail.ticket else ""
    return {
        "who": mail.recipient,
        "ticket": number,
        "ticket_url": reverse("staff:ticket", args=[number]) if number else "",
        "when": clock.ago(mail.created_at),
        "when_iso": mail.created_at.isoformat(),
        "resend_url": reverse("staff:mail_resend", args=[mail.pk]),
        "cancel_url": reverse("staff:mail_cancel", args=[mail.pk]),
    }


def _failed(mail: OutboundEmail, clock: Clock) -> dict[str, Any]:
    return _row(mail, clock) | {"reason": deliveries.shortened(mail.last_error)}


def _waiting(mail: OutboundEmail, clock: Clock) -> dict[str, Any]:
    is_retry = mail.state == State.RETRY
    reason = deliveries.waiting(mail, clock) if is_retry else str(State(mail.state).label)
    return _row(mail, clock) | {"reason": reason, "may_resend": is_retry, "may_cancel": mail.state != State.SENDING}


def _pause(row: Any, clock: Clock) -> dict[str, Any]:
    return {"until": clock.at(row.paused_until), "why": deliveries.shortened(row.reason), "is_refused": row.is_refused}
