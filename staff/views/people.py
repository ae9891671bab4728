"""People around a ticket."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from staff.access import AgentRequest, agents_only, find_ticket
from staff.views.ticket import back_to
from tickets.actions import participants
from tickets.refusals import NotAllowed


@require_POST
@agents_only
def decide(request: AgentRequest, number: str, pk: int) -> HttpResponse:
    """Lets somebody take part whom a mail had in copy, or not."""
    ticket, accept = find_ticket(request.user, number), bool(request.POST.get("accept"))
    try:
        address = participants.decide(ticket, pk, accept=accept, by=request.user)
    except NotAllowed:
        raise PermissionDenied from None
    if not address:
        raise Http404
    words = _("%(who)s gets the replies from now on.") if accept else _("%(who)s is not added.")
    return back_to(request, ticket, words % {"who": address})
