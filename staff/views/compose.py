"""Replies and notes: what is typed is never lost, whatever becomes of it."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from staff.access import AgentRequest, agents_only, find_ticket
from staff.forms import NoteForm, ReplyForm, WritingForm
from staff.times import Clock
from staff.views.drafts import written
from staff.views.following import after_sending, next_of
from staff.views.ticket import back_to, show
from staff.views.verbs import refused, status_of, to_ticket
from tickets.actions import canned, conversation, drafts, lifecycle
from tickets.models import Draft, Ticket, TicketEvent
from tickets.reading import zone_of
from tickets.recipients import Recipients
from tickets.refusals import Invalid, NotAllowed, OutdatedReply, Refused


@agents_only
def reply(request: AgentRequest, number: str) -> HttpResponse:
    if request.method != "POST":
        return to_ticket(request, number)
    ticket = find_ticket(request.user, number)
    form = ReplyForm(request.POST, request.FILES)
    if not form.is_valid():
        return show(request, ticket, reply_form=form, status=400)
    if conversation.is_written(str(form.cleaned_data["nonce"])):
        return back_to(request, ticket)
    following = next_of(request, ticket)
    try:
        notice = _send(request, ticket, form)
    except Refused as refusal:
        return _kept(request, number, form, refusal)
    return after_sending(request, ticket, notice, following)


def _send(request: AgentRequest, ticket: Ticket, form: ReplyForm) -> str:
    data, then = form.cleaned_data, request.POST.get("then")
    if then == "later":
        return _send_later(request, ticket, form)
    with transaction.atomic():
        conversation.reply(
            ticket, by=request.user, body=data["body"], html=data["html"], nonce=data["nonce"], seen=data["seen"],
            status=data["status"], attachments=_files(request, ticket, form),
            recipients=Recipients(data["to"], data["cc"], data["bcc"] or ()),
        )  # fmt: skip
        drafts.discard(ticket, by=request.user, kind="reply")
        if then != "resolve":
            return _("Reply sent.")
        lifecycle.resolve(ticket, by=request.user)
        return _("Reply sent, ticket resolved.")


def _send_later(request: AgentRequest, ticket: Ticket, form: ReplyForm) -> str:
    data = form.cleaned_data
    if data["send_at"] is None:
        raise Invalid(send_at=_("Choose when it is to leave."))
    if data["seen"]:
        conversation.check_seen(ticket, data["seen"], request.user)
    moment = data["send_at"].replace(tzinfo=zone_of(request.user))
    with transaction.atomic():
        drafts.schedule(ticket, by=request.user, written=written(data), send_at=moment)
        for upload in conversation.uploads(data["attachments"]):
            drafts.attach(ticket, by=request.user, kind="reply", upload=upload)
    return _("It leaves %(when)s, unless the customer writes first.") % {"when": Clock(request.user).at(moment)}


def _files(request: AgentRequest, ticket: Ticket, form: WritingForm) -> list[conversation.Upload]:
    """Those that came before the message, and those that came with it."""
    draft = Draft.objects.filter(ticket=ticket, author=request.user, kind=form.prefix).first()
    if draft:
        draft.html = form.cleaned_data["html"]
    data = form.cleaned_data
    along = canned.taken_along(request.user, data["canned"])
    return [*drafts.uploads(draft), *conversation.uploads(data["attachments"]), *along]


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
    text, html = event.data["text"], event.data.get("html", "")
    if message:
        given = {name: people for name, people in message.recipients.items() if people}
        drafts.save(ticket, by=request.user, kind="reply", written=drafts.Written(text, html, given))
    messages.success(request, _("Taken back. Nothing was sent."))
    return redirect(f"{reverse('staff:ticket', args=[number])}?undone={event.pk}#composer")


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
        with transaction.atomic():
            conversation.note(
                ticket, by=request.user, body=data["body"], html=data["html"], nonce=data["nonce"],
                attachments=_files(request, ticket, form),
            )  # fmt: skip
            drafts.discard(ticket, by=request.user, kind="note")
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
