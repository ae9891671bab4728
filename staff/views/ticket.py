from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.views.decorators.http import require_safe

from staff import (
    article_choice,
    buttons,
    canned_choice,
    composing,
    drafts,
    lists,
    related,
    rich,
    sidebar,
    thread,
    verbs,
)
from staff.access import AgentRequest, agents_only, find_ticket
from staff.forms import NoteForm, ReplyForm
from staff.places import PLACE, find, place, url_of
from staff.rows import Presenter, rows
from staff.views.queue import DEFAULT
from tickets import notices, permissions, queries, worklists
from tickets.actions import desk_habits, undoing
from tickets.models import Draft, Ticket, TicketEvent
from tickets.worklists import Worklist

_PLACE = ("view", "q", *PLACE)


@require_safe
@agents_only
def ticket(request: AgentRequest, number: str) -> HttpResponse:
    found = find_ticket(request.user, number)
    if request.htmx and "earlier" in request.GET and not request.htmx.history_restore_request:
        shown = (request.GET["earlier"], request.GET.get("show", ""))
        context = thread.present(found, request.user, get_token(request), *shown)
        return render(request, "staff/_thread_items.html", context)
    if request.user.unread_notices:
        notices.read(request.user, ticket=found)
    desk_habits.note_view(found, by=request.user)
    return show(request, found)


def show(
    request: AgentRequest,
    ticket: Ticket,
    *,
    reply_form: ReplyForm | None = None,
    note_form: NoteForm | None = None,
    refusals: Sequence[str] = (),
    status: int = 200,
) -> HttpResponse:
    """The ticket's page; for htmx only its pane, with the list row, the rail and notices as they are now."""
    piece = bool(request.htmx) and not request.htmx.history_restore_request
    context = {**_ticket(request, ticket, reply_form, note_form), "refusals": refusals}
    if piece:
        context |= _around(request, ticket)
    else:
        worklist = beside(request)
        context |= {
            "rail": lists.rail(
                request.user,
                worklist.slug,
                fresh=len(messages.get_messages(request)) > 0,
                shelf=worklist.shelf,
            ),
            **lists.pane(request.user, worklist, place(request.GET), selected=ticket.pk),
        }
    response = render(request, "staff/_ticket_swap.html" if piece else "staff/ticket.html", context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    patch_cache_control(response, private=True, no_cache=True)
    return response


def back_to(request: AgentRequest, ticket: Ticket, text: Any = "") -> HttpResponse:
    """After a verb: the ticket again, beside the same list, with a short notice that offers to take it back. The list
    alone when the ticket is out of the person's sight now."""
    user = request.user
    if text:
        event = undoing.last_deed(ticket, by=user)
        undo = reverse("staff:take_back", args=[ticket.number, event]) + here(request) if event else ""
        messages.success(request, text, extra_tags=undo)
    if queries.work_of(user).filter(pk=ticket.pk).exists():
        return redirect(reverse("staff:ticket", args=[ticket.number]) + here(request))
    address = url_of(beside(request))
    if request.headers.get("HX-Request"):  # a whole page has to come, not a piece of one
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return redirect(address)


def here(request: HttpRequest) -> str:
    """The query that names the list beside the ticket."""
    query = urlencode({name: request.GET[name] for name in _PLACE if request.GET.get(name)})
    return f"?{query}" if query else ""


def _ticket(
    request: AgentRequest, ticket: Ticket, reply_form: ReplyForm | None, note_form: NoteForm | None
) -> dict[str, Any]:
    context = sidebar.context(ticket, request.user)
    given = (request.GET.get("earlier", ""), request.GET.get("show", ""), here(request))
    context |= thread.present(ticket, request.user, get_token(request), *given)
    may, back, base = verbs.possible(ticket, request.user), here(request), context["ticket"]["url"]
    forms: dict[str, Any] = {}
    picked = canned_choice.chosen(request, ticket)
    own, others = drafts.of(ticket, request.user)
    if "reply" in may or reply_form:
        usual = composing.usual(ticket, context["followers"])
        first = {"seen": context["seen"], **usual, **drafts.initial(own.get("reply"))}
        first |= _given(request, ticket, others) | picked.get("reply", {})
        first = article_choice.added(request, ticket, "reply", first)
        forms["reply_form"] = reply_form or ReplyForm(initial=first)
        forms["reply_url"] = f"{base}reply/{back}"
        forms |= composing.reply_extras(forms["reply_form"], ticket, request.user, own.get("reply"), usual)
    if "note" in may or note_form:
        first = drafts.initial(own.get("note")) | picked.get("note", {})
        first = article_choice.added(request, ticket, "note", first)
        forms["note_form"] = note_form or NoteForm(initial=first)
        forms["note_url"] = f"{base}note/{back}"
        forms["note_files"] = drafts.files(own.get("note"))
    offered = verbs.offered(ticket, may, request.user, is_follower=context["is_follower"], back=back)
    return {
        **context,
        "forms": forms,
        "shared_drafts": drafts.shared(others, ticket),
        "verbs": buttons.drawn(offered, ticket.number, get_token(request)),
        "panels": {verb["verb"]: verb["verb"] for verb in offered if verb["panel"]},
        "may_resolve": "resolve" in may,
        "may_write_articles": permissions.can_write_articles(request.user),
        "may": dict.fromkeys(may, True),
        **related.context(ticket, request.user, may),
    }


def _given(request: AgentRequest, ticket: Ticket, others: list[Draft]) -> dict[str, str]:
    """A text that the composer begins with for once: a colleague's draft, or the reply just taken back."""
    chosen = request.GET.get("draft", "")
    if taken := next((draft for draft in others if str(draft.pk) == chosen), None):
        return {"body": taken.body, "html": rich.for_editor(taken.html)}
    return _taken_back(request, ticket)


def _taken_back(request: AgentRequest, ticket: Ticket) -> dict[str, str]:
    """The text of the reply that its author has just taken back."""
    given = request.GET.get("undone", "")
    if not given.isdecimal() or len(given) > 18:
        return {}
    event = TicketEvent.objects.filter(pk=given, ticket=ticket, kind="reply_undone", actor=request.user).first()
    return {"body": event.data["text"], "html": rich.for_editor(event.data.get("html", ""))} if event else {}


def beside(request: AgentRequest) -> Worklist:
    """The list beside the ticket."""
    given = request.GET.dict()
    found = find(request.user, given if given.get("q") or given.get("view") else {**given, "view": DEFAULT})
    return found or worklists.of_queue(queries.QUEUES[DEFAULT])


def _around(request: AgentRequest, ticket: Ticket) -> dict[str, Any]:
    """What stands beside the pane and may have changed with it."""
    worklist = beside(request)
    row = [queries.row(ticket)]
    context: dict[str, Any] = {
        "view": {"url": url_of(worklist, **place(request.GET))},
        "fresh_row": rows(row, Presenter(request.user, here(request)[1:], ticket.pk, row)),
    }
    if len(messages.get_messages(request)):
        context["rail"] = lists.rail(request.user, worklist.slug, fresh=True, shelf=worklist.shelf)
    return context
