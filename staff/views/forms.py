"""Where admins make the forms of help topics: the list, one form with its preview, and one item."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from staff import designing, lists
from staff.access import AgentRequest, agents_only
from tickets import form_controls, form_design
from tickets.actions import forms
from tickets.field_values import Item
from tickets.models import Form, HelpTopic
from tickets.models.forms import FieldKind
from tickets.refusals import Invalid, Refused

View = Callable[..., HttpResponse]


def admins_only(view: View) -> Any:
    @wraps(view)
    def guarded(request: AgentRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_superuser:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return require_http_methods(["GET", "HEAD", "POST"])(agents_only(guarded))


class NewForm(django_forms.Form):
    name = django_forms.CharField(label=gettext_lazy("Name"), max_length=80)
    is_field_set = django_forms.BooleanField(
        label=gettext_lazy("A field set, to be taken into other forms"), required=False
    )


def _context(request: AgentRequest, **more: Any) -> dict[str, Any]:
    return {"rail": lists.rail(request.user, "forms"), **more}


@admins_only
def index(request: AgentRequest) -> HttpResponse:
    new = NewForm(request.POST or None)
    if request.method == "POST" and new.is_valid():
        try:
            made = forms.create(by=request.user, **new.cleaned_data)
            return redirect("staff:form", made.slug)
        except Invalid as refusal:
            new.add_error("name", str(refusal))
    rows = [forms.summary(row) for row in Form.objects.select_related("current")]
    topics: dict[str, list[str]] = {}
    for slug, name in HelpTopic.objects.exclude(form=None).order_by("position").values_list("form__slug", "name"):
        topics.setdefault(slug, []).append(name)
    for row in rows:
        row |= {"url": reverse("staff:form", args=[row["slug"]]), "topics": ", ".join(topics.get(row["slug"], []))}
    status = 400 if request.method == "POST" else 200
    return render(request, "staff/forms/index.html", _context(request, rows=rows, new=new), status=status)


@admins_only
def one(request: AgentRequest, slug: str) -> HttpResponse:
    form = _find(slug)
    if request.method != "POST":
        return _show(request, form)
    try:
        _do(request, form)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return _show(request, _find(slug), status=409 if isinstance(refusal, forms.Outdated) else 400)
    return redirect("staff:form", slug) if Form.objects.filter(pk=form.pk).exists() else redirect("staff:forms")


def _find(slug: str) -> Form:
    return get_object_or_404(Form.objects.select_related("current"), slug=slug)


def _do(request: AgentRequest, form: Form) -> None:
    """The one thing that the pressed button says."""
    data, by = request.POST, request.user
    if "publish" in data:
        version = forms.publish(form, by=by)
        messages.success(request, _("Published as version %(number)d.") % {"number": version.number})
    elif "origins" in data:
        forms.set_origins(form, by=by, origins=data["origins"].split())
        messages.success(request, _("Saved."))
    elif "delete" in data:
        forms.delete(form, by=by)
    elif "version" in data:
        version = get_object_or_404(form.versions, number=_number(data["version"]))
        forms.roll_back(form, version, by=by, revision=_number(data.get("revision")))
    else:
        forms.change(form, by=by, revision=_number(data.get("revision")), edit=_edit(data))


def _number(text: Any) -> int:
    return int(text) if str(text).isdecimal() and len(str(text)) < 10 else -1


def _edit(data: Any) -> Callable[[list[Item]], list[Item]]:
    """Moving or removing one item, by the name of the button that was pressed."""

    def edit(items: list[Item]) -> list[Item]:
        for what, step in (("up", -1), ("down", 1), ("remove", 0)):
            place = _number(data.get(what))
            if what in data and 0 <= place < len(items):
                moved = items.pop(place)
                if step:
                    items.insert(max(0, place + step), moved)
        return items

    return edit


def _show(request: AgentRequest, form: Form, status: int = 200) -> HttpResponse:
    rows = list(Form.objects.select_related("current"))
    context = _context(
        request, form=form, summary=forms.summary(form),
        items=designing.lines(form, {one.slug: one.name for one in rows}),
        kinds=[kind for kind in FieldKind.choices if kind[0] != FieldKind.FIELD_SET or not form.is_field_set],
        versions=form.versions.select_related("saved_by")[:20], origins="\n".join(form.allowed_origins),
        topics=HelpTopic.objects.filter(form=form).select_related("parent"),
        embed=request.build_absolute_uri(reverse("portal:embed", args=[form.slug])), **_preview(form, rows),
    )  # fmt: skip
    return render(request, "staff/forms/one.html", context, status=status)


def _preview(form: Form, rows: list[Form]) -> dict[str, Any]:
    """The draft as customers will see it, and what keeps it from being published."""
    sets = {row.slug: row.current.items for row in rows if row.is_field_set and row.current}
    try:
        items = form_design.laid_out(form.draft, sets, {row.slug: row.name for row in rows})
        form_design.check_whole(items, {})
    except Invalid as refusal:
        return {"problem": str(refusal), "parts": []}
    shown = django_forms.Form(initial=form_controls.initial(items, {}), prefix=None)
    shown.fields |= form_controls.controls(items, {}, inside=False)
    return {
        "parts": form_controls.parts(shown, items, {}, inside=False),
        "rules": form_controls.rules(items, inside=False),
    }


@admins_only
def item(request: AgentRequest, slug: str, index: int | None = None) -> HttpResponse:
    """One item: a new one of the kind that the address names, at the end, or the one at `index`."""
    form = _find(slug)
    found, above = _item(request, form, index)
    sets = Form.objects.filter(is_field_set=True).exclude(pk=form.pk)
    typed = designing.ItemForm(found, above, list(sets), request.POST or None)
    revision = _number(request.POST.get("revision", form.revision))
    if request.method == "POST" and typed.is_valid():
        result = typed.result()
        try:
            forms.change(form, by=request.user, revision=revision, edit=lambda items: _put(items, index, result))
            return redirect(reverse("staff:form", args=[slug]) + "#items")
        except Invalid as refusal:
            typed.refuse(refusal)
        except Refused as refusal:
            typed.add_error(None, str(refusal))
    context = _context(
        request, form=typed, design=form, kind=FieldKind(found["kind"]).label, revision=revision, is_new=index is None
    )
    return render(request, "staff/forms/item.html", context, status=400 if request.method == "POST" else 200)


def _item(request: HttpRequest, form: Form, index: int | None) -> tuple[Item, list[Item]]:
    if index is None:
        kind = request.GET.get("kind", "")
        if kind not in FieldKind.values:
            raise Http404
        return {"kind": kind}, form.draft
    if index >= len(form.draft):
        raise Http404
    return form.draft[index], form.draft[:index]


def _put(items: list[Item], index: int | None, item: Item) -> list[Item]:
    if index is None:
        return [*items, item]
    return [*items[:index], item, *items[index + 1 :]]
