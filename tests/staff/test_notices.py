"""The pages of notices and of an agent's own settings."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests import factories, people
from tickets import notices, notifications
from tickets.actions import assignment
from tickets.models import SYSTEM, Absence, NoticePreferences, TicketEvent, User

pytestmark = pytest.mark.django_db
LIST, ME, WISHES = "/staff/notices/", "/staff/me/", "/staff/me/notices/"


@pytest.fixture
def told(home, agent):
    def make(count: int = 1):
        made = [factories.ticket(department=home, auto_response=False) for _ in range(count)]
        for ticket in made:
            assignment.assign(ticket, by=SYSTEM, agent=agent)
        for pk in TicketEvent.objects.unhandled().values_list("pk", flat=True):
            notifications.handle(pk)
        return made

    return make


def text(client, address: str) -> str:
    return client.get(address).content.decode()


def choices(**changed: object) -> dict[str, object]:
    ways = {f"way_{group}": "both" for group in notices.GROUPS}
    return {**ways, "digest": "", "digest_time": "08:00", "quiet_from": "", "quiet_until": "", **changed}


def test_the_list_shows_what_is_new(browser, agent, told):
    (ticket,) = told()
    client = browser(agent)
    page = text(client, LIST)
    assert f"#{ticket.number}" in page
    assert "notice-list__one--new" in page
    client.post(reverse("staff:notices_read"))
    assert "notice-list__one--new" not in text(client, LIST)


def test_a_look_at_the_ticket_reads_what_is_about_it(browser, agent, told):
    first, _second = told(2)
    browser(agent).get(reverse("staff:ticket", args=[first.number]))
    assert User.objects.get(pk=agent.pk).unread_notices == 1


def test_the_bell_counts_without_a_query(browser, agent, told):
    client = browser(agent)
    client.get(ME)
    with CaptureQueriesContext(connection) as before:
        client.get(ME)
    told(3)
    with CaptureQueriesContext(connection) as after:
        page = text(client, ME)
    assert len(before) == len(after)
    assert "<span>3</span>" in page


def test_the_list_costs_the_same_with_one_row_and_with_three(browser, agent, told):
    client, costs = browser(agent), []
    client.get(LIST)  # what is remembered from page to page is asked once
    for more in (1, 2):
        told(more)
        with CaptureQueriesContext(connection) as queries:
            client.get(LIST)
        costs.append(len(queries))
    assert costs[0] == costs[1]


def test_the_list_has_pages(browser, agent, told, monkeypatch):
    monkeypatch.setattr("staff.views.notices.SHOWN", 2)
    made = told(3)
    page = text(browser(agent), LIST)
    assert f"#{made[0].number}" not in page
    oldest = notices.shown_to(agent)[1].pk
    assert f"{LIST}?before={oldest}" in page
    assert f"#{made[0].number}" in text(browser(agent), f"{LIST}?before={oldest}")
    assert browser(agent).get(LIST, {"before": "x" * 30}).status_code == 200


def test_open_pages_ask_for_the_number_and_the_newest(browser, agent, told):
    (ticket,) = told()
    bell = reverse("staff:notices_bell")
    assert browser(agent).get(bell).json() == {"count": 1, "newest": None}
    NoticePreferences.objects.create(user=agent, in_browser=True)
    newest = browser(agent).get(bell).json()["newest"]
    assert (newest["title"], newest["url"]) == (
        f"#{ticket.number} {ticket.subject}",
        f"/staff/tickets/{ticket.number}/",
    )
    now = timezone.localtime()
    NoticePreferences.objects.update(
        quiet_from=(now - timedelta(hours=1)).time(), quiet_until=(now + timedelta(hours=1)).time()
    )
    assert browser(agent).get(bell).json()["newest"] is None


def test_wishes_are_kept(browser, agent):
    client = browser(agent)
    wanted = choices(way_assigned="app", digest="daily", quiet_from="22:00", quiet_until="07:00", in_browser="on")
    assert client.post(WISHES, wanted).status_code == 302
    row = NoticePreferences.objects.get(user=agent)
    assert (row.channels, row.digest, row.in_browser) == ({"assigned": "app"}, "daily", True)
    page = text(client, ME)
    assert '<option value="app" selected>' in page


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"quiet_from": "22:00"}, "Give both times"),
        ({"digest_time": "25:00"}, "valid time"),
        ({"way_team": "x"}, "valid"),
    ],
)
def test_what_cannot_be_kept_is_said(browser, agent, changed, said):
    answer = browser(agent).post(WISHES, choices(way_assigned="app", **changed))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert '<option value="app" selected>' in answer.content.decode()
    assert not NoticePreferences.objects.exists()


def test_out_of_office_and_back(browser, agent, home):
    other, client = people.agent(home, name="Joan Okafor"), browser(agent)
    begins = timezone.localtime() - timedelta(minutes=5)
    typed = {"starts_at": f"{begins:%Y-%m-%dT%H:%M}", "ends_at": "", "delegate": other.pk}
    assert client.post(reverse("staff:away"), typed).status_code == 302
    page = text(client, ME)
    assert "You are away." in page
    assert "Joan Okafor stands in." in page
    client.post(reverse("staff:back", args=[Absence.objects.get().pk]))
    assert "You are away." not in text(client, ME)
    wrong = client.post(reverse("staff:away"), {**typed, "ends_at": "2020-01-01T00:00"})
    assert wrong.status_code == 422
    assert f'value="{typed["starts_at"]}"' in wrong.content.decode()


def test_not_available_and_available_again(browser, agent):
    client = browser(agent)
    for wanted in (False, True):
        client.post(reverse("staff:available"), {"is_available": "on"} if wanted else {})
        assert User.objects.get(pk=agent.pk).is_available is wanted


def test_nobody_ends_the_absence_of_another(browser, agent, home):
    row = Absence.objects.create(user=people.agent(home))
    assert browser(agent).post(reverse("staff:back", args=[row.pk])).status_code == 404
