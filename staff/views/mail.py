"""Incoming mail: what became of it, why, and what an agent can do about it."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from staff import lists, mails
from staff.access import AgentRequest, agents_only
from staff.times import Clock
from staff.views.files import DOWNLOAD
from tickets import blobs, permissions
from tickets.actions import blocking
from tickets.mail import inbound
from tickets.models import BlockedSender, InboundEmail
from tickets.refusals import NotAllowed, Refused

_MOST_BLOCKED = 500


@require_safe
@agents_only
def mail(request: AgentRequest) -> HttpResponse:
    context = {"rail": lists.rail(request.user, "mail"), **mails.page(request.user, request.GET)}
    return render(request, "staff/mail.html", context)


@require_safe
@agents_only
def arrived(request: AgentRequest, pk: int) -> HttpResponse:
    found = _find(request, pk)
    context = {"rail": lists.rail(request.user, "mail"), "mail": mails.one(found, request.user)}
    response = render(request, "staff/mail_one.html", context)
    response["Cache-Control"] = "private, no-cache"
    return response


@require_safe
@agents_only
def raw(request: AgentRequest, pk: int) -> FileResponse:
    """The original bytes, as a file that no browser shows."""
    found = _find(request, pk)
    try:
        content = blobs.open_blob(found.raw_sha256)
    except FileNotFoundError:
        raise Http404 from None
    response = FileResponse(
        content, as_attachment=True, filename=f"mail-{pk}.eml.txt", content_type="application/octet-stream"
    )
    response["Content-Security-Policy"] = DOWNLOAD
    response["Cache-Control"] = "private, no-cache"
    return response


@require_POST
@agents_only
def retry(request: AgentRequest, pk: int) -> HttpResponse:
    """Takes a mail that could not be read up again."""
    if not request.user.is_superuser:
        raise PermissionDenied
    inbound.retry(_find(request, pk).pk)
    messages.success(request, _("The mail is taken up again."))
    return redirect("staff:mail_arrived", pk)


@require_POST
@agents_only
def release(request: AgentRequest, pk: int) -> HttpResponse:
    """Lets a mail in that a rule keeps back."""
    try:
        inbound.release(_find(request, pk).pk, by=request.user)
    except NotAllowed:
        raise PermissionDenied from None
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("staff:mail_arrived", pk)
    done = InboundEmail.objects.select_related("ticket").get(pk=pk)
    if done.ticket and mails.visible(request.user).filter(pk=pk).exists():
        messages.success(request, _("The mail is released."))
        return redirect("staff:ticket", done.ticket.number)
    messages.success(request, _("The mail is taken up again."))
    return redirect("staff:mail")


@require_POST
@agents_only
def block(request: AgentRequest, pk: int) -> HttpResponse:
    """Keeps back further mail of this sender, or of the whole domain."""
    found = _find(request, pk)
    if not permissions.can_release(request.user, inbound.department_of(found)):
        raise PermissionDenied
    is_domain = request.POST.get("what") == "domain"
    pattern = f"@{found.sender.rpartition('@')[2]}" if is_domain else found.sender
    try:
        row = blocking.block(pattern, by=request.user)
    except NotAllowed:
        raise PermissionDenied from None
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Further mail from %(who)s is held back.") % {"who": row.pattern})
    return redirect("staff:mail_arrived", pk)


@require_safe
@agents_only
def blocked(request: AgentRequest) -> HttpResponse:
    """Everybody whose mail is held back."""
    clock = Clock(request.user)
    rows = [
        {
            "pattern": row.pattern,
            "by": row.created_by.display_name if row.created_by else "",
            "when": clock.ago(row.created_at),
            "when_iso": row.created_at.isoformat(),
            "url": reverse("staff:mail_unblock", args=[row.pk]),
            "may": permissions.can_block(request.user, row.pattern),
        }
        for row in BlockedSender.objects.select_related("created_by")[:_MOST_BLOCKED]
    ]
    context = {"rail": lists.rail(request.user, "mail"), "rows": rows, "tabs": mails.tabs(request.user, "blocked")}
    return render(request, "staff/mail_blocked.html", context)


@require_POST
@agents_only
def unblock(request: AgentRequest, pk: int) -> HttpResponse:
    """Lets a sender's further mail in again."""
    try:
        pattern = blocking.unblock(pk, by=request.user)
    except NotAllowed:
        raise PermissionDenied from None
    if pattern:
        messages.success(request, _("Mail from %(who)s comes in again.") % {"who": pattern})
    return redirect("staff:mail_blocked")


def _find(request: AgentRequest, pk: int) -> InboundEmail:
    """The mail, or 404 for who may not know of it."""
    return get_object_or_404(mails.visible(request.user), pk=pk)
