"""What the requester does with their ticket besides writing: close it, rate it, say who else takes part."""

from __future__ import annotations

from functools import partial

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from portal import presenters, wording
from portal.access import network, visit
from portal.forms import PersonForm, RatingForm
from portal.views.ticket import as_requester, once, outdated, show
from tickets import limits, permissions
from tickets.actions import collaborators, lifecycle, rating
from tickets.models import User
from tickets.refusals import IllegalTransition, Invalid, NotAllowed, Refused

INVITATIONS = [(10, limits.HOUR), (30, limits.DAY)]


@require_POST
@never_cache
def close(request: HttpRequest, number: str) -> HttpResponse:
    """“I do not need this any more.”"""
    ticket, person = as_requester(request, number)
    return once(request, number, partial(lifecycle.close, ticket, by=person), _("The ticket is closed."))


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def rate(request: HttpRequest, number: str) -> HttpResponse:
    """Where the link in the mail leads. Opening it rates nothing, so that a mail scanner cannot: a chosen answer in the
    address is only ticked."""
    ticket, person = visit(request, number)
    if not permissions.can(person, "rate", ticket):
        raise NotAllowed(_("Only the requester can rate this ticket."))
    if not permissions.possible("rate", ticket):
        return redirect("portal:ticket", number)
    if request.method != "POST":
        known = rating.of(ticket)
        first = (
            {"score": known.score, "comment": known.comment} if known else {"score": request.GET.get("score", "")[:2]}
        )
        return _ask(request, number, RatingForm(initial=first))
    form = RatingForm(request.POST)
    if not form.is_valid():
        return _ask(request, number, form, 422)
    try:
        rating.rate(ticket, by=person, **form.cleaned_data)
    except IllegalTransition:
        return outdated(request, number)
    except Refused as refusal:
        form.refuse(refusal)
        return _ask(request, number, form, 422)
    messages.success(request, _("Thank you. This helps us to do better."))
    return redirect("portal:ticket", number)


def _ask(request: HttpRequest, number: str, form: RatingForm, status: int = 200) -> HttpResponse:
    ticket, person = visit(request, number)
    return render(
        request, "portal/rate.html", {"ticket": presenters.ticket(ticket, person), "rating": form}, status=status
    )


@require_POST
@never_cache
def add(request: HttpRequest, number: str) -> HttpResponse:
    """Lets somebody else take part, by their address."""
    ticket, person = as_requester(request, number)
    form = PersonForm(request.POST)
    if not form.is_valid():
        return show(request, ticket, person, person_form=form, status=422)
    try:
        limits.check(f"invite:{person.pk}", INVITATIONS)
        limits.check(f"invite:network:{network(request)}", INVITATIONS)
        added = collaborators.add(ticket, by=person, **form.cleaned_data)
    except (IllegalTransition, NotAllowed):
        return outdated(request, number)
    except Refused as refusal:
        form.refuse(refusal)
        return show(request, ticket, person, person_form=form, status=422)
    messages.success(request, _("%(who)s gets our answers from now on.") % {"who": wording.isolated(added.email)})
    return redirect("portal:ticket", number)


@require_POST
@never_cache
def remove(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    ticket, person = as_requester(request, number)
    who = get_object_or_404(User, pk=pk, followed__ticket=ticket, is_agent=False)
    words = _("%(who)s gets nothing from us any more.") % {"who": wording.isolated(who.email)}
    verb = partial(collaborators.remove, ticket, by=person, person=who)
    return once(request, number, verb, words, NotAllowed, Invalid)
