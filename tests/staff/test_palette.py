"""Find and do anything; keys from one table; where a reply leads."""

from __future__ import annotations

import re
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from staff import keys, verbs
from tests import factories, people
from tests.automation.making import rule, tag
from tickets import queries
from tickets.actions import conversation, desk_habits, views
from tickets.models import TicketEvent, User

pytestmark = pytest.mark.django_db


def offers(client, text="", ticket=""):
    page = client.get("/staff/palette/", {"q": text, "ticket": ticket}).content.decode()
    return re.findall(r'<span class="ellipsis">(.*?)</span>', page), page


def test_a_number_is_jumped_to(browser, agent, ticket):
    labels, page = offers(browser(agent), f"#{ticket.number}")
    assert labels == [ticket.subject]
    assert f'href="/staff/tickets/{ticket.number}/"' in page


def test_words_find_tickets_views_customers_and_pages(browser, agent, home):
    factories.ticket(people.customer("Rosa", email="rosa@customers.example"), home, subject="Lamp broken")
    views.save_view(None, by=agent, name="Lamps", query="is:open")
    client = browser(agent)
    assert offers(client, "lam")[0] == ["Lamp broken", "Lamps"]
    assert "Rosa" in offers(client, "rosa@")[0]
    assert offers(client, "mail l")[0] == ["Mail log"]
    assert offers(client, "settings")[0] == []
    assert offers(browser(people.admin()), "settings")[0] == ["Settings"]


def test_verbs_of_the_open_ticket(browser, agent, reader, ticket):
    labels, page = offers(browser(agent), "reso", ticket.number)
    assert labels[0] == "Resolve"
    assert 'data-press="resolve"' in page
    assert "Resolve" not in offers(browser(reader), "", ticket.number)[0]


def test_macros_of_the_open_ticket_tell_what_they_would_do(browser, agent, ticket):
    solved = rule("macro", "Solved at last", {}, tag("solved"), {"do": "resolve"})
    rule("macro", "Only for mail", {"field": "source", "op": "is", "value": "email"}, tag("mail"))
    client = browser(agent)
    labels, page = offers(client, "solved la", ticket.number)
    assert labels == ["Solved at last"]
    assert re.search(
        rf'href="/staff/tickets/{ticket.number}/macros/{solved.pk}/" data-press="macros" data-shown>', page
    )
    assert re.search(r'<span class="quiet ellipsis">[^<]*solved[^<]* · [^<]*esolve', page)
    assert "Only for mail" not in offers(client, "", ticket.number)[0]
    assert "Solved at last" not in offers(client, "solved")[0]  # no ticket is open


def test_strangers_are_offered_no_macros(browser, outsider, ticket):
    rule("macro", "Solved at last", {}, tag("solved"))
    assert "Solved at last" not in offers(browser(outsider), "solved", ticket.number)[0]


def test_more_macros_need_no_more_queries(browser, agent, ticket):
    client = browser(agent)
    rule("macro", "M0", {}, tag("one"))
    counts = []
    for number in (1, 2):
        offers(client, "m", ticket.number)
        with CaptureQueriesContext(connection) as captured:
            offers(client, "m", ticket.number)
        counts.append(len(captured))
        rule("macro", f"M{number}", {}, tag("two"))
        rule("macro", f"M{number}b", {}, tag("three"))
    assert counts[0] == counts[1]


def test_strangers_learn_nothing(browser, outsider, ticket):
    assert ticket.subject not in str(offers(browser(outsider), ticket.number, ticket.number))


def test_nothing_typed_shows_what_was_open_last(browser, agent, home):
    first, second = (factories.ticket(department=home) for _ in range(2))
    client = browser(agent)
    for one in (first, second, first):
        client.get(f"/staff/tickets/{one.number}/")
    assert [number for number, *_ in queries.recently_viewed(agent)] == [first.number, second.number]
    assert offers(client)[0][:2] == [first.subject, second.subject]
    desk_habits.forget_viewed()
    assert len(queries.recently_viewed(agent)) == 2


def test_the_sheet_has_every_key_that_a_button_has(browser, agent, ticket):
    page = browser(agent).get(f"/staff/tickets/{ticket.number}/").content.decode()
    listed = {cap for _title, table in keys.sheet() for key in table for cap in key.keys}
    bound = set(re.findall(r'data-key="(.)"', page)) | {button.key for button in verbs.BUTTONS.values() if button.key}
    assert bound - {"[", "/"} <= listed
    for name, letter in keys.GO.items():
        assert name == "settings" or f'data-go="{letter}"' in page, name
    assert len(set(keys.GO.values())) == len(keys.GO) == len(keys.GO_LABELS)


def test_single_keys_can_be_switched_off(browser, agent):
    client = browser(agent)
    assert "<shortcut-keys>" in client.get("/staff/views/my-open/").content.decode()
    client.post("/staff/me/", {"default_view": "my-open", "after_send": "stay"})
    assert "<shortcut-keys data-off>" in client.get("/staff/views/my-open/").content.decode()
    assert "<shortcut-keys data-off>" in browser(agent).get("/staff/views/my-open/").content.decode()  # signed in anew


@pytest.mark.parametrize(("wish", "leads"), [("stay", "same"), ("next", "next"), ("list", "list")])
def test_after_sending(browser, agent, home, wish, leads):
    below, ticket = (factories.ticket(department=home) for _ in range(2))
    desk_habits.set_preferences(by=agent, after_send=wish)
    url = f"/staff/tickets/{ticket.number}/reply/?view=all-open"
    response = browser(agent).post(url, {"reply-body": "Hello."})
    assert (
        response["Location"]
        == {
            "same": f"/staff/tickets/{ticket.number}/?view=all-open",
            "next": f"/staff/tickets/{below.number}/?view=all-open",
            "list": "/staff/views/all-open/",
        }[leads]
    )


def test_at_the_end_of_the_list_there_is_no_next(browser, agent, ticket):
    desk_habits.set_preferences(by=agent, after_send="next")
    url = f"/staff/tickets/{ticket.number}/reply/?view=all-open"
    assert ticket.number in browser(agent).post(url, {"reply-body": "Hello."})["Location"]


def test_ones_own_day_is_counted_from_ones_own_midnight(browser, agent, ticket):
    User.objects.filter(pk=agent.pk).update(time_zone="Pacific/Auckland")
    conversation.note(ticket, by=agent, body="Seen.")
    conversation.reply(ticket, by=agent, body="Look.")
    midnight = (
        timezone.now().astimezone(ZoneInfo("Pacific/Auckland")).replace(hour=0, minute=0, second=0, microsecond=0)
    )
    TicketEvent.objects.filter(kind="noted").update(created_at=midnight - timedelta(seconds=1))
    page = browser(agent).get("/staff/me/").content.decode()
    assert re.search(r"<dt>Replies</dt><dd>1</dd>", page)
    assert re.search(r"<dt>Notes</dt><dd>0</dd>", page)
