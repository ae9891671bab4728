"""Canned responses: who keeps which, what is refused, and how one reads on a ticket."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests import factories, people
from tickets import canned
from tickets.actions import canned as actions
from tickets.actions.writing import Upload
from tickets.models import CannedFolder, CannedResponse
from tickets.refusals import Invalid, NotAllowed

pytestmark = pytest.mark.django_db


def own(agent: Any, title: str = "Reset", body: str = "Restart it.", **fields: Any) -> CannedResponse:
    return actions.save(None, by=agent, title=title, body=body, owner=agent, **fields)


def shared(title: str = "Shared", body: str = "For all.", **fields: Any) -> CannedResponse:
    return CannedResponse.objects.create(title=title, body=body, **fields)


# -- who


def test_everybody_keeps_their_own() -> None:
    agent, other = people.reader(factories.department()), people.agent(factories.department())
    response = own(agent)
    assert list(CannedResponse.objects.readable_by(agent)) == [response]
    for stranger in (other, people.admin(), people.customer()):
        assert not CannedResponse.objects.readable_by(stranger).exists()
        with pytest.raises(NotAllowed):
            actions.save(response, by=stranger, title="Mine now")


def test_a_department_s_are_kept_by_who_has_the_right_there() -> None:
    here, elsewhere = factories.department(), factories.department()
    keeper, reader = people.agent(here), people.agent(here, can=["view", "reply"])
    response = actions.save(None, by=keeper, title="Reset", body="Restart it.", department=here)
    for refused in (reader, people.agent(elsewhere)):
        with pytest.raises(NotAllowed):
            actions.save(response, by=refused, title="Other")
    with pytest.raises(NotAllowed):
        actions.save(None, by=keeper, title="Reset", body="x", department=elsewhere)
    assert CannedResponse.objects.readable_by(reader).get() == response
    assert not CannedResponse.objects.readable_by(people.agent(elsewhere)).exists()
    assert actions.save(response, by=people.admin(), title="Better").title == "Better"


def test_everybody_s_are_kept_by_admins() -> None:
    keeper = people.agent(factories.department())
    with pytest.raises(NotAllowed):
        actions.save(None, by=keeper, title="Hello", body="Hello")
    response = actions.save(None, by=people.admin(), title="Hello", body="Hello")
    with pytest.raises(NotAllowed):
        actions.save(response, by=keeper, owner=keeper)
    with pytest.raises(NotAllowed):
        actions.delete(response, by=keeper)


def test_a_team_s_are_read_by_the_team_and_kept_by_keepers_in_it() -> None:
    here = factories.department()
    keeper, mate, other = people.agent(here), people.agent(here, can=["view"]), people.agent(here)
    team = people.team(keeper, mate)
    response = actions.save(None, by=keeper, title="Reset", body="x", team=team)
    assert CannedResponse.objects.readable_by(mate).get() == response
    assert not CannedResponse.objects.readable_by(other).exists()
    for refused in (mate, other):
        with pytest.raises(NotAllowed):
            actions.save(response, by=refused, title="Other")


def test_on_a_ticket_only_its_department_s_are_offered() -> None:
    here, elsewhere = factories.department(), factories.department()
    agent = people.agent(here, elsewhere)
    ticket = factories.ticket(department=here)
    fits = {shared("All"), shared("Here", department=here), own(agent, "Own")}
    shared("Elsewhere", department=elsewhere)
    shared("Off", is_enabled=False)
    assert set(canned.offered(ticket, agent)) == fits


def test_shortcuts_come_first_then_titles() -> None:
    agent = people.agent(department := factories.department())
    ticket = factories.ticket(department=department)
    shared("About the vpn", "x", shortcut="about")
    shared("Anything", "the vpn in its text")
    shared("Vpn by hand", "x")
    shared("Zz", "x", shortcut="vpn")
    found = [one.title for one in canned.offered(ticket, agent, "VPN")]
    assert found == ["Zz", "Vpn by hand", "About the vpn", "Anything"]
    assert canned.offered(ticket, agent, "vpn hand \x00")[0].title == "Vpn by hand"
    assert canned.offered(ticket, agent, "%") == []


# -- what


def test_a_faulty_text_is_refused_and_nothing_is_kept() -> None:
    agent = people.agent(factories.department())
    with pytest.raises(Invalid) as refusal:
        own(agent, body="Hello {{ requester.nam }}")
    assert "Did you mean “requester.name”?" in refusal.value.errors["body"]
    with pytest.raises(Invalid) as refusal:
        own(agent, translations={"de": "Hallo {{ foo }}"})
    assert refusal.value.errors["translations"].startswith("Deutsch: Line 1:")
    with pytest.raises(Invalid):
        own(agent, translations={"xx": "?"})
    with pytest.raises(Invalid):
        own(agent, shortcut="with space")
    with pytest.raises(Invalid):
        own(agent, body=" \n ")
    assert not CannedResponse.objects.exists()


def test_a_shortcut_is_taken_once_by_each_keeper() -> None:
    ana, ben = people.agent(factories.department()), people.agent(factories.department())
    own(ana, shortcut="Reset")
    own(ben, shortcut="reset")
    own(ana, "No shortcut")
    own(ana, "None either")
    with pytest.raises(Invalid) as refusal:
        own(ana, "Again", shortcut="RESET")
    assert "shortcut" in refusal.value.errors


def test_it_belongs_to_one_of_them() -> None:
    agent = people.admin()
    with pytest.raises(Invalid):
        own(agent, department=factories.department())


def test_files_go_along_and_are_taken_out() -> None:
    agent = people.agent(factories.department())
    response = own(agent, attachments=[Upload("../map.pdf", b"bytes", "application/pdf"), Upload("b.txt", b"b")])
    first, second = response.attachments.all()
    assert [file.name for file in (first, second)] == ["map.pdf", "b.txt"]
    actions.save(response, by=agent, without=[second.key])
    assert [file.key for file in response.attachments.all()] == [first.key]
    taken = actions.taken_along(agent, [first.key, second.key, uuid.uuid4()])
    assert [(upload.name, upload.content) for upload in taken] == [("map.pdf", b"bytes")]
    assert actions.taken_along(people.agent(factories.department()), [first.key]) == []


# -- how it reads


@pytest.mark.parametrize(
    ("language", "expected"),
    [("de", "Hallo Grace"), ("de-at", "Hallo Grace"), ("pt-br", "Oi Grace"), ("pt", "Oi Grace"), ("fr", "Hello Grace"),
     ("", "Hello Grace"), ("en-gb", "Hello Grace")],
)  # fmt: skip
def test_the_requester_s_language_is_chosen(language: str, expected: str) -> None:
    admin = people.admin()
    response = actions.save(
        None, by=admin, title="Hello", body="Hello {{ requester.first_name }}", language="en",
        translations={"de": "Hallo {{ requester.first_name }}", "pt-br": "Oi {{ requester.first_name }}", "it": " "},
    )  # fmt: skip
    ticket = factories.ticket(people.customer("Grace Hopper", language=language))
    assert canned.fill(response, ticket, admin).text == expected
    assert [one.text for one in canned.filled([response], ticket, admin)] == [expected]
    assert response.translations.count() == 2


def test_moments_are_told_in_the_language_of_the_text() -> None:
    admin = people.admin()
    response = actions.save(
        None, by=admin, title="Day", body="{{ ticket.created_at | date: '%A' }}", language="de"
    )  # fmt: skip
    ticket = factories.ticket(people.customer(language="fr"))
    days = {"Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"}
    assert canned.fill(response, ticket, admin).text in days


@pytest.mark.parametrize("count", [1, 3])
def test_offering_costs_the_same_for_one_and_three(count: int, django_assert_num_queries: Any) -> None:
    agent = people.agent(department := factories.department())
    ticket = factories.ticket(department=department)
    folder = CannedFolder.objects.create(name="A")
    for number in range(count):
        made = shared(f"R{number}", "{{ message.text }} {{ ticket.number }}", folder=folder)
        made.translations.create(language="de", body="x")
        made.attachments.create(name="f", content_type="text/plain", size=1, sha256="0")
    agent.grants, agent.team_ids, ticket.requester  # noqa: B018 - read before
    with django_assert_num_queries(4):
        rows = canned.filled(canned.offered(ticket, agent), ticket, agent)
    assert [row.text for row in rows] == [f"It burns. Please come. {ticket.number}"] * count


# -- folders


def test_folders_form_a_tree_without_circles() -> None:
    keeper = people.agent(factories.department())
    outer = actions.save_folder(None, by=keeper, name="Network")
    inner = actions.save_folder(None, by=keeper, name="Vpn", parent=outer)
    assert CannedFolder.objects.get(pk=inner.pk).path == "Network › Vpn"
    with pytest.raises(Invalid):
        actions.save_folder(outer, by=keeper, name="Network", parent=inner)
    with pytest.raises(Invalid):
        actions.save_folder(None, by=keeper, name="Vpn", parent=outer)
    with pytest.raises(NotAllowed):
        actions.save_folder(None, by=people.reader(factories.department()), name="Mine")


def test_what_lies_in_a_deleted_folder_moves_up() -> None:
    keeper = people.agent(factories.department())
    top = actions.save_folder(None, by=keeper, name="Top")
    outer = actions.save_folder(None, by=keeper, name="Vpn", parent=top)
    inner = actions.save_folder(None, by=keeper, name="Vpn", parent=outer)
    response = own(keeper, folder=outer)
    actions.delete_folder(outer, by=keeper)
    assert CannedResponse.objects.get(pk=response.pk).folder == top
    moved = CannedFolder.objects.get(pk=inner.pk)
    assert (moved.parent, moved.name) == (top, f"Vpn ({inner.pk})")
