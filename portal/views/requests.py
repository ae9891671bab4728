"""Writing to the desk: the form and the page that says it arrived."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from portal import languages, wording
from portal.access import network
from portal.accounts import mail_unsent
from portal.request_form import RequestForm
from portal.views.home import default_department
from tickets import articles, brand, limits
from tickets.actions import holding, people
from tickets.actions.lifecycle import open_ticket
from tickets.models import KnowledgeUse, PortalText, Ticket, UnsentRequest, User
from tickets.refusals import Refused, TooMany, Unproven
from tickets.states import Source

_RECEIVED = "received"
_KEPT = 20
_NOT_KEPT = {"csrfmiddlewaretoken", "proof", "kept"}

BY_NETWORK = [(30, limits.HOUR), (100, limits.DAY)]
BY_ADDRESS = [(5, limits.HOUR), (20, limits.DAY)]
BY_PERSON = [(30, limits.HOUR), (100, limits.DAY)]
# Anybody can type anybody's address: its owner gets one mail of it, not one per attempt.
CONFIRMATIONS = [(1, limits.HOUR)]


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def new(request: HttpRequest) -> HttpResponse:
    signed_in = request.user.is_authenticated
    if request.method != "POST":
        return _show(request, RequestForm(signed_in=signed_in, initial={"topic": request.GET.get("topic", "")[:100]}))
    return _take(request, RequestForm(request.POST, request.FILES, signed_in=signed_in))


def _take(request: HttpRequest, form: RequestForm) -> HttpResponse:
    """Opens the ticket, or says what has to be mended or proved first."""
    if "show" in request.POST:  # another topic: its questions, with all that was typed
        return _show(request, unchecked(form))
    if not form.is_valid():
        return _show(request, form, 422, form.changes())
    if str(form.once) in request.session.get(_RECEIVED, {}):
        return redirect("portal:ticket_received", form.once)
    if changes := form.changes():
        return _show(request, form, 422, changes)
    try:
        ticket = _open(request, form)
    except Unproven:
        return render(request, "portal/ticket_unsent.html", {"address": ask_by_mail(request, form)})
    except TooMany as refusal:
        form.refuse(refusal)
        response = _show(request, form, 429)
        response["Retry-After"] = str(refusal.retry_after)
        return response
    except Refused as refusal:
        form.refuse(refusal)
        return _show(request, form, 422)
    form.let_go()
    _remember(request, form.once, ticket)
    return redirect("portal:ticket_received", form.once)


def unchecked(form: RequestForm) -> RequestForm:
    """The form with what was typed, without a word about what is still missing."""
    form._errors = {}
    form.cleaned_data = {}
    form.renew()
    return form


def _show(request: HttpRequest, form: RequestForm, status: int = 200, changes: Sequence[str] = ()) -> HttpResponse:
    form.hold(network(request))
    department = form.topic.department if form.topic else default_department()
    context = {
        "form": form, "topic": form.topic, "expectation": wording.expectation(department), "changes": changes,
    }  # fmt: skip
    return render(request, "portal/ticket_new.html", context, status=status)


def _open(request: HttpRequest, form: RequestForm) -> Ticket:
    if known := Ticket.objects.filter(nonce=form.once).first():
        return known  # sent twice; must not count against a limit
    return written(form, *_requester(request, form))


def written(form: RequestForm, requester: User, auto_response: bool) -> Ticket:
    """Opens the ticket that the form describes."""
    typed = form.cleaned_data
    ticket = open_ticket(
        by=requester,
        requester=requester,
        subject=typed["subject"],
        body=typed["body"],
        source=Source.WEB,
        help_topic=form.topic,
        form=form.version,
        fields=form.answers,
        attachments=form.all_files,
        nonce=form.once,
        auto_response=auto_response,
    )
    articles.count_use(KnowledgeUse.Kind.ASKED)
    return ticket


def _requester(request: HttpRequest, form: RequestForm) -> tuple[User, bool]:
    """Who asks, and whether a confirmation may be mailed. A guest proves nothing by typing an address: the ticket is
    its owner's, and the link to it goes there only. Raises TooMany, Invalid, Unproven."""
    if request.user.is_authenticated:
        limits.check(f"ticket:person:{request.user.pk}", BY_PERSON)
        return request.user, True
    return guest(request, form)


def guest(request: HttpRequest, form: RequestForm) -> tuple[User, bool]:
    """As `_requester`, of somebody who is not signed in."""
    typed = form.cleaned_data
    address = people.check_email(typed["email"])
    limits.check(f"ticket:network:{network(request)}", BY_NETWORK)
    limits.check(f"ticket:address:{address}", BY_ADDRESS)
    form.prove()
    first = form.proved or limits.hit(f"confirmation:{address}", CONFIRMATIONS) == 0
    return people.find_or_create(address, typed["name"], languages.worth_keeping()), first


def ask_by_mail(request: HttpRequest, form: RequestForm) -> str:
    """Keeps the form and mails a link that sends it, once in an hour; gives the address."""
    address = people.check_email(form.cleaned_data["email"])
    form.hold(network(request))
    if limits.hit(f"confirmation:{address}", CONFIRMATIONS) == 0:
        typed = {name: values for name, values in form.data.lists() if name not in _NOT_KEPT}  # type: ignore[attr-defined]
        typed["kept"] = [str(row.key) for rows in form.held.values() for row in rows]
        mail_unsent(address, holding.keep_unsent(typed, email=address, form=form.embedded))
    return address


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def unsent(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Where the link leads: the form as it was written, to be sent. Opening it sends nothing."""
    waiting = holding.unsent(key)
    if waiting is None:
        return render(request, "portal/link_gone.html", status=404)
    if request.method != "POST":
        typed = QueryDict(mutable=True)
        for name, values in waiting.typed.items():
            typed.setlist(name, values)
        return _show(request, unchecked(_proved(waiting, typed, None)))
    return _take(request, _proved(waiting, request.POST, request.FILES))


def _proved(waiting: UnsentRequest, typed: QueryDict, files: Any) -> RequestForm:
    """The link proves the address that it was mailed to, and no other."""
    proved = typed.get("email", "").strip().lower() == waiting.email
    return RequestForm(typed, files, signed_in=False, embedded=waiting.form, proved=proved)


def _remember(request: HttpRequest, nonce: uuid.UUID, ticket: Ticket) -> None:
    kept = list(request.session.get(_RECEIVED, {}).items())[1 - _KEPT :]
    request.session[_RECEIVED] = {**dict(kept), str(nonce): ticket.number}


@require_safe
@never_cache
def received(request: HttpRequest, nonce: uuid.UUID) -> HttpResponse:
    """Number and next steps, for the browser that sent it only. The ticket itself opens by the link in the mail."""
    number = request.session.get(_RECEIVED, {}).get(str(nonce))
    ticket = Ticket.objects.kept().select_related("sla_policy").filter(number=number).first() if number else None
    if ticket is None:
        raise Http404
    is_own = request.user.is_authenticated and ticket.requester_id == request.user.pk
    shown = {
        "number": ticket.number,
        "subject": ticket.subject,
        "url": f"/tickets/{ticket.number}/" if is_own else "",
    }
    context = {"ticket": shown, "expectation": wording.promise(ticket), "thanks": brand.text(PortalText.Place.THANKS)}
    return render(request, "portal/ticket_received.html", context)
