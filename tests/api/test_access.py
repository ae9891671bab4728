"""Tokens and their scopes; every address refuses who has none."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone

from tests import people
from tickets.models import ApiToken

pytestmark = pytest.mark.django_db
TICKETS = [
    "", "1/", *(f"1/{verb}/" for verb in (
        "messages", "events", "sla", "reply", "note", "assign", "start", "resolve", "confirm", "close", "reopen",
        "archive", "unarchive", "tags", "snooze", "wake", "links", "tasks",
        "collaborators", "requester", "merge", "unmerge", "split", "side", "spam", "undo", "proposed", "proposed/1",
    ))
]  # fmt: skip
ADDRESSES = [f"tickets/{path}" for path in TICKETS] + ["articles/", "articles/water/", "canned/", "views/"]


def test_every_address_is_known_to_these_tests():
    found = [key for key in get_resolver("tickets.api.urls").reverse_dict if isinstance(key, str)]
    assert len(found) == len(ADDRESSES) + 2  # and schema and docs, which anybody may read


@pytest.mark.parametrize("path", ADDRESSES)
@pytest.mark.parametrize(
    "header", ["", "Bearer wrong", "Basic YTpi", "Bearer ", "Bearer \x00", "Bearer ü" + "x" * 4000]
)
def test_without_a_valid_token_nothing_is_answered(path, header):
    for method in ("get", "post", "patch"):
        answer = getattr(Client(), method)(f"/api/v1/{path}", headers={"Authorization": header} if header else {})
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Bearer")
        assert answer["Content-Type"] == "application/problem+json"


def test_expired_tokens_and_disabled_people_are_refused_at_once(calling, agent):
    past = timezone.now() - timedelta(seconds=1)
    assert calling(agent, expires_at=past).get().status_code == 401
    caller = calling(agent, expires_at=timezone.now() + timedelta(days=1))
    assert caller.get().status_code == 200
    agent.is_active = False
    agent.save()
    assert caller.get().status_code == 401


def test_a_deleted_token_is_refused(calling, agent):
    caller = calling(agent)
    caller.token.delete()
    assert caller.get().status_code == 401


@pytest.mark.parametrize("path", ADDRESSES)
def test_a_token_for_reading_changes_nothing(calling, agent, path):
    caller = calling(agent, "read")
    for method in ("post", "patch"):
        answer = getattr(caller.client, method)(
            f"/api/v1/{path}", "{}", content_type="application/json", headers=caller.headers()
        )
        assert answer.status_code in (403, 405)
    assert caller.get().status_code == 200


def test_use_is_noted_once_a_minute(calling, agent, django_assert_num_queries):
    caller = calling(agent)
    caller.get()
    first = ApiToken.objects.get().last_used_at
    assert first is not None
    caller.get()
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.update(last_used_at=first - timedelta(seconds=61))
    caller.get()
    assert ApiToken.objects.get().last_used_at > first


def test_the_secret_is_not_kept(calling, agent):
    caller = calling(agent)
    row = ApiToken.objects.values().get()
    assert caller.secret not in str(row)


def test_a_signed_in_browser_is_nobody_here(agent):
    browser = Client()
    browser.force_login(agent)
    assert browser.get("/api/v1/tickets/").status_code == 401


def test_an_admin_sees_all(calling, ticket):
    assert calling(people.admin()).get(f"{ticket.number}/").status_code == 200
