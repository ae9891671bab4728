"""Attachments and original e-mails. Nothing that somebody sent is ever rendered as a page of ours."""

from __future__ import annotations

from uuid import UUID

from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from staff.access import AgentRequest, agents_only
from tickets import blobs, queries
from tickets.mail.html_text import clean_html, has_blocked, with_images
from tickets.models import Attachment, Message

DOWNLOAD = "default-src 'none'; sandbox; frame-ancestors 'none'"
# The frame around it is sandboxed too; same origin only lets the page measure its height, no script runs in it.
_FRAMED = (
    "default-src 'none'; img-src {images}; style-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox"
)


@require_safe
@agents_only
def attachment(request: AgentRequest, key: UUID) -> FileResponse:
    visible = queries.work_of(request.user).values("pk")
    file = get_object_or_404(Attachment.objects.filter(message__ticket__in=visible), key=key)
    try:
        content = blobs.open_blob(file.sha256)
    except FileNotFoundError:
        raise Http404 from None
    response = FileResponse(content, as_attachment=True, filename=file.name, content_type="application/octet-stream")
    response["Content-Length"] = str(file.size)
    response["Content-Security-Policy"] = DOWNLOAD
    response["Cache-Control"] = "private, no-cache"
    return response


@require_safe
@xframe_options_sameorigin
@agents_only
def message_html(request: AgentRequest, pk: int) -> HttpResponse:
    """With `images` those that lie elsewhere are loaded, which tells their server that somebody looks."""
    visible = queries.work_of(request.user).values("pk")
    message = get_object_or_404(Message.objects.filter(ticket__in=visible).only("html"), pk=pk)
    if not message.html:
        raise Http404
    html, loads = clean_html(message.html), "images" in request.GET
    context = {"html": with_images(html) if loads else html, "has_blocked": not loads and has_blocked(html)}
    response = render(request, "staff/mail_frame.html", context)
    response["Content-Security-Policy"] = _FRAMED.format(images="data: https: http:" if loads else "data:")
    response["Cache-Control"] = "private, no-cache"
    return response
