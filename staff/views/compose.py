"""Replies and notes: what is typed is never lost, whatever becomes of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from staff.access import AgentRequest, agents_only, find_ticket
from staff.forms import NoteForm, ReplyForm
from staff.views.following import after_sending, next_of
from staff.views.ticket import back_to, show
from staff.views.verbs import refused, status_of, to_ticket
from tickets.actions import canned, conversation, lifecycle
from tickets.actions.writing import Upload
from tickets.models import Message, Ticket, TicketEvent
from tickets.refusals import Invalid, NotAllowed, OutdatedReply, Refused


@agents_only
def reply(request: AgentRequest, number: str) -> HttpResponse:
    if request.method != "POST":
        return to_ticket(request, number)
    ticket = find_ticket(request.user, number)
    form = ReplyForm(request.POST, request.FILES)
    if not form.is_valid():
        return show(request, ticket, reply_form=form, status=400)
    if _written(form.cleaned_data["nonce"]):
        return back_to(request, ticket)
    following = next_of(request, ticket)
    try:
        notice = _send(request, ticket, form)
    except Refused as refusal:
        return _kept(request, number, form, refusal)
    return after_sending(request, ticket, notice, following)


def _send(request: AgentRequest, ticket: Ticket, form: ReplyForm) -> str:
    data = form.cleaned_data
    with transaction.atomic():
        conversation.reply(
            ticket, by=request.user, body=data["body"], nonce=data["nonce"], seen=data["seen"], status=data["status"],
            attachments=_files(request, data),
        )  # fmt: skip
        if request.POST.get("then") != "resolve":
            return _("Reply sent.")
        lifecycle.resolve(ticket, by=request.user)
        return _("Reply sent, ticket resolved.")


def _files(request: AgentRequest, data: dict[str, Any]) -> list[Upload]:
    return [*conversation.uploads(data["attachments"]), *canned.taken_along(request.user, data["canned"])]


@agents_only
def undo(request: AgentRequest, number: str, pk: int) -> HttpResponse:
    """Takes a reply back; what was written stands in the composer again."""
    if request.method != "POST":
        return to_ticket(request, number)
    ticket = find_ticket(request.user, number)
    message = ticket.messages.filter(pk=pk).first()
    try:
        event = conversation.undo_reply(message, by=request.user) if message else _undone(request, ticket)
    except NotAllowed:
        raise
    except Refused as refusal:
        return refused(request, number, refusal)
    messages.success(request, _("Taken back. Nothing was sent."))
    return redirect(f"{reverse('staff:ticket', args=[number])}?undone={event.pk}")


def _undone(request: AgentRequest, ticket: Ticket) -> TicketEvent:
    """The same button, pressed twice."""
    event = ticket.events.filter(kind="reply_undone", actor=request.user).last()
    if event is None:
        raise Http404
    return event


@agents_only
def note(request: AgentRequest, number: str) -> HttpResponse:
    if request.method != "POST":
        return to_ticket(request, number)
    ticket = find_ticket(request.user, number)
    form = NoteForm(request.POST, request.FILES)
    if not form.is_valid():
        return show(request, ticket, note_form=form, status=400)
    data = form.cleaned_data
    try:
        conversation.note(
            ticket, by=request.user, body=data["body"], nonce=data["nonce"],
            attachments=_files(request, data),
        )  # fmt: skip
    except Refused as refusal:
        return _kept(request, number, form, refusal)
    return back_to(request, ticket, _("Note added."))


def _kept(request: AgentRequest, number: str, form: ReplyForm | NoteForm, refusal: Refused) -> HttpResponse:
    """The page as it is by now, with the text still in the composer."""
    if isinstance(refusal, NotAllowed):
        raise refusal
    if isinstance(refusal, Invalid):
        form.refuse(refusal)
    else:
        form.add_error(None, str(refusal))
    status = 409 if isinstance(refusal, OutdatedReply) else status_of(refusal)
    fresh = find_ticket(request.user, number)
    if isinstance(form, NoteForm):
        return show(request, fresh, note_form=form, status=status)
    _look_again(form, fresh)
    return show(request, fresh, reply_form=form, status=status)


def _look_again(form: ReplyForm, ticket: Ticket) -> None:
    """From here on the writer has seen everything: the page that carries the form shows it."""
    newest = ticket.messages.order_by("-pk").values_list("pk", flat=True).first()
    form.data = form.data.copy()
    form.data[form.add_prefix("seen")] = newest


def _written(nonce: UUID | None) -> bool:
    return nonce is not None and Message.objects.filter(nonce=nonce).exists()
