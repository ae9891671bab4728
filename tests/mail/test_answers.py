"""A mail can answer the form of its mailbox's help topic, in lines such as “Order number: 4711”."""

from __future__ import annotations

from typing import Any

import pytest

from tests import factories
from tests.forms import DEVICE, EVERY_ANSWER, EVERY_KIND, EVERY_VALUE, form
from tests.mail import post
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def asking(mailbox: Any) -> Any:
    mailbox.help_topic = factories.help_topic(mailbox.department, form=form(DEVICE))
    mailbox.save()
    return mailbox.help_topic


def opened(text: str) -> Ticket:
    ticket = post.arrive(post.raw(body=text.replace("\n", "\r\n"))).ticket
    assert ticket is not None
    return ticket


def test_lines_answer_the_form_and_stay_in_the_text(asking: Any) -> None:
    ticket = opened("Hello,\n\nDevice: Laptop\nSerial number: 4711\nage: 3\n\nIt does not start.")
    assert ticket.fields == {"device": "laptop", "serial": "4711", "age": 3}
    assert ticket.form_version == asking.form.current
    assert "Serial number: 4711" in ticket.messages.get().body


def test_what_cannot_be_read_or_is_missing_keeps_nobody_out(asking: Any) -> None:
    ticket = opened("Device: toaster\nAge in years: old\nVendor case: mine\nCause: me")
    assert (ticket.fields, ticket.state) == ({}, "new")


def test_what_is_quoted_answers_nothing(asking: Any) -> None:
    ticket = opened("See below.\n\nOn Monday Ana wrote:\n> Device: Laptop\n")
    assert ticket.fields == {}


def test_a_condition_holds_for_mails_too(asking: Any) -> None:
    assert opened("Device: Phone\nSerial number: 4711").fields == {"device": "phone"}


def test_every_kind_is_read(mailbox: Any) -> None:
    mailbox.help_topic = factories.help_topic(mailbox.department, form=form(EVERY_KIND))
    mailbox.save()
    labels = {item["key"]: item["label"] for item in EVERY_KIND if "key" in item}
    said = {key: ", ".join(typed) if isinstance(typed, list) else typed for key, (typed, _kept) in EVERY_ANSWER.items()}
    lines = [f"{labels[key]}: {words}" for key, words in said.items()]
    assert opened("Hello,\n\n" + "\n".join(lines)).fields == EVERY_VALUE
