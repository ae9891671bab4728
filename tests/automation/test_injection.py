"""What strangers write is never a template: rules put it into their texts as it stands."""

from __future__ import annotations

import pytest

from tests import factories, people
from tests.automation.making import handled, rule, trigger
from tickets.actions.macros import run_macro
from tickets.models import Message, Task

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "text",
    ["{{ 7 | times: 7 }}", "{% assign x = 49 %}{{ x }}", "${7*7}", "#{7*7}", "<%= 7*7 %>", "{{ ticket.subject }}"],
)
def test_abuse_59_what_a_stranger_writes_stays_what_it_is(text: str) -> None:
    department = factories.department()
    trigger(
        "Keep",
        {},
        {"do": "note", "text": "About: {{ ticket.subject }}"},
        {"do": "add_task", "text": "{{ ticket.subject }}"},
    )
    macro = rule("macro", "Hello", {}, {"do": "reply", "text": "Dear {{ requester.name }}: {{ ticket.subject }}"})
    ticket = factories.ticket(people.customer(text), department, subject=text)
    handled()
    assert Message.objects.get(ticket=ticket, kind="note").body == f"About: {text}"
    assert Task.objects.get(ticket=ticket).title == text
    run_macro(ticket, by=people.agent(department), macro=macro)
    assert Message.objects.get(ticket=ticket, kind="reply").body == f"Dear {text}: {text}"
