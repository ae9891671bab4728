"""Filters: before there is a ticket, whichever way the request comes."""

from __future__ import annotations

import pytest

from tests import factories, people
from tests.automation.making import fresh, handled, leaf, rule, tag
from tests.mail import post
from tickets.actions import conversation, intake
from tickets.mail import inbound
from tickets.models import ApiToken, InboundEmail, OutboundEmail, Rule, RuleCheck, RuleRun, Ticket, User
from tickets.refusals import Filtered
from tickets.states import State

pytestmark = pytest.mark.django_db


def sifting(name: str, conditions, *effects, **more) -> Rule:
    return rule("filter", name, conditions, *effects, **more)


@pytest.fixture
def desk():
    department = factories.department("Support")
    return department, factories.mailbox(department, address="support@desk.example")


def mail(subject: str = "Hello", sender: str = "grace@customers.example", **headers: str) -> InboundEmail:
    lines = [f"From: Grace <{sender}>", "To: support@desk.example", f"Subject: {subject}", "Message-ID: <1@x.example>"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return post.arrive("\r\n".join([*lines, "", "Please help."]).encode(), "support@desk.example")


def test_a_filter_reroutes_sets_and_tags_before_anything_is_written(desk):
    finance, team = factories.department("Finance"), people.team()
    made = sifting(
        "Bills", leaf("subject", "contains", "invoice"), {"do": "transfer", "department": finance.pk},
        {"do": "hand_to_team", "team": team.pk}, {"do": "set_priority", "value": 4}, tag("Bill "),
    )  # fmt: skip
    ticket = factories.ticket(department=desk[0], subject="My invoice")
    row = fresh(ticket)
    assert (row.department, row.team, row.priority, row.tag_names) == (finance, team, 4, ["bill"])
    assert [one.name for one in row.tags.all()] == ["bill"]
    assert row.state == State.OPEN
    run = RuleRun.objects.get()
    assert (run.rule, run.ticket, run.event.kind) == (made, row, "opened")
    assert run.effects[0]["changes"]["department"] == [desk[0].pk, finance.pk]
    assert not row.events.filter(kind="priority_changed").exists()


def test_the_auto_response_can_be_left_out(desk):
    sifting("Quiet", leaf("requester_domain", "is", "robots.example"), {"do": "no_auto_response"})
    for address in ("a@robots.example", "b@people.example"):
        factories.ticket(people.customer(email=address), desk[0])
    handled()
    assert [row.recipient for row in OutboundEmail.objects.filter(kind="auto_response")] == ["b@people.example"]


def test_a_refused_request_opens_nothing_and_says_why(desk):
    sifting("No ads", leaf("body", "matches", r"\bviagra\b"), {"do": "reject", "reason": "We take no advertising."})
    with pytest.raises(Filtered, match="no advertising"):
        factories.ticket(department=desk[0], body="Buy VIAGRA now")
    assert not Ticket.objects.exists()
    assert RuleRun.objects.get().rule_name == "No ads"
    assert factories.ticket(department=desk[0], body="Viagrants are something else")


def test_mail_is_held_back_by_a_filter_and_can_be_released(desk):
    sifting("Lists", leaf("headers.x-campaign", "not_empty"), {"do": "reject", "reason": "No lists."})
    row = mail(X_Campaign="spring")
    assert (row.state, row.reason) == ("suspended", "filtered")
    assert "No lists." in row.detail
    assert (Ticket.objects.count(), RuleRun.objects.count()) == (0, 1)
    inbound.release(row.pk, by=people.admin())
    row.refresh_from_db()
    assert row.state == "applied"
    assert row.ticket.subject == "Hello"


def test_mail_is_told_by_its_headers(desk):
    sifting("Loud", leaf("headers.x-priority", "begins", "1"), {"do": "set_priority", "value": 4})
    sifting("To us", leaf("mail_to", "contains", "support@desk.example"), tag("us"))
    row = mail(X_Priority="1 (Highest)")
    assert (row.ticket.priority, row.ticket.tag_names) == (4, ["us"])


def test_the_portal_and_the_interface_ask_the_same_filters(desk, client):
    sifting("No", leaf("subject", "is", "spam"), {"do": "reject", "reason": "We do not take this."})
    customer = people.customer()
    token = ApiToken(name="t", user=customer, scope="write")
    secret = token.set_new_secret()
    token.save()
    answer = client.post(
        "/api/v1/tickets/", {"subject": "Spam", "body": "Hello"}, content_type="application/json",
        headers={"Authorization": f"Bearer {secret}"},
    )  # fmt: skip
    assert 400 <= answer.status_code < 500
    assert "We do not take this." in answer.content.decode()
    with pytest.raises(Filtered):
        intake.open_ticket(by=customer, requester=customer, subject="SPAM", body="Hello", source="api")
    assert not Ticket.objects.exists()


def test_a_filter_whose_team_is_gone_is_switched_off_and_the_ticket_comes(desk):
    team = people.team()
    made = sifting("Night", {}, {"do": "hand_to_team", "team": team.pk}, tag("night"))
    team.delete()
    ticket = factories.ticket(department=desk[0])
    assert (fresh(ticket).team, fresh(ticket).tag_names) == (None, ["night"])
    made.refresh_from_db()
    assert not made.is_enabled


def test_filters_stop_and_are_ordered(desk):
    sifting("One", {}, tag("one"), stops_after=True)
    sifting("Two", {}, tag("two"))
    assert fresh(factories.ticket(department=desk[0])).tag_names == ["one"]
    assert [came for _pk, _version, came in RuleCheck.objects.get().asked] == ["matched", "skipped"]


def test_who_opens_it_can_be_asked(desk):
    sifting("By agents", leaf("actor", "is", "agent"), tag("agent"))
    agent = people.agent(desk[0])
    assert fresh(factories.ticket(department=desk[0], by=agent)).tag_names == ["agent"]
    customer = people.customer()
    assert fresh(factories.ticket(customer, desk[0], by=customer)).tag_names == []
    assert User.objects.count() >= 2


def test_the_record_of_a_refused_request_outlives_it(desk, client):
    """Also where the request is undone as a whole: a ticket that an agent opens for somebody, or the API."""
    sifting("No crypto", leaf("subject", "contains", "crypto"), {"do": "reject", "reason": "Not here."})
    agent = people.agent(desk[0])
    client.force_login(agent, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.post(
        "/staff/tickets/new/",
        {"email": "new@customers.example", "name": "New", "subject": "Crypto", "body": "Buy", "source": "phone",
         "department": desk[0].pk, "priority": 2},
    )  # fmt: skip
    assert (answer.status_code, "Not here." in answer.content.decode()) == (400, True)
    assert (RuleCheck.objects.count(), RuleRun.objects.count()) == (1, 1)
    assert not User.objects.filter(email="new@customers.example").exists()
    token = ApiToken(name="t", user=agent, scope="write")
    secret = token.set_new_secret()
    token.save()
    for key in ({}, {"Idempotency-Key": "once"}):
        headers = {"Authorization": f"Bearer {secret}", **key}
        said = {"subject": "Crypto", "body": "Buy", "requester": {"email": "new@customers.example"}}
        answer = client.post("/api/v1/tickets/", said, content_type="application/json", headers=headers)
        assert "Not here." in answer.content.decode()
    assert (RuleCheck.objects.count(), RuleRun.objects.count()) == (3, 3)


def test_a_follow_up_is_refused_with_a_record_and_comes_when_it_is_released(desk):
    ticket = factories.ticket_in(State.CLOSED, people.admin(), department=desk[0], subject="Crypto")
    Ticket.objects.filter(pk=ticket.pk).update(closed_at="2020-01-01T00:00Z")
    sifting("No crypto", leaf("subject", "contains", "crypto"), {"do": "reject", "reason": "Not here."})
    given = {"by": fresh(ticket).requester, "body": "Again", "source": "email"}
    with pytest.raises(Filtered):
        conversation.receive(fresh(ticket), **given)
    assert (RuleCheck.objects.filter(ticket=None).count(), RuleRun.objects.count()) == (1, 1)
    message = conversation.receive(fresh(ticket), **given, is_released=True)
    assert message.ticket.follow_up_of == ticket
