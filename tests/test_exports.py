"""Lists as CSV: cells that no spreadsheet runs, numbers that stay numbers, and nobody's tickets but one's own."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import factories, people
from tests.forms import CHOICES, form
from tickets import exports
from tickets.models import Ticket


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "=cmd|' /C calc'!A0", "\t=1", "\r=1", "\n=1", " =1", "%0A=1", "|x", "\uff1d1"],
)
def test_a_formula_is_text(cell: str) -> None:
    assert exports.inert(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["-5", "-1,234.50", "12", "a=b", "e-mail", "", "-0.5"])
def test_anything_else_stays_as_it_is(cell: str) -> None:
    assert exports.inert(cell) == cell


def test_every_cell_is_in_quotes() -> None:
    """A spreadsheet that parts cells at semicolons finds a formula behind one otherwise."""
    assert exports.line(["a;=1", 'say "hi"', -5, None]) == '"a;=1","say ""hi""","-5",""\r\n'


@pytest.mark.parametrize(("label", "name"), [("My open", "my-open-"), ('../"x"\r\n', "x-"), ("日本", "日本-")])
def test_the_file_is_named_after_the_list(label: str, name: str) -> None:
    assert exports.file_name(label).startswith(name)


def read(lines: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("".join(lines).removeprefix(exports.MARK))))


@pytest.mark.django_db
class TestLines:
    def test_have_everything_and_custom_fields_in_words(self) -> None:
        department = factories.department("Support")
        topic = factories.help_topic(department, "Broken", form=form(CHOICES))
        ticket = factories.ticket(
            department=department, help_topic=topic, subject="-2 degrees",
            fields={"colours": ["blue", "red"], "switched_on": True, "bought": "2026-03-04"},
        )  # fmt: skip
        (row,) = read(exports.lines(Ticket.objects.all(), [ticket.pk], exports.for_agents()))
        assert (row["Number"], row["Subject"], row["Help topic"]) == (ticket.number, "'-2 degrees", "Broken")
        assert (row["Colours"], row["It is switched on"]) == ("Blue, Red", "Yes")
        assert row["E-mail address"] == ticket.requester.email

    def test_are_in_the_order_asked_for_and_only_what_may_be_seen(self) -> None:
        agent = people.agent(home := factories.department())
        ours, theirs, late = factories.ticket(department=home), factories.ticket(), factories.ticket(department=home)
        scope = Ticket.objects.inside(agent)
        rows = read(exports.lines(scope, [late.pk, theirs.pk, ours.pk], exports.for_agents(["state"])))
        assert [row["Number"] for row in rows] == [late.number, ours.number]
        assert list(rows[0]) == ["Number", "Subject", "Status"]

    def test_fields_of_one_name_are_told_apart(self) -> None:
        form([{"kind": "text", "key": "one", "label": "Order"}, {"kind": "text", "key": "two", "label": "Order"}])
        labels = [str(column.label) for column in exports.for_agents(["field.one", "field.two", "field.gone"]).values()]
        assert labels == ["Number", "Subject", "Order (one)", "Order (two)"]

    @pytest.mark.parametrize("count", [1, 3])
    def test_cost_the_same_however_many(self, count: int) -> None:
        ids = [factories.ticket().pk for _each in range(count)]
        columns = exports.for_agents()
        with CaptureQueriesContext(connection) as captured:
            assert len(read(exports.lines(Ticket.objects.all(), ids, columns))) == count
        assert len(captured) == 1
