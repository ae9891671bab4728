from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from tickets import signing
from tickets.actions import muting
from tickets.models import Muted, Ticket, User


@csrf_exempt
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Ends the notices of one ticket for one person (RFC 8058): a mail program posts here by itself, without signing
    in and without a cookie. The signature in the address is the proof, so this one form needs no other.

    Opening the page changes nothing: programs that look at links for viruses open it too.
    """
    ticket, person = _named(token)
    if request.method == "POST":
        act = muting.unmute if request.POST.get("again") else muting.mute
        act(ticket, person)
    context = {"number": ticket.number, "is_muted": Muted.objects.filter(ticket=ticket, user=person).exists()}
    return render(request, "portal/unsubscribe.html", context)


def _named(token: str) -> tuple[Ticket, User]:
    found = signing.read_unsubscribe_token(signing.keys(), token)
    ticket = Ticket.objects.filter(pk=found[0]).first() if found else None
    person = User.objects.filter(pk=found[1]).first() if found else None
    if ticket is None or person is None:
        raise Http404
    return ticket, person
