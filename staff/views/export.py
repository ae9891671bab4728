"""A list as a file for a spreadsheet: a short one at once, a long one by the workers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from staff import lists
from staff.access import AgentRequest, agents_only
from staff.columns import DEFAULT
from staff.places import find, name_of, url_of
from staff.times import zone_of
from tickets import blobs, exports, queries, worklists
from tickets.actions import exporting
from tickets.models import Export
from tickets.refusals import Refused
from tickets.worklists import TooSlow, Worklist

_SHOWN = 20


@require_http_methods(["GET", "HEAD", "POST"])
@agents_only
@never_cache
def export(request: AgentRequest) -> HttpResponseBase:
    """Asks which columns, and sends the list that the address names; without a list: the files that were made."""
    worklist = find(request.user, request.GET.dict())
    if request.GET and worklist is None:
        raise Http404
    if request.method != "POST" or worklist is None:
        return _show(request, worklist)
    keys = list(worklist.columns or DEFAULT) if request.POST.get("columns") == "view" else []
    try:
        ids = worklists.ids(worklist, request.user, most=exporting.AT_ONCE + 1)
        if len(ids) <= exporting.AT_ONCE and not worklist.mistakes:
            return _sent(_lines(request, ids, keys), worklist.label)
    except TooSlow:
        pass  # the workers have time
    try:
        exporting.start(by=request.user, worklist=worklist, columns=keys)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(url_of(worklist))
    return redirect("staff:export")


def _lines(request: AgentRequest, ids: list[int], keys: list[str]) -> Iterator[str]:
    zone: Any = zone_of(request.user)
    return exports.lines(queries.work_of(request.user), ids, exports.for_agents(keys), zone)


def _sent(lines: Iterator[str], label: str) -> StreamingHttpResponse:
    name = exports.file_name(label)
    return StreamingHttpResponse(
        lines, content_type="text/csv; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def _show(request: AgentRequest, worklist: Worklist | None) -> HttpResponse:
    rows = Export.objects.filter(by=request.user).order_by("-id")[:_SHOWN]
    context = {
        "rail": lists.rail(request.user, worklist.slug if worklist else ""),
        "worklist": worklist,
        "name": name_of(worklist) if worklist else {},
        "back": url_of(worklist) if worklist else "",
        "exports": rows,
        "is_running": any(row.progress == Export.State.RUNNING for row in rows),
    }
    template = "staff/_exports.html" if request.htmx else "staff/export.html"
    response = render(request, template, context)
    response["Vary"] = "HX-Request"
    return response


@require_safe
@agents_only
@never_cache
def download(request: AgentRequest, pk: int) -> FileResponse:
    """A file that was made, for whom it was made."""
    made = get_object_or_404(Export, pk=pk, by=request.user, progress=Export.State.DONE)
    try:
        content = blobs.open_blob(made.sha256)
    except FileNotFoundError:
        raise Http404 from None
    return FileResponse(content, as_attachment=True, filename=exports.file_name(made.label), content_type="text/csv")
