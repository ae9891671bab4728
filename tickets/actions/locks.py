"""Verbs that touch several tickets: all rows are locked in one order, so that two of them never wait for each other."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from tickets.models import Ticket, User
from tickets.permissions import Actor
from tickets.refusals import Invalid


def lock(tickets: Iterable[Ticket]) -> None:
    """To be called inside a transaction, before the doors are opened one by one."""
    pks = {ticket.pk for ticket in tickets}
    list(Ticket.objects.select_for_update(of=("self",)).filter(pk__in=pks).order_by("pk").values_list("pk"))


def named(number: str, by: Actor, field: str = "number") -> Ticket:
    """The ticket that somebody means by its number. Raises Invalid when there is none that they may know of."""
    bare = number.strip().lstrip("#").strip().upper()[:24]
    rows = Ticket.objects.kept().filter(number=bare)
    found = (rows.filter(pk__in=Ticket.objects.inside(by).values("pk")) if isinstance(by, User) else rows).first()
    if found is None:
        raise Invalid(**{field: _("There is no ticket #%(number)s that you can see.") % {"number": bare[:24]}})
    return found
