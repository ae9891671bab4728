"""One ticket as its customer sees it, and what the customer can do there."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal import drawn, presenters
from portal.access import admit, network, readable, visit
from portal.forms import MessageForm, PersonForm, RatingForm
from tickets import limits, merged, permissions
from tickets.actions import conversation, lifecycle, participants, rating
from tickets.compiled import Compiled
from tickets.links import guest_token
from tickets.models import Attachment, Message, Score, Ticket, User
from tickets.refusals import IllegalTransition, NotAllowed, Refused, TooMany
from tickets.states import Source, State

BY_PERSON = [(20, limits.MINUTE * 10), (100, limits.DAY)]
BY_NETWORK = [(60, limits.MINUTE * 10)]


@require_safe
@never_cache
def page(request: HttpRequest, number: str) -> HttpResponse:
    ticket, person = visit(request, number)
    if ticket.merged_into_id and (target := _leads_to(request, ticket, person)):
        return redirect("portal:ticket", target.number)
    return show(request, ticket, person)


def _leads_to(request: HttpRequest, ticket: Ticket, person: User) -> Ticket | None:
    """Where a merged ticket goes on, if the person takes part there; a guest's link for it is good for that, too."""
    target = merged.target_of(ticket)
    if not Ticket.objects.visible_to(person).filter(pk=target.pk).exists():
        return None
    if person != request.user:
        admit(request, target, guest_token(target, person))
    messages.success(
        request,
        _("Your ticket %(old)s is handled together with this one.") % {"old": ticket.number},
    )
    return target


def show(
    request: HttpRequest, ticket: Ticket, person: User, *, form: MessageForm | None = None, status: int = 200,
    notice: str = "", person_form: PersonForm | None = None,
) -> HttpResponse:  # fmt: skip
    form = form or MessageForm()
    form.hold(network(request))
    found = _conversation(ticket, person)
    files = Attachment.objects.filter(message__in=[message["pk"] for message in found]).only(
        "message_id", "key", "name", "size"
    )
    context: dict[str, Any] = {
        "ticket": presenters.ticket(ticket, person),
        "stepper": presenters.steps(ticket),
        "thread": drawn.thread(presenters.messages(found, files, person)),
        "form": form,
        "notice": notice,
        **presenters.partners(ticket, person),
        "answers": presenters.answers(ticket),
        **_asked(ticket, person, person_form),
    }
    return render(request, "portal/ticket.html", context, status=status)


_own: Compiled[tuple[Any, ...]] = Compiled(
    lambda ticket, person, now: (
        Message.objects.filter(ticket=ticket).read_by(person, now).values_list(*presenters.SHOWN_OF_MESSAGE)
    )
)


def _conversation(ticket: Ticket, person: User) -> list[dict[str, Any]]:
    """What the person reads on the ticket: values of SHOWN_OF_MESSAGE, oldest first."""
    if ticket.merged_count:
        return list(readable(ticket, person).values(*presenters.SHOWN_OF_MESSAGE))
    rows = _own.all(ticket.pk, person.pk, timezone.now())
    return [dict(zip(presenters.SHOWN_OF_MESSAGE, row, strict=True)) for row in rows]


def _asked(ticket: Ticket, person: User, person_form: PersonForm | None) -> dict[str, Any]:
    """The small forms beside the conversation: who takes part, and how it went."""
    found: dict[str, Any] = {}
    if participants.may_decide_as_requester(ticket, person):
        found["person_form"] = person_form or PersonForm()
    if permissions.possible("rate", ticket) and permissions.can(person, "rate", ticket):
        known = rating.of(ticket)
        found["rated"] = str(Score(known.score).label) if known else ""
        found["rating"] = None if known else RatingForm()
    return found


@require_POST
@never_cache
def reply(request: HttpRequest, number: str) -> HttpResponse:
    """Adds what the customer wrote. After closing it reopens the ticket or, later, opens a follow-up and goes there."""
    ticket, person = visit(request, number)
    form = MessageForm(request.POST, request.FILES)
    if not permissions.can(person, "receive", ticket):
        raise NotAllowed(_("Only who takes part in this ticket can write here."))
    if not form.is_valid():
        return show(request, ticket, person, form=form, status=422)
    try:
        _check_limits(request, person)
        message = _receive(ticket, person, form)
    except TooMany as refusal:
        form.refuse(refusal)
        response = show(request, ticket, person, form=form, status=429)
        response["Retry-After"] = str(refusal.retry_after)
        return response
    except Refused as refusal:
        form.refuse(refusal)
        return show(request, ticket, person, form=form, status=422)
    form.let_go()
    return _after_reply(request, ticket, person, message)


def _check_limits(request: HttpRequest, person: User) -> None:
    limits.check(f"reply:network:{network(request)}", BY_NETWORK)
    limits.check(f"reply:person:{person.pk}", BY_PERSON)


def _receive(ticket: Ticket, person: User, form: MessageForm) -> Message:
    typed = form.cleaned_data
    return conversation.receive(
        ticket,
        by=person,
        body=typed["body"],
        source=Source.WEB,
        attachments=form.all_files,
        nonce=form.once,
    )


def _after_reply(request: HttpRequest, ticket: Ticket, person: User, message: Message) -> HttpResponse:
    found = message.ticket
    if found.pk == ticket.pk or ticket.merged_into_id:
        if person != request.user and found.pk != ticket.pk:
            admit(request, found, guest_token(found, person))
        messages.success(request, _("Sent. We answer here and by e-mail."))
        return redirect("portal:ticket", found.number)
    if person != request.user:
        admit(request, found, guest_token(found, person))
    messages.success(
        request,
        _("Ticket %(old)s is closed for good, so your message opened ticket %(new)s.")
        % {"old": ticket.number, "new": found.number},
    )
    return redirect("portal:ticket", found.number)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def confirm(request: HttpRequest, number: str) -> HttpResponse:
    """Asks whether it is solved, where the link in the mail leads; only the answer, a POST, changes anything."""
    ticket, person = visit(request, number)
    if request.method != "POST":
        return render(request, "portal/confirm.html", {"ticket": presenters.ticket(ticket, person)})
    return once(request, number, partial(lifecycle.confirm, ticket, by=person), _("Thank you. The ticket is closed."))


@require_POST
@never_cache
def reopen(request: HttpRequest, number: str) -> HttpResponse:
    """“No, not yet”, or it came back. A customer can do so until the reopen window ends; then a message starts anew."""
    ticket, person = as_requester(request, number)
    stale = (NotAllowed,) if ticket.state == State.CLOSED else ()
    words = _("Reopened. Tell us below what is still wrong.")
    return once(request, number, partial(lifecycle.reopen, ticket, by=person), words, *stale)


@require_POST
@never_cache
def decide(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """Lets somebody take part whom a mail had in copy, or not: the requester's word."""
    ticket, person = as_requester(request, number)
    accept = bool(request.POST.get("accept"))
    try:
        address = participants.decide(ticket, pk, accept=accept, by=person)
    except (IllegalTransition, NotAllowed):
        return outdated(request, number)
    if not address:
        raise Http404
    words = _("%(who)s gets our answers from now on.") if accept else _("%(who)s gets nothing from us.")
    messages.success(request, words % {"who": address})
    return redirect("portal:ticket", number)


def as_requester(request: HttpRequest, number: str) -> tuple[Ticket, User]:
    """As `visit`, for what is the requester's to decide."""
    ticket, person = visit(request, number)
    if ticket.requester_id != person.pk:
        raise NotAllowed(_("Only the requester can do this here."))
    return ticket, person


def once(
    request: HttpRequest, number: str, verb: Callable[[], object], words: str, *stale: type[Exception]
) -> HttpResponse:
    """Does it and says so; what the ticket does not allow any more, or `stale`, shows how it stands now."""
    try:
        verb()
    except (IllegalTransition, *stale):
        return outdated(request, number)
    messages.success(request, words)
    return redirect("portal:ticket", number)


def outdated(request: HttpRequest, number: str) -> HttpResponse:
    """The page was older than the ticket: shows it as it is now."""
    ticket, person = visit(request, number)
    if ticket.state == State.CLOSED:
        notice = _("This ticket is closed. Nothing was changed.")
    else:
        notice = _("Meanwhile this ticket went on. Nothing was changed; this is how it stands now.")
    return show(request, ticket, person, status=409, notice=notice)
