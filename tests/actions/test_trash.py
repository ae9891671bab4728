"""What lies in the trash only comes out of it, whoever asks."""

from __future__ import annotations

import pytest

from tests import factories, people
from tickets import permissions
from tickets.actions import conversation, lifecycle
from tickets.models import Ticket, User
from tickets.refusals import IllegalTransition
from tickets.states import VERBS

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin() -> User:
    return people.admin()


@pytest.fixture(params=["new", "resolved", "closed"])
def trashed(request, admin: User) -> Ticket:
    return lifecycle.trash(factories.ticket_in(request.param, admin), by=admin)


def test_it_takes_nothing_but_restoring(trashed: Ticket, admin: User) -> None:
    assert [verb for verb in VERBS if permissions.possible(verb, trashed)] == ["restore"]
    assert permissions.verbs(admin, trashed) == ["restore"]
    with pytest.raises(IllegalTransition) as refusal:
        lifecycle.trash(trashed, by=admin)
    assert refusal.value.allowed == ["restore"]
    assert "In the trash" in str(refusal.value)


def test_who_writes_at_the_same_moment_is_told(trashed: Ticket) -> None:
    with pytest.raises(IllegalTransition):
        conversation.receive(trashed, by=trashed.requester, body="One more thing", source="web")
    assert trashed.messages.count() == 1


def test_restored_it_goes_on_where_it_was(trashed: Ticket, admin: User) -> None:
    restored = lifecycle.restore(trashed, by=admin)
    assert (restored.state, restored.deleted_at) == (trashed.state, None)
    with pytest.raises(IllegalTransition):
        lifecycle.restore(restored, by=admin)
