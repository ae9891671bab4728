"""One verb for many tickets: chosen in a list, confirmed with their number, followed while it runs."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from staff import lists
from staff.access import AgentRequest, agents_only
from staff.bulk_forms import BulkForm
from staff.places import find, place, url_of
from tickets import worklists
from tickets.actions import bulk
from tickets.actions.bulk_verbs import BULK
from tickets.models import BulkItem, BulkJob
from tickets.refusals import Invalid, NotAllowed

SHOWN = 200  # results on the page


@agents_only
def jobs(request: AgentRequest) -> HttpResponse:
    """GET: the person's latest. POST: tickets were chosen in a list, and a verb."""
    if request.method == "POST":
        return _choose(request)
    rows = BulkJob.objects.filter(by=request.user).exclude(progress=BulkJob.State.DRAFT).order_by("-id")[:50]
    shown = [{"job": job, "label": BULK[job.verb].label} for job in rows if job.verb in BULK]
    return render(request, "staff/bulk_jobs.html", {"rail": lists.rail(request.user, ""), "jobs": shown})


def _choose(request: AgentRequest) -> HttpResponse:
    worklist = find(request.user, request.POST.dict())
    back = url_of(worklist, **place(request.POST)) if worklist else "/staff/"
    ids = [
        int(given)
        for given in request.POST.getlist("ticket")
        if given.isascii() and given.isdigit() and len(given) < 19
    ]
    is_cut = False
    try:
        if request.POST.get("all") and worklist:
            if worklist.mistakes:
                raise Invalid(all=_("The query of this list is not understood in full. Choose tickets one by one."))
            ids = worklists.ids(worklist, request.user, most=bulk.MOST + 1)
            is_cut = len(ids) > bulk.MOST
        job = bulk.prepare(by=request.user, verb=request.POST.get("verb", ""), tickets=ids, back=back, is_cut=is_cut)
    except Invalid as refusal:
        messages.error(request, str(refusal))
        return redirect(back)
    except worklists.TooSlow:
        messages.error(request, _("This list takes too long to read. Add a filter and try again."))
        return redirect(back)
    return redirect("staff:bulk_job", job.pk)


@require_safe
@agents_only
def job(request: AgentRequest, pk: int) -> HttpResponse:
    """Asks before it begins; afterwards tells how far it is and what came of each ticket."""
    found = _own(request, pk)
    if found.is_draft:
        return _ask(request, found, BulkForm(request.user, BULK[found.verb]))
    template = "staff/_bulk_progress.html" if request.htmx else "staff/bulk_job.html"
    response = render(request, template, {**_context(request, found), **_results(found)})
    response["Vary"] = "HX-Request"
    return response


@require_POST
@agents_only
def start(request: AgentRequest, pk: int) -> HttpResponse:
    found = _own(request, pk)
    if found.is_draft:
        form = BulkForm(request.user, BULK[found.verb], request.POST)
        if not form.is_valid():
            return _ask(request, found, form, status=400)
        found = bulk.start(found, by=request.user, params=form.params)
    if found.progress == BulkJob.State.DONE and not found.failed_count:
        messages.success(request, _told(found))
        return redirect(_back(found))
    return redirect("staff:bulk_job", found.pk)


@require_POST
@agents_only
def cancel(request: AgentRequest, pk: int) -> HttpResponse:
    found = _own(request, pk)
    was_draft = found.is_draft
    bulk.cancel(found, by=request.user)
    return redirect(_back(found)) if was_draft else redirect("staff:bulk_job", found.pk)


def _own(request: AgentRequest, pk: int) -> BulkJob:
    found = get_object_or_404(BulkJob, pk=pk, by=request.user)
    if found.verb not in BULK:
        raise NotAllowed(_("This can no longer be done to many tickets."))
    return found


def _back(found: BulkJob) -> str:
    """The list that it came from, if that is one of ours."""
    is_ours = found.back.startswith("/staff/") and url_has_allowed_host_and_scheme(found.back, allowed_hosts=None)
    return found.back if is_ours else "/staff/"


def _context(request: AgentRequest, found: BulkJob) -> dict[str, Any]:
    return {
        "rail": lists.rail(request.user, ""),
        "job": found,
        "back": _back(found),
        "verb": BULK[found.verb],
        "told": _told(found),
        "state": str(BulkJob.State(found.progress).label),
    }


def _ask(request: AgentRequest, found: BulkJob, form: BulkForm, status: int = 200) -> HttpResponse:
    first = found.items.order_by("id").values_list("ticket__number", "ticket__subject")[:8]
    context = {**_context(request, found), "form": form, "first": first, "others": found.total - len(first)}
    return render(request, "staff/bulk_ask.html", context, status=status)


def _results(found: BulkJob) -> dict[str, Any]:
    """What failed, first of all; then what was done last."""
    columns = ("ticket__number", "ticket__subject", "error")
    failed = found.items.filter(result=BulkItem.Result.FAILED).order_by("id")
    done = found.items.filter(result=BulkItem.Result.DONE).order_by("-id")
    return {"failed": failed.values_list(*columns)[:SHOWN], "done": done.values_list(*columns[:2])[:SHOWN]}


def _told(found: BulkJob) -> str:
    label = BULK[found.verb].label
    text = ngettext("%(verb)s: %(count)d ticket.", "%(verb)s: %(count)d tickets.", found.done_count)
    return text % {"verb": label, "count": found.done_count}
