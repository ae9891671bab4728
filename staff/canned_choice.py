"""The canned response that a page's address names, for the composer."""

from __future__ import annotations

from typing import Any

from django.http import Http404

from staff.access import AgentRequest
from tickets import canned, wording
from tickets.models import CannedResponse, Ticket


def chosen(request: AgentRequest, ticket: Ticket) -> dict[str, dict[str, Any]]:
    """What it puts into the forms: {"reply" or "note": initial values}."""
    given = request.GET.get("canned", "")
    if not given.isdecimal() or len(given) > 18:
        return {}
    response = CannedResponse.objects.offered_for(ticket, request.user).filter(pk=given).first()
    if response is None:
        raise Http404
    try:
        filled = canned.fill(response, ticket, request.user)
    except wording.Unfit:
        return {}
    kind = "note" if request.GET.get("for") == "note" else "reply"
    return {kind: {"body": filled.text, "canned": [file.key for file in filled.attachments]}}
