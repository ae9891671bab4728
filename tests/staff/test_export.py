"""The list of an agent as a file: at once, or by the workers when it is long."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests import factories
from tickets import blobs
from tickets.actions import exporting
from tickets.models import Export, Ticket, User

pytestmark = pytest.mark.django_db
WHERE = "/staff/export/?view=unassigned&sort=latest"


def test_a_short_list_is_sent_at_once(browser: Any, agent: User, ticket: Ticket) -> None:
    hidden = factories.ticket(subject="Of another department")
    client = browser(agent)
    assert "/staff/export/?view=unassigned" in client.get("/staff/views/unassigned/").content.decode()
    assert "Export: Unassigned" in client.get(WHERE).content.decode()
    response = client.post(WHERE, {"columns": "view"})
    text = b"".join(response).decode()
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert ticket.number in text
    assert hidden.number not in text
    assert '"Priority"' in text
    assert '"Came by"' not in text
    assert '"Came by"' in b"".join(client.post(WHERE, {"columns": "all"})).decode()


def test_a_search_too(browser: Any, agent: User, ticket: Ticket) -> None:
    response = browser(agent).post(f"/staff/export/?q={ticket.number}", {"columns": "all"})
    assert ticket.number in b"".join(response).decode()


def test_a_query_not_understood_is_refused(browser: Any, agent: User) -> None:
    response = browser(agent).post("/staff/export/?q=is:opne", {"columns": "all"}, follow=True)
    assert "not understood" in response.content.decode()
    assert not Export.objects.exists()


class TestLong:
    @pytest.fixture(autouse=True)
    def _long(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(exporting, "AT_ONCE", 0)

    @pytest.fixture
    def made(self, browser: Any, agent: User, ticket: Ticket) -> Export:
        response = browser(agent).post(WHERE, {"columns": "view"})
        assert response["Location"] == "/staff/export/"
        return Export.objects.get()

    def test_is_made_by_the_workers_for_who_asked(
        self, browser: Any, agent: User, colleague: User, ticket: Ticket, made: Export
    ) -> None:
        assert "Being made" in browser(agent).get("/staff/export/").content.decode()
        exporting.run(made.pk)
        made.refresh_from_db()
        assert (made.progress, made.rows) == (Export.State.DONE, 1)
        where = f"/staff/export/{made.pk}/"
        assert where in browser(agent).get("/staff/export/").content.decode()
        assert ticket.number in b"".join(browser(agent).get(where)).decode()
        assert browser(colleague).get(where).status_code == 404

    def test_has_what_its_owner_may_see_when_it_is_made(self, agent: User, ticket: Ticket, made: Export) -> None:
        agent.memberships.all().delete()
        exporting.run(made.pk)
        made.refresh_from_db()
        assert ticket.number not in blobs.read(made.sha256).decode()

    def test_is_made_once(self, made: Export) -> None:
        Export.objects.update(leased_until=timezone.now() + timedelta(minutes=1))
        exporting.run(made.pk)
        made.refresh_from_db()
        assert made.progress == Export.State.RUNNING

    def test_goes_on_when_its_worker_is_gone(self, made: Export, monkeypatch: pytest.MonkeyPatch) -> None:
        asked = []
        monkeypatch.setattr("tickets.tasks.run_export.delay", asked.append)
        Export.objects.update(leased_until=timezone.now() - timedelta(minutes=1))
        exporting.sweep()
        assert asked == [made.pk]

    def test_is_gone_after_a_week(self, made: Export) -> None:
        Export.objects.update(created_at=timezone.now() - timedelta(days=8), progress=Export.State.DONE)
        exporting.sweep()
        assert not Export.objects.exists()

    def test_a_list_that_is_gone_is_told(self, browser: Any, agent: User, made: Export) -> None:
        Export.objects.update(place={"view": "gone"})
        exporting.run(made.pk)
        assert "Not made" in browser(agent).get("/staff/export/").content.decode()
