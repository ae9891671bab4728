"""Who gets into the workspace, and which ticket an address means."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase

from tickets import permissions, preferences, queries
from tickets.compiled import Compiled
from tickets.models import Ticket, User
from tickets.models.ticket import TicketQuerySet

View = Callable[..., HttpResponseBase]
# The rest is rare or read once: a join more costs the planner more than a look-up by key.
_RELATED = ("department", "help_topic", "status", "requester", "sla_policy")
# Nothing on the page asks for these; whoever does reads them then.
_UNREAD = (
    "search", "nonce", "next_breach_at", "department__auto_response",
    "help_topic__description", "help_topic__auto_response", "requester__password",
    "requester__signature",
)  # fmt: skip


class AgentRequest(HttpRequest):
    """A request that `agents_only` let through."""

    user: User  # type: ignore[assignment]
    htmx: Any


def agents_only(view: View) -> View:
    """Strangers sign in first and come back; customers are refused."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return _sign_in(request)
        if not (request.user.is_agent or request.user.is_superuser):
            raise PermissionDenied
        if "single_keys_off" not in request.session:  # read once for each sign-in, as every page asks
            request.session["single_keys_off"] = not preferences.of(request.user).has_single_keys
        return view(request, *args, **kwargs)

    return guarded


def _sign_in(request: Any) -> HttpResponse:
    page = request.htmx.current_url_abs_path or ""  # what was typed there waits for its writer
    address = request.get_full_path() if request.method == "GET" else "/staff/"
    address = page if page.startswith("/staff/") else address
    response = redirect_to_login(address)
    if request.headers.get("HX-Request"):  # a whole page has to come, not a piece of one
        return HttpResponse(status=204, headers={"HX-Redirect": response["Location"]})
    return response


def find_ticket(user: User, number: str) -> Ticket:
    """The ticket with all that its page shows; Http404 for who may not know of it."""
    found = _numbered.first(number)
    # Nearly always it is the agent's own work; the whole question is dearer to plan than to answer.
    if found is None or not permissions.is_work(user, found):
        found = _at(number).filter(pk__in=queries.work_of(user).values("pk")).first()
    if found is None:
        raise Http404
    if found.assignee_id == user.pk:
        found.assignee = user
    return found


def _at(number: str) -> TicketQuerySet:
    return Ticket.objects.filter(number=number).defer(*_UNREAD).select_related(*_RELATED).order_by()


_numbered: Compiled[Ticket] = Compiled(_at)
