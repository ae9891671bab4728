"""Links from mails, for people without an account. E-mail address and ticket number alone open nothing."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from portal.access import admit, network
from portal.accounts import mail_no_links
from portal.forms import AddressForm
from tickets import limits, outbox
from tickets.links import read_guest_token, ticket_of_old_token
from tickets.models import Ticket, User
from tickets.refusals import TooMany

BY_NETWORK = [(20, limits.HOUR)]
BY_ADDRESS = [(3, limits.HOUR), (6, limits.DAY)]
_NEWEST = 3
_THEN = {"confirm": "portal:confirm", "reopen": "portal:confirm", "rate": "portal:rate"}


@require_safe
@never_cache
def follow(request: HttpRequest, token: str) -> HttpResponse:
    """Puts the link into the session and leads on to an address without it. Changes nothing on the ticket."""
    found = read_guest_token(token)
    if found is None:
        form = AddressForm(initial={"token": token[:500]})
        return render(request, "portal/fresh_link.html", {"form": form, "is_expired": True}, status=404)
    ticket, _person = found
    admit(request, ticket, token)
    then = _THEN.get(request.GET.get("then", ""), "portal:ticket")
    return redirect(then, ticket.number)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def fresh_link(request: HttpRequest) -> HttpResponse:
    """Mails new links to an address. The answer is the same whether we know the address or not."""
    if request.method != "POST":
        return render(request, "portal/fresh_link.html", {"form": AddressForm()})
    form = AddressForm(request.POST)
    if not form.is_valid():
        return render(request, "portal/fresh_link.html", {"form": form}, status=422)
    if wait := limits.hit(f"link:network:{network(request)}", BY_NETWORK):
        form.add_error(None, str(TooMany(wait)))
        response = render(request, "portal/fresh_link.html", {"form": form}, status=429)
        response["Retry-After"] = str(wait)
        return response
    address = form.cleaned_data["email"].strip().lower()
    if not limits.hit(f"link:address:{address}", BY_ADDRESS):
        _send(address, form.cleaned_data["token"])
    return render(request, "portal/fresh_link.html", {"form": None, "is_sent": True, "address": address})


def _send(address: str, token: str) -> None:
    person = User.objects.filter(email=address, is_active=True).first()
    tickets = _tickets(person, token) if person and not (person.is_agent or person.is_superuser) else []
    for ticket in tickets:
        outbox.enqueue("fresh_link", ticket, person)
    if not tickets:
        mail_no_links(address, person)


def _tickets(person: User, token: str) -> list[Ticket]:
    """The ticket of the old link, else the newest ones."""
    rows = Ticket.objects.kept().filter(requester=person).select_related("department__mailbox")
    old = rows.filter(pk=ticket_of_old_token(token)).first()
    return [old] if old else list(rows.order_by("-last_message_at")[:_NEWEST])
