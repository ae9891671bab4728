"""Forms, as admins make them: changed as a draft, then published. Tickets keep the version they were asked with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from tickets import form_design
from tickets.actions.writing import check_text
from tickets.field_values import Item
from tickets.fields import asks
from tickets.models import Field, Form, FormVersion, User
from tickets.models.forms import Audience, FieldKind
from tickets.refusals import Invalid, NotAllowed, Refused

_TRIES = 100


class Outdated(Refused):
    """Somebody else changed the form since the page was loaded; nothing was changed."""


def create(*, by: User, name: str, is_field_set: bool = False) -> Form:
    _admins_only(by)
    name = check_text("name", name, 80)
    if Form.objects.filter(name__iexact=name).exists():
        raise Invalid(name=_("There is a form of this name already."))
    return Form.objects.create(name=name, slug=_free_slug(name), is_field_set=is_field_set)


def _free_slug(name: str) -> str:
    stem = slugify(name)[:70] or "form"
    taken = set(Form.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    return next(slug for slug in [stem, *(f"{stem}-{count}" for count in range(2, _TRIES))] if slug not in taken)


def change(form: Form, *, by: User, revision: int, edit: Callable[[list[Item]], list[Item]]) -> Form:
    """Replaces the draft's items by what `edit` makes of them. `revision` is that of the page; raises Outdated when the
    draft is another by now, Invalid for items that cannot be."""
    _admins_only(by)
    with transaction.atomic():
        fresh = Form.objects.select_for_update().get(pk=form.pk)
        if fresh.revision != revision:
            raise Outdated(_("Somebody else changed this form meanwhile. Nothing was changed; look at it again."))
        fresh.draft = form_design.cleaned(edit(list(fresh.draft)), fresh)
        fresh.revision += 1
        fresh.save(update_fields=["draft", "revision"])
    return fresh


def publish(form: Form, *, by: User) -> FormVersion:
    """Makes the draft the version that is asked from now on, also in the forms that take this one in. The same draft
    again is no new version. Raises Invalid with what does not fit together."""
    _admins_only(by)
    with transaction.atomic():
        rows = Form.objects.select_for_update(of=("self",)).select_related("current").order_by("pk")
        forms = {row.pk: row for row in rows}
        fresh = forms[form.pk]
        version = _publish(fresh, fresh.draft, list(forms.values()), by)
        for other in forms.values():
            if other.pk != fresh.pk and other.current and _takes_in(other.current.source, fresh):
                _publish(other, other.current.source, list(forms.values()), by)
        _write_catalogue(list(forms.values()))
    return version


def _publish(form: Form, source: list[Item], forms: Sequence[Form], by: User) -> FormVersion:
    sets = {row.slug: row.current.items for row in forms if row.is_field_set and row.current and row.pk != form.pk}
    items = form_design.laid_out(source, sets, {row.slug: row.name for row in forms})
    form_design.check_whole(items, _kinds(form, forms))
    if form.current and (form.current.items, form.current.source) == (items, source):
        return form.current
    newest = form.versions.order_by("-number").values_list("number", flat=True).first() or 0
    form.current = FormVersion.objects.create(form=form, number=newest + 1, source=source, items=items, saved_by=by)
    form.save(update_fields=["current"])
    return form.current


def _takes_in(source: Sequence[Item], other: Form) -> bool:
    return any(item["kind"] == FieldKind.FIELD_SET and item.get("form") == other.slug for item in source)


def _kinds(form: Form, forms: Sequence[Form]) -> dict[str, str]:
    """Key -> kind of every field that is known; a key means the same everywhere, also on old tickets."""
    elsewhere = {
        item["key"] for row in forms if row.pk != form.pk and row.current for item in row.current.items if asks(item)
    }
    own = {item["key"] for version in form.versions.all() for item in version.items if asks(item)}
    rows = Field.objects.filter(key__in=elsewhere | own)
    return dict(rows.values_list("key", "kind"))


def _write_catalogue(forms: Sequence[Form]) -> None:
    """One row for each key that is or ever was asked: what search, views and rules know of fields."""
    items: dict[str, Item] = {}
    for form in forms:
        for item in form.current.items if form.current else ():
            if asks(item):
                items.setdefault(item["key"], item)
    rows = [
        Field(
            key=key, kind=item["kind"], label=item["label"][:120], choices=item.get("choices", []), is_asked=True,
            audience=item.get("audience", Audience.CUSTOMERS),
        )
        for key, item in items.items()
    ]  # fmt: skip
    Field.objects.exclude(key__in=items).update(is_asked=False)
    Field.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["key"],
        update_fields=["kind", "label", "choices", "audience", "is_asked"],
    )  # fmt: skip


def roll_back(form: Form, version: FormVersion, *, by: User, revision: int) -> Form:
    """Takes an earlier version as the draft; publishing makes it the newest."""
    if version.form_id != form.pk:
        raise Invalid(version=_("This version belongs to another form."))
    return change(form, by=by, revision=revision, edit=lambda _draft: list(version.source))


def set_origins(form: Form, *, by: User, origins: Sequence[str]) -> Form:
    """The sites that may show the form in a frame."""
    _admins_only(by)
    form.allowed_origins = form_design.origins(origins)
    form.save(update_fields=["allowed_origins"])
    return form


def delete(form: Form, *, by: User) -> None:
    """Only a form that was never published: tickets keep what they were asked."""
    _admins_only(by)
    if form.versions.exists():
        raise Invalid(form=_("A form that was published cannot be deleted. Take it off its help topics instead."))
    form.delete()


def _admins_only(by: User) -> None:
    if not by.is_superuser or not by.is_active:
        raise NotAllowed(_("Only admins change forms."))


def summary(form: Form) -> dict[str, Any]:
    """What a list shows of a form."""
    return {
        "name": form.name, "slug": form.slug, "is_field_set": form.is_field_set,
        "number": form.current.number if form.current else 0,
        "is_changed": form.current is None or form.current.source != form.draft,
    }  # fmt: skip
