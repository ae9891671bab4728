"""Forms as admins change and publish them, and what that does to tickets."""

from __future__ import annotations

from typing import Any

import pytest

from tests import factories, people
from tests.forms import DEVICE, edit, form
from tickets import fields as asked
from tickets.actions import fields, forms, lifecycle
from tickets.actions.assignment import transfer
from tickets.models import Desk, Field, Form, Ticket
from tickets.refusals import Invalid, NotAllowed

pytestmark = pytest.mark.django_db


def text(key: str, **more: Any) -> dict[str, Any]:
    return {"kind": "text", "key": key, "label": key.title(), **more}


def test_publishing_makes_versions_and_the_catalogue() -> None:
    made = form([text("colour")])
    assert made.current.number == 1
    made = edit(made, [text("colour"), {"kind": "checkbox", "key": "urgent", "label": "Urgent"}])
    assert made.current.number == 2
    assert [item["key"] for item in made.versions.get(number=1).items] == ["colour"]
    edit(made, [text("size")])
    known = {row.key: (row.kind, row.is_asked) for row in Field.objects.all()}
    assert known == {"colour": ("text", False), "urgent": ("checkbox", False), "size": ("text", True)}


def test_publishing_the_same_again_is_no_new_version() -> None:
    made = form([text("colour")])
    forms.publish(made, by=people.admin())
    assert made.versions.count() == 1


def test_a_key_keeps_its_kind_in_every_form() -> None:
    form([text("colour")])
    with pytest.raises(Invalid, match="another kind"):
        form([{"kind": "number", "key": "colour", "label": "Colour"}])


def test_conditions_look_up_the_form_only() -> None:
    wrong = [text("a", show={"field": "b", "op": "answered"}), text("b")]
    with pytest.raises(Invalid, match="has to stand above it"):
        form(wrong)
    with pytest.raises(Invalid, match="not in this form"):
        form([text("c", require={"field": "elsewhere", "op": "answered"})])


@pytest.mark.parametrize(
    "item",
    [
        {"kind": "text", "key": "Capital", "label": "x"},
        {"kind": "text", "key": "a", "label": ""},
        {"kind": "text", "key": "a", "label": "x" * 121},
        {"kind": "choice", "key": "a", "label": "x", "choices": []},
        {
            "kind": "choice",
            "key": "a",
            "label": "x",
            "choices": [{"value": "a", "label": "A"}, {"value": "A", "label": "B"}],
        },
        {"kind": "number", "key": "a", "label": "x", "default": "many"},
        {"kind": "text", "key": "a", "label": "x", "audience": "agents", "required": "send"},
        {"kind": "text", "key": "a", "label": "x", "show": {"field": "b", "op": "likes"}},
        {"kind": "text", "key": "a", "label": "x", "show": {"all": []}},
        {"kind": "nonsense", "label": "x"},
    ],
)
def test_items_that_cannot_be(item: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        form([item])


def test_two_admins_cannot_overwrite_each_other() -> None:
    made = form([text("a")])
    with pytest.raises(forms.Outdated):
        forms.change(made, by=people.admin(), revision=0, edit=lambda _items: [])


def test_only_admins_change_forms() -> None:
    with pytest.raises(NotAllowed):
        forms.create(by=people.agent(), name="Mine")


def test_a_field_set_is_taken_in_and_follows() -> None:
    shared = form([text("street"), text("city")], is_field_set=True)
    made = form([{"kind": "field_set", "form": shared.slug}, text("why")])
    assert [item["key"] for item in made.current.items] == ["street", "city", "why"]
    edit(shared, [text("street"), text("city"), text("country")])
    made = Form.objects.select_related("current").get(pk=made.pk)
    assert [item["key"] for item in made.current.items] == ["street", "city", "country", "why"]
    assert made.current.number == 2


def test_a_field_set_shown_under_a_condition_shows_nothing_else() -> None:
    shared = form([text("street"), text("flat", show={"field": "street", "op": "answered"})], is_field_set=True)
    wanted = {"field": "ship", "op": "is", "value": True}
    made = form(
        [
            {"kind": "checkbox", "key": "ship", "label": "Ship"},
            {"kind": "field_set", "form": shared.slug, "show": wanted},
        ]
    )
    assert asked.check(made.current.items, {"street": "High Street"}).shown == {"ship"}
    shown = asked.check(made.current.items, {"ship": "yes", "street": "High Street"}).shown
    assert shown == {"ship", "street", "flat"}


def test_an_earlier_version_comes_back() -> None:
    made = form([text("a")])
    made = edit(made, [text("b")])
    first = made.versions.get(number=1)
    made = forms.roll_back(made, first, by=people.admin(), revision=made.revision)
    assert forms.publish(made, by=people.admin()).number == 3
    assert [item["key"] for item in Form.objects.get(pk=made.pk).current.items] == ["a"]


def test_what_was_published_is_not_deleted() -> None:
    made = form([text("a")])
    with pytest.raises(Invalid):
        forms.delete(made, by=people.admin())


@pytest.mark.parametrize(
    "origin", ["company.example", "https://company.example/path", "http://company.example", "https://*", "https://a;b"]
)
def test_origins_are_exact(origin: str) -> None:
    made = form([text("a")])
    with pytest.raises(Invalid):
        forms.set_origins(made, by=people.admin(), origins=[origin])


class TestTickets:
    @pytest.fixture
    def made(self) -> Form:
        return form(DEVICE)

    @pytest.fixture
    def topic(self, made: Form) -> Any:
        return factories.help_topic(factories.department(), form=made)

    def open(self, topic: Any, **fields: Any) -> Ticket:
        requester = people.customer()
        return factories.ticket(
            requester=requester, by=requester, department=topic.department, help_topic=topic, fields=fields
        )

    def test_keep_the_version_they_were_asked(self, topic: Any, made: Form) -> None:
        ticket = self.open(topic, device="phone")
        edit(made, [text("other")])
        ticket = Ticket.objects.get(pk=ticket.pk)
        assert ticket.fields == {"device": "phone"}
        assert [one["item"]["key"] for one in asked.told(ticket.form_version.items, ticket.fields, inside=False)] == [
            "device"
        ]

    def test_are_refused_with_the_name_of_each_field(self, topic: Any) -> None:
        with pytest.raises(Invalid) as refusal:
            self.open(topic, device="laptop", age="old", colour="red")
        assert set(refusal.value.errors) == {"fields.serial", "fields.age", "fields.colour"}
        assert not Ticket.objects.exists()

    def test_by_mail_need_no_answers(self, topic: Any) -> None:
        ticket = factories.ticket(department=topic.department, help_topic=topic)
        assert (ticket.fields, ticket.form_version) == ({}, topic.form.current)

    def test_without_a_topic_get_the_default_form(self, made: Form) -> None:
        Desk.objects.update(default_form=made)
        Desk.forget()
        assert factories.ticket().form_version == made.current

    def test_of_a_topic_get_the_form_of_the_topic_above(self, topic: Any, made: Form) -> None:
        below = factories.help_topic(topic.department, parent=topic)
        assert self.open(below, device="phone").form_version == made.current

    def test_are_not_resolved_before_what_is_needed_is_answered(self, topic: Any) -> None:
        agent, ticket = people.agent(topic.department), self.open(topic, device="phone")
        for verb in (lifecycle.resolve, lifecycle.close):
            with pytest.raises(Invalid, match="Cause"):
                verb(ticket, by=agent)
        fields.set_fields(ticket, by=agent, fields={"cause": "Water"})
        assert lifecycle.resolve(ticket, by=agent).state == "resolved"

    def test_are_changed_by_agents(self, topic: Any) -> None:
        agent, ticket = people.agent(topic.department), self.open(topic, device="phone")
        ticket = fields.set_fields(ticket, by=agent, fields={"device": "laptop", "serial": "4711", "age": 4})
        assert Ticket.objects.get(pk=ticket.pk).fields == {"device": "laptop", "serial": "4711", "age": 4}
        event = ticket.events.get(kind="fields_changed")
        assert event.data["what"] == "Device: Phone → Laptop; Serial number: – → 4711; Age in years: – → 4"
        assert event.data["old"] == {"device": "phone", "serial": None, "age": None}
        ticket = fields.set_fields(ticket, by=agent, fields={"age": None})
        assert ticket.fields == {"device": "laptop", "serial": "4711"}

    def test_lose_answers_to_what_is_no_longer_asked(self, topic: Any) -> None:
        agent, ticket = people.agent(topic.department), self.open(topic, device="laptop", serial="4711")
        assert fields.set_fields(ticket, by=agent, fields={"device": "phone"}).fields == {"device": "phone"}

    def test_say_nothing_when_nothing_changes(self, topic: Any) -> None:
        agent, ticket = people.agent(topic.department), self.open(topic, device="phone")
        fields.set_fields(ticket, by=agent, fields={"device": "phone"})
        assert not ticket.events.filter(kind="fields_changed").exists()

    def test_refuse_what_is_not_asked(self, topic: Any) -> None:
        agent, ticket = people.agent(topic.department), self.open(topic, device="phone")
        with pytest.raises(Invalid) as refusal:
            fields.set_fields(ticket, by=agent, fields={"serial": "1", "nonsense": "2", "age": -1})
        assert set(refusal.value.errors) == {"fields.serial", "fields.nonsense", "fields.age"}

    def test_take_fields_of_another_form(self, topic: Any) -> None:
        form([text("colour")])
        agent, ticket = people.agent(topic.department), self.open(topic, device="phone")
        assert fields.set_fields(ticket, by=agent, fields={"colour": "red"}).fields["colour"] == "red"

    def test_are_not_changed_by_customers(self, topic: Any) -> None:
        ticket = self.open(topic, device="phone")
        with pytest.raises(NotAllowed):
            fields.set_fields(ticket, by=ticket.requester, fields={"device": "laptop"})

    def test_are_asked_anew_after_a_transfer(self, topic: Any) -> None:
        other = factories.help_topic(factories.department(), form=form([text("colour")]))
        agent = people.agent(topic.department, other.department)
        ticket = transfer(self.open(topic, device="phone"), by=agent, department=other.department, help_topic=other)
        assert ticket.form_version == other.form.current
        assert ticket.fields == {"device": "phone"}
