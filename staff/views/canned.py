"""Where agents keep canned responses: their own, and shared ones where their role says so."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from staff import lists
from staff.access import AgentRequest, agents_only
from staff.canned_forms import CannedForm, FolderForm
from tickets import canned, wording
from tickets.actions import canned as actions
from tickets.actions import conversation
from tickets.models import CannedFolder, CannedResponse, Ticket
from tickets.refusals import Invalid, NotAllowed, Refused

MOST = 200


@require_safe
@agents_only
def index(request: AgentRequest) -> HttpResponse:
    query, folder = request.GET.get("q", "").replace("\0", "").strip()[:100], _folder(request)
    rows = CannedResponse.objects.readable_by(request.user).select_related("department", "team")
    if query:
        rows = rows.filter(Q(title__icontains=query) | Q(shortcut__icontains=query) | Q(body__icontains=query))
    elif folder:
        rows = rows.filter(folder=folder)
    found = list(rows.prefetch_related("translations")[: MOST + 1])
    context = {
        "rail": lists.rail(request.user, "canned"),
        "query": query,
        "folder": folder,
        "folders": _tree(folder),
        "rows": [_row(request, one) for one in found[:MOST]],
        "has_more": len(found) > MOST,
        "may_folder": canned.keeps_any(request.user),
        "folder_form": FolderForm(initial={"parent": folder}),
    }
    return render(request, "staff/canned.html", context)


def _folder(request: AgentRequest) -> CannedFolder | None:
    given = request.GET.get("folder", "")
    if not given.isdecimal() or len(given) > 18:
        return None
    return CannedFolder.objects.filter(pk=given).select_related("parent__parent").first()


def _tree(chosen: CannedFolder | None) -> list[dict[str, Any]]:
    """All folders in the order of the tree, each with its depth."""
    below: dict[int | None, list[CannedFolder]] = {}
    for one in CannedFolder.objects.all():
        below.setdefault(one.parent_id, []).append(one)

    def branch(parent: int | None, depth: int) -> list[dict[str, Any]]:
        return [
            line
            for one in below.get(parent, ())
            for line in (
                {"pk": one.pk, "name": one.name, "depth": min(depth, 6), "active": one == chosen},
                *branch(one.pk, depth + 1),
            )
        ]

    return branch(None, 0)


def _row(request: AgentRequest, one: CannedResponse) -> dict[str, Any]:
    return {
        "title": one.title,
        "url": reverse("staff:canned_one", args=[one.pk]),
        "shortcut": one.shortcut,
        "scope": scope_words(one),
        "languages": ", ".join(sorted({code for code in (one.language, *_languages(one)) if code})),
        "is_enabled": one.is_enabled,
        "preview": " ".join(one.body.split())[:120],
    }


def _languages(one: CannedResponse) -> list[str]:
    return [row.language for row in one.translations.all()]


def scope_words(one: CannedResponse) -> str:
    if one.owner_id:
        return _("Only me")
    return str(one.department or one.team or _("Everybody"))


@agents_only
def new(request: AgentRequest) -> HttpResponse:
    return _edit(request, None)


@agents_only
def one(request: AgentRequest, pk: int) -> HttpResponse:
    rows = CannedResponse.objects.readable_by(request.user)
    return _edit(request, get_object_or_404(rows, pk=pk))


def _edit(request: AgentRequest, response: CannedResponse | None) -> HttpResponse:
    may = response is None or canned.may_keep(request.user, response)
    if request.method != "POST":
        return _show(request, response, CannedForm(request.user, response), may=may)
    if not may:
        raise NotAllowed(_("You can use this response but not change it."))
    form = CannedForm(request.user, response, request.POST, request.FILES)
    if form.is_valid() and "preview" not in request.POST:
        try:
            saved = actions.save(
                response, by=request.user, attachments=conversation.uploads(form.cleaned_data["attachments"]),
                without=_keys(request), **form.values(),
            )  # fmt: skip
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect("staff:canned_one", saved.pk)
    status = 200 if "preview" in request.POST else 400
    return _show(request, response, form, may=may, status=status)


def _keys(request: AgentRequest) -> list[str]:
    return [key for key in request.POST.getlist("without") if len(key) == 36]


def _show(
    request: AgentRequest, response: CannedResponse | None, form: CannedForm, *, may: bool, status: int = 200
) -> HttpResponse:
    body = form["body"].value() or ""
    context = {
        "rail": lists.rail(request.user, "canned"),
        "form": form,
        "response": response,
        "may": may,
        "files": list(response.attachments.all()) if response else [],
        "variables": [(name, known.label) for name, known in wording.VARIABLES.items()],
        "filters": wording.FILTERS,
        "scope": scope_words(response) if response else "",
        **_preview(request, body),
    }
    return render(request, "staff/canned_one.html", context, status=status)


@require_POST
@agents_only
def preview(request: AgentRequest) -> HttpResponse:
    """How a text reads on a ticket, or what is wrong with it."""
    return render(request, "staff/_canned_preview.html", _preview(request, request.POST.get("body", "")))


def _preview(request: AgentRequest, body: str) -> dict[str, Any]:
    number = (request.POST.get("ticket") or request.GET.get("ticket") or "").strip().lstrip("#")[:24]
    work = Ticket.objects.inside(request.user).select_related("department", "requester__organization", "help_topic")
    ticket = work.filter(number=number).first() if number and "\0" not in number else work.order_by("-pk").first()
    problems = wording.check(body) if body.strip() else []
    context = {"preview_ticket": ticket, "preview_number": number, "problems": problems, "preview": ""}
    if body.strip() and not problems:
        values = wording.variables_of(ticket, request.user) if ticket else wording.samples()
        try:
            context["preview"] = wording.render(body, values)
        except wording.Unfit as refusal:
            context["problems"] = [str(refusal)]
    return context


@require_POST
@agents_only
def delete(request: AgentRequest, pk: int) -> HttpResponse:
    response = CannedResponse.objects.readable_by(request.user).filter(pk=pk).first()
    if response is not None:
        actions.delete(response, by=request.user)
    messages.success(request, _("Deleted. Messages that were written with it stay as they are."))
    return redirect("staff:canned")


@require_POST
@agents_only
def folder(request: AgentRequest, pk: int | None = None) -> HttpResponse:
    """Makes a folder, or renames, moves or deletes one."""
    row = get_object_or_404(CannedFolder, pk=pk) if pk else None
    form = FolderForm(request.POST)
    try:
        if row and request.POST.get("do") == "delete":
            actions.delete_folder(row, by=request.user)
            return redirect("staff:canned")
        if not form.is_valid():
            raise Invalid(name=_("A folder needs a name of at most 80 characters."))
        row = actions.save_folder(row, by=request.user, **form.cleaned_data)
    except NotAllowed:
        raise
    except Refused as refusal:
        messages.error(request, str(refusal))
    except CannedFolder.DoesNotExist:
        raise Http404 from None
    return redirect(reverse("staff:canned") + (f"?folder={row.pk}" if row else ""))
