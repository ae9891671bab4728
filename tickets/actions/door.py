"""The door that every verb goes through: a transaction, a fresh locked row, the permission, the lifecycle."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django_fsm import TransitionNotAllowed

from tickets import permissions, tracking
from tickets.compiled import Compiled
from tickets.models import Ticket
from tickets.permissions import Actor
from tickets.refusals import IllegalTransition

# No joins beyond these: planning a wider one costs PostgreSQL more than all the rest of a verb.
_locked = Compiled(
    lambda pk: (
        Ticket.objects.select_for_update(of=("self",))
        .select_related("department", "help_topic", "status", "sla_policy", "requester")
        .filter(pk=pk)
    )
)


@contextmanager
def opened(verb: str, ticket: Ticket, by: Actor) -> Iterator[tuple[Ticket, datetime]]:
    """Yields the ticket's locked, fresh row and the moment of the action; the caller saves what it changed.

    The instance the caller came with is stale afterwards. Raises NotAllowed or IllegalTransition; whatever is raised
    inside undoes everything. Ticket.DoesNotExist means it was erased meanwhile.
    """
    with transaction.atomic():
        fresh = _locked.get(ticket.pk)
        tracking.begin(fresh)
        permissions.require(by, verb, fresh)
        now = timezone.now()
        fresh.updated_at = now
        fresh.before = dict(fresh.__dict__)
        try:
            yield fresh, now
        except TransitionNotAllowed as error:
            raise IllegalTransition(verb, fresh) from error
