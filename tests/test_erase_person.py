"""`manage.py erase_person`: tells what it would forget, and forgets it when told to."""

from __future__ import annotations

from io import StringIO

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command

from tests import factories, people
from tickets.actions import erasing
from tickets.models import ErasureRequest, Ticket, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    person = people.customer("Ada Byron", email="ada@customers.example")
    EmailAddress.objects.create(user=person, email="ada@home.example", verified=True)
    factories.ticket(person)
    return person


def command(*words: str) -> str:
    out = StringIO()
    call_command("erase_person", *words, stdout=out)
    return out.getvalue()


def test_without_yes_it_only_tells(ada):
    told = command("Ada@Home.example")
    assert "Ada Byron <ada@customers.example>, further addresses: 1" in told
    assert "tickets asked: 1" in told
    assert "Nothing was done." in told
    assert User.objects.get(pk=ada.pk).name == "Ada Byron"


def test_with_yes_the_person_is_a_number(ada):
    erasing.ask(by=ada, reason="I moved")
    assert f"this is erased person {ada.pk} now" in command("ada@customers.example", "--yes")
    row = User.objects.get(pk=ada.pk)
    assert (row.name, row.is_active) == (f"Erased person {ada.pk}", False)
    assert Ticket.objects.get().requester_name == f"Erased person {ada.pk}"
    assert not EmailAddress.objects.filter(user=ada).exists()
    wish = ErasureRequest.objects.get()
    assert (wish.state, wish.reason) == ("done", "")


@pytest.mark.parametrize("address", ["nobody@customers.example", ""])
def test_an_address_that_nobody_has(ada, address):
    with pytest.raises(CommandError, match="Nobody here has"):
        command(address, "--yes")


def test_who_works_here_stays(db):
    agent = people.agent(factories.department(), email="agent@desk.example")
    with pytest.raises(CommandError, match="is an agent or admin here"):
        command("agent@desk.example", "--yes")
    assert User.objects.get(pk=agent.pk).is_active
