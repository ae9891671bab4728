"""Saved views: making, changing, sharing, ordering, deleting."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from tickets import search
from tickets.listing import GROUPS, order_of
from tickets.models import Department, Role, SavedView, Team, User, ViewAudience
from tickets.queries import QUEUES
from tickets.refusals import Invalid, NotAllowed, TooLate

MOST = 200  # views of one person
MOST_COLUMNS = 12
LOOK = ("order", "group", "columns", "is_table")


def save_view(
    view: SavedView | None,
    *,
    by: User,
    name: str,
    query: str,
    audience: str = ViewAudience.ME,
    departments: Iterable[Department] = (),
    teams: Iterable[Team] = (),
    roles: Iterable[Role] = (),
    version: int | None = None,
    **look: Any,
) -> SavedView:
    """Makes a view, or changes `view`. `version` is the one that the person saw: somebody else's change in between is
    not overwritten, TooLate. A query that is wrong is refused and its place named."""
    if not by.is_agent and not by.is_superuser:
        raise NotAllowed(_("Views are for agents."))
    with transaction.atomic():
        fresh = _locked(view, by) if view else _new(by)
        if version is not None and version != fresh.version:
            raise TooLate(_("Somebody changed this view while you did. Here is how it is now."))
        shared = (list(departments), list(teams), list(roles))
        _check_audience(by, audience, *shared)
        fresh.name, fresh.query, fresh.audience = _name(name), _query(query, by), audience
        _arrange(fresh, look)
        fresh.version += 1
        fresh.updated_at = timezone.now()
        fresh.slug = fresh.slug or _slug(fresh.name)
        fresh.save()
        named = shared if audience == ViewAudience.SOME else ([], [], [])
        fresh.departments.set(named[0])
        fresh.teams.set(named[1])
        fresh.roles.set(named[2])
    return fresh


def delete_view(view: SavedView, *, by: User) -> None:
    with transaction.atomic():
        _locked(view, by).delete()


def move_view(view: SavedView, *, by: User, step: int) -> None:
    """One place up (-1) or down (1) among those that the person may change."""
    with transaction.atomic():
        fresh = _locked(view, by)
        rows = list(SavedView.objects.select_for_update().changeable_by(by).order_by("position", "name", "id"))
        here = rows.index(fresh)
        there = min(len(rows) - 1, max(0, here + step))
        rows.insert(there, rows.pop(here))
        for place, row in enumerate(rows, 1):
            row.position = place
        SavedView.objects.bulk_update(rows, ["position"])


def require_change(view: SavedView, *, by: User) -> None:
    if not SavedView.objects.changeable_by(by).filter(pk=view.pk).exists():
        raise NotAllowed(_("You can change your own views only; save this one anew to make it yours."))


def _locked(view: SavedView, by: User) -> SavedView:
    """Raises SavedView.DoesNotExist when it is gone, NotAllowed when it is somebody else's."""
    fresh = SavedView.objects.select_for_update().get(pk=view.pk)
    require_change(fresh, by=by)
    return fresh


def _new(by: User) -> SavedView:
    mine = SavedView.objects.filter(owner=by)
    if mine.count() >= MOST:
        raise Invalid(name=_("You have %(max)d views. Delete one first.") % {"max": MOST})
    last = mine.aggregate(last=Max("position"))["last"] or 0
    return SavedView(owner=by, position=last + 1)


def _name(name: str) -> str:
    name = " ".join(name.replace("\0", "").split())
    if not name:
        raise Invalid(name=_("Give the view a name."))
    if len(name) > 60:
        raise Invalid(name=_("At most %(max)d characters fit.") % {"max": 60})
    return name


def _query(query: str, by: User) -> str:
    query = " ".join(query.replace("\0", "").split())
    if not query:
        raise Invalid(query=_("Say which tickets the view shows, for example is:open."))
    parsed = search.parse(query, by=by)
    wrong = [*parsed.mistakes, *parsed.missing]
    if wrong:
        raise Invalid(query=" ".join(place(mistake) for mistake in wrong))
    return query


def place(mistake: search.Mistake) -> str:
    """The mistake with where it is, counted from one as people do."""
    return _("At character %(place)d: %(text)s") % {"place": mistake.position + 1, "text": mistake.text}


def _check_audience(by: User, audience: str, departments: Any, teams: Any, roles: Any) -> None:
    """Admins share with anybody; an agent with the departments and teams that they are in."""
    if audience not in ViewAudience.values:
        raise Invalid(audience=_("Choose who sees the view."))
    if audience == ViewAudience.SOME and not (departments or teams or roles):
        raise Invalid(audience=_("Choose at least one department, team or role."))
    if by.is_superuser or audience == ViewAudience.ME:
        return
    outside = any(one.pk not in by.grants for one in departments) or any(one.pk not in by.team_ids for one in teams)
    if audience == ViewAudience.EVERYONE or roles or outside:
        raise Invalid(audience=_("You can share with your own departments and teams. An admin can share with others."))


def _arrange(view: SavedView, look: dict[str, Any]) -> None:
    for key in LOOK:
        if key in look:
            setattr(view, key, look[key])
    if not order_of(view.order):
        raise Invalid(order=_("There is no such order."))
    if view.group and view.group not in GROUPS:
        raise Invalid(group=_("There is no such grouping."))
    view.columns = list(dict.fromkeys(view.columns))[:MOST_COLUMNS]


def _slug(name: str) -> str:
    """Short, readable, and free; never one that the desk's own lists have."""
    base = slugify(name)[:60] or "view"
    base = f"view-{base}" if base in {*QUEUES, "new"} or base.startswith("d-") else base
    taken = set(SavedView.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    return next(
        slug for number in range(1, MOST**2) if (slug := f"{base}-{number}" if number > 1 else base) not in taken
    )
