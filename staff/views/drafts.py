"""Drafts: kept while they are written, with their files; and replies that leave later."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from staff import drafts, lists, rich
from staff.access import AgentRequest, agents_only, find_ticket
from staff.forms import NoteForm, ReplyForm
from staff.times import Clock
from staff.views.files import DOWNLOAD
from tickets import blobs, pictures, queries
from tickets.actions import conversation
from tickets.actions import drafts as keeping
from tickets.actions.drafts import OutdatedDraft, Written
from tickets.models import Attachment, Draft, DraftFile, Ticket
from tickets.refusals import Invalid, Refused

KINDS = {"reply": ReplyForm, "note": NoteForm}


def written(data: dict[str, Any], *, resolves: bool = False) -> Written:
    """What a composer's form holds, cleaned."""
    given = {name: data[name] for name in ("to", "cc", "bcc") if data.get(name) is not None}
    return Written(
        data["body"], data["html"], given, data.get("status"), resolves, bool(data.get("share")), data.get("seen") or 0
    )


def _find(request: AgentRequest, number: str, writes: str) -> Ticket:
    if writes not in KINDS:
        raise Http404
    return find_ticket(request.user, number)


@require_POST
@agents_only
def save(request: AgentRequest, number: str, writes: str) -> HttpResponse:
    """Keeps what is typed, at every pause. 409 with the newer text when it was changed in another window."""
    ticket = _find(request, number, writes)
    form = KINDS[writes](request.POST)
    if conversation.is_written(form["nonce"].value()):
        return JsonResponse({"version": 0})  # sent while this was on its way
    form.is_valid()  # half-typed addresses are no reason to lose the text
    data = {"body": "", "html": "", **form.cleaned_data}
    try:
        draft = keeping.save(ticket, by=request.user, kind=writes, written=written(data), version=data.get("version"))
    except OutdatedDraft as refusal:
        newer = refusal.draft
        answer = {"version": newer.version, "body": newer.body, "html": rich.for_editor(newer.html)}
        return JsonResponse(answer | {"text": str(refusal)}, status=409)
    return JsonResponse({"version": draft.version if draft else 0})


@require_POST
@agents_only
def discard(request: AgentRequest, number: str, writes: str) -> HttpResponse:
    ticket = _find(request, number, writes)
    keeping.discard(ticket, by=request.user, kind=writes)
    messages.success(request, _("The draft is gone."))
    return redirect("staff:ticket", number)


@require_POST
@agents_only
def upload(request: AgentRequest, number: str, writes: str) -> HttpResponse:
    """One file for the message to come; `inline` for a picture in the text."""
    ticket, file = _find(request, number, writes), request.FILES.get("file")
    if file is None:
        return JsonResponse({"error": _("No file arrived.")}, status=400)
    is_inline = bool(request.POST.get("inline"))
    if is_inline:
        file.content_type = pictures.kind(file.read(16))
        file.seek(0)
        if not file.content_type:
            return JsonResponse({"error": _("This is not a picture that can be shown.")}, status=400)
    (taken,) = conversation.uploads([file])
    try:
        kept = keeping.attach(ticket, by=request.user, kind=writes, upload=taken, is_inline=is_inline)
    except Invalid as refusal:
        return JsonResponse({"error": str(refusal)}, status=400)
    return JsonResponse(drafts.described(kept) | {"version": kept.draft.version}, status=201)


@require_POST
@agents_only
def remove(request: AgentRequest, key: UUID) -> HttpResponse:
    keeping.detach(key, by=request.user)
    return HttpResponse(status=204)


@require_safe
@agents_only
def picture(request: AgentRequest, key: UUID) -> HttpResponse | FileResponse:
    """A picture in a text, of a message or of a draft; anything else is only a download."""
    visible = queries.work_of(request.user).values("pk")
    file: Attachment | DraftFile | None = Attachment.objects.filter(key=key, message__ticket__in=visible).first()
    if file is None:
        own = Draft.objects.readable_by(request.user).filter(ticket__in=visible)
        file = get_object_or_404(DraftFile, key=key, draft__in=own)
    try:
        content = blobs.open_blob(file.sha256)
    except FileNotFoundError:
        raise Http404 from None
    shown = pictures.kind(content.read(16))
    content.seek(0)
    response = FileResponse(
        content, as_attachment=not shown, filename=file.name, content_type=shown or "application/octet-stream"
    )
    response["Content-Security-Policy"] = DOWNLOAD
    response["Cache-Control"] = "private, max-age=3600"
    return response


@require_safe
@agents_only
def scheduled(request: AgentRequest) -> HttpResponse:
    """Replies that leave later, the soonest first, and those that were held."""
    own = Draft.objects.filter(author=request.user, ticket__in=queries.work_of(request.user).values("pk"))
    clock = Clock(request.user)
    found = own.filter(send_at__isnull=False).select_related("ticket").order_by("send_at")
    held = own.filter(send_at__isnull=True).exclude(held_reason="").select_related("ticket")
    context = {
        "rail": lists.rail(request.user, "scheduled"),
        "waiting": [_row(draft) | drafts.waiting(draft, clock) for draft in found[:200]],
        "held": [_row(draft) | drafts.waiting(draft, clock) for draft in held[:50]],
    }
    return render(request, "staff/scheduled.html", context)


def _row(draft: Draft) -> dict[str, Any]:
    return {"draft": draft, "number": draft.ticket.number, "subject": draft.ticket.subject, "text": draft.body}


@require_POST
@agents_only
def scheduled_one(request: AgentRequest, pk: int) -> HttpResponse:
    """`do`: send (now) or keep (as a draft that leaves only by hand)."""
    draft = get_object_or_404(Draft.objects.select_related("ticket", "author", "status"), pk=pk, author=request.user)
    number = draft.ticket.number
    find_ticket(request.user, number)
    try:
        if request.POST.get("do") == "send":
            keeping.reply(draft)
            messages.success(request, _("Reply sent."))
        elif keeping.unschedule(draft, by=request.user):
            messages.success(request, _("It does not leave by itself any more. The text is kept."))
    except Refused as refusal:
        messages.warning(request, str(refusal))
    return redirect(_back(request, number))


def _back(request: HttpRequest, number: str) -> str:
    return f"/staff/tickets/{number}/" if request.POST.get("back") == "ticket" else "/staff/scheduled/"
