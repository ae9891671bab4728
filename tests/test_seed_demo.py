"""The demo desk has to be true: what the lists and clocks show follows from the messages and events below them."""

from __future__ import annotations

import json
import stat
from collections import Counter
from datetime import UTC, datetime, timedelta
from importlib import import_module

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import F

from staff.macros import preview
from tickets import canned, sla
from tickets.demo import planning, seeding
from tickets.demo.replay import Tale
from tickets.models import (
    ApiToken,
    Article,
    ArticleText,
    BusinessHours,
    CannedResponse,
    Department,
    Desk,
    HelpTopic,
    Mailbox,
    Message,
    OutboundEmail,
    Rule,
    RuleRun,
    SlaPause,
    Ticket,
    TicketEvent,
    User,
)
from tickets.states import State

pytestmark = pytest.mark.xdist_group("seed_demo")
shipped = import_module("tickets.migrations.0002_desk")
NOW = datetime(2026, 3, 11, 14, 20, tzinfo=UTC)  # a Wednesday afternoon
MOMENTS = [
    "created_at", "updated_at", "first_response_at", "resolved_at", "closed_at", "reopened_at", "archived_at",
    "last_message_at", "waiting_since", "sla_started_at",
]  # fmt: skip


@pytest.fixture(scope="module")
def seeded(django_db_setup, django_db_blocker):
    """One desk for all tests here: they only read it, and it is rolled back after the last."""
    with django_db_blocker.unblock(), transaction.atomic():
        shipped.add_defaults(apps, None)  # tests that commit have emptied every table behind them
        yield seeding.seed_demo(now=NOW)
        transaction.set_rollback(True)


def test_the_company_is_there(seeded):
    assert Desk.current().name == "Northwind Help"
    assert (Department.objects.count(), HelpTopic.objects.count(), BusinessHours.objects.count()) == (3, 8, 2)
    assert all(hours.holidays.filter(date__year=NOW.year).exists() for hours in BusinessHours.objects.all())
    assert User.objects.filter(is_agent=True, is_superuser=False).count() == 6
    assert User.objects.filter(is_agent=False).count() == 40
    assert User.objects.filter(is_superuser=True).count() == 1
    assert {box.address.partition("@")[0] for box in Mailbox.objects.all()} == {"support", "billing", "facilities"}
    assert all(department.mailbox_id for department in Department.objects.all())


def test_tickets_stand_in_every_state(seeded):
    states = Counter(Ticket.objects.values_list("state", flat=True))
    assert seeded.tickets == sum(states.values()) >= 300
    assert set(states) == set(State.values)
    assert Ticket.objects.filter(archived_at__isnull=False).count() >= 5
    assert 0.15 < Ticket.objects.active().count() / seeded.tickets < 0.4


def test_open_tickets_have_different_subjects(seeded):
    subjects = Ticket.objects.filter(state__in=[State.NEW, State.OPEN]).values_list("subject", flat=True)
    assert len(set(subjects)) == len(subjects)


def test_nothing_happens_in_the_future_and_all_within_two_months(seeded):
    for name in MOMENTS:
        assert not Ticket.objects.filter(**{f"{name}__gt": NOW}).exists(), name
    assert not Message.objects.filter(created_at__gt=NOW).exists()
    assert not TicketEvent.objects.filter(created_at__gt=NOW).exists()
    oldest = Ticket.objects.order_by("created_at").values_list("created_at", flat=True)[0]
    assert timedelta(days=45) < NOW - oldest < timedelta(days=75)
    assert Ticket.objects.filter(created_at__gte=NOW - timedelta(hours=3)).exists()


def test_messages_follow_each_other_and_begin_with_the_ticket(seeded):
    for ticket in Ticket.objects.prefetch_related("messages"):
        moments = [message.created_at for message in ticket.messages.all()]
        assert moments == sorted(moments)
        assert abs(moments[0] - ticket.created_at) < timedelta(seconds=30)


def test_agents_answer_in_working_hours(seeded):
    replies = Message.objects.filter(kind=Message.Kind.REPLY).values_list("created_at", flat=True)
    minute = timedelta(minutes=1)
    assert all(planning.working_between(planning.AGENTS_WORK, at - minute, at + minute) for at in replies)


def test_list_columns_tell_what_the_messages_say(seeded):
    for ticket in Ticket.objects.prefetch_related("messages", "tags"):
        messages = list(ticket.messages.all())
        last = [message for message in messages if message.kind != Message.Kind.NOTE][-1]
        assert ticket.message_count == len(messages)
        assert ticket.last_message_at == last.created_at
        assert (ticket.last_message_kind, ticket.last_message_by) == (last.kind, last.author_name)
        assert ticket.tag_names == sorted(tag.name for tag in ticket.tags.all())


def test_first_response_is_the_first_reply(seeded):
    for ticket in Ticket.objects.filter(first_response_at__isnull=False):
        first = ticket.messages.filter(kind=Message.Kind.REPLY).first()
        assert first is not None
        assert abs(first.created_at - ticket.first_response_at) < timedelta(seconds=30)


def test_deadlines_are_those_of_the_clock(seeded):
    """Stamping again from the stored truth changes nothing."""
    for ticket in Ticket.objects.active().select_related("sla_policy"):
        before = (ticket.due_at, ticket.next_breach_at, ticket.resolution_due_at)
        sla.stamp(ticket)
        assert before == (ticket.due_at, ticket.next_breach_at, ticket.resolution_due_at), ticket
    assert not Ticket.objects.active().filter(sla_policy=None).exists()


def test_some_are_overdue_some_due_soon_some_paused(seeded):
    active = Ticket.objects.active()
    assert 3 <= active.filter(due_at__lte=NOW).count() < active.count() / 2
    assert active.filter(due_at__range=(NOW, NOW + timedelta(hours=24))).count() >= 3
    paused = active.filter(status__pauses_sla=True)
    assert paused.count() >= 8
    assert set(paused.values_list("pk", flat=True)) == set(
        SlaPause.objects.filter(ended_at=None).values_list("ticket", flat=True)
    )
    assert not paused.filter(due_at__isnull=False).exists()


def test_every_breach_is_on_record(seeded):
    for name, label in (("first_response", "First response"), ("resolution", "Resolution")):
        late = Ticket.objects.filter(**{f"{name}_breached_at__isnull": False})
        assert not late.exclude(**{f"{name}_breached_at": F(f"{name}_due_at")}).exists()
        told = TicketEvent.objects.filter(kind="sla_breach", data__target=label).values_list("ticket", flat=True)
        assert set(told) == set(late.values_list("pk", flat=True))


def test_resolved_tickets_close_by_themselves_later(seeded):
    for ticket in Ticket.objects.filter(state=State.RESOLVED).select_related("department"):
        assert ticket.auto_close_at == ticket.resolved_at + timedelta(days=ticket.department.auto_close_days)
        assert ticket.auto_close_at > NOW
    assert TicketEvent.objects.filter(kind="closed_quiet").exists()


def test_nothing_is_left_for_a_worker(seeded):
    assert not TicketEvent.objects.unhandled().exists()
    mails = OutboundEmail.objects.all()
    assert mails.exists()
    assert not mails.exclude(state=OutboundEmail.State.SENT, next_attempt_at=None, sent_at__isnull=False).exists()
    assert not mails.filter(sent_at__gt=NOW + timedelta(minutes=1)).exists()
    assert connection.run_on_commit == []


def test_the_people_shown_can_sign_in_and_have_work(seeded):
    assert set(seeded.accounts) == {"admin", "agent", "agent2", "customer"}
    for account in seeded.accounts.values():
        person = User.objects.get(email=account["email"])
        assert person.check_password(account["password"])
        assert EmailAddress.objects.filter(user=person, verified=True, primary=True).exists()
    agent = User.objects.get(email=seeded.accounts["agent"]["email"])
    assert agent.name == "Ana Moreira"
    assert Ticket.objects.active().filter(assignee=agent).exists()
    customer = User.objects.get(email=seeded.accounts["customer"]["email"])
    assert set(customer.requested_tickets.values_list("state", flat=True)) == set(State.values)


def test_the_token_is_the_admins(seeded):
    token = ApiToken.objects.get(digest=ApiToken.digest_of(seeded.api_token))
    assert token.scope == ApiToken.Scope.ADMIN
    assert token.user.is_superuser


def test_a_desk_in_use_is_left_alone(seeded):
    with pytest.raises(seeding.NotEmpty):
        seeding.seed_demo()
    with pytest.raises(CommandError, match="in use already"):
        call_command("seed_demo")


def test_the_command_writes_the_sign_ins_for_their_owner_only(db, tmp_path, capsys, monkeypatch):
    fates = tuple(planning.Fate(fate.name, 1, fate.latest, fate.earliest) for fate in planning.FATES)
    monkeypatch.setattr(planning, "FATES", fates)  # ten tickets will do
    file = tmp_path / "accounts.json"
    call_command("seed_demo", accounts_json=file)
    written = json.loads(file.read_text())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert set(written) == {"accounts", "api_token"}
    printed = capsys.readouterr().out
    assert all(account["password"] in printed for account in written["accounts"].values())


@pytest.mark.parametrize("now", [NOW, datetime(2026, 1, 1, 3, 0, tzinfo=UTC), datetime(2026, 8, 2, 23, 59, tzinfo=UTC)])
def test_a_plan_fits_every_day_and_hour(now):
    from random import Random

    plans = planning.plan_tickets(now, Random(1))
    assert len(plans) == sum(fate.count for fate in planning.FATES)
    assert plans == planning.plan_tickets(now, Random(1))
    for plan in plans:
        moments = [plan.opened, *(beat.at for beat in plan.beats)]
        assert moments == sorted(moments)
        assert moments[-1] <= now


def test_a_tale_moves_what_was_written_to_the_planned_moment():
    tale = Tale()
    tale.now_is(NOW)
    first = tale._real[-1]
    tale.now_is(NOW + timedelta(hours=3))
    second = tale._real[-1]
    assert tale.told(first) == NOW
    assert tale.told(second + timedelta(milliseconds=5)) == NOW + timedelta(hours=3, milliseconds=5)


def test_the_knowledge_base_is_filled_and_one_article_is_for_agents(seeded) -> None:
    assert Article.objects.published().filter(audience="public").count() >= 5
    assert Article.objects.filter(audience="internal").count() == 1
    assert not ArticleText.objects.filter(summary="").exists()


def test_responses_and_rules_are_there_and_read_well_on_a_ticket(seeded) -> None:
    agent = User.objects.get(email=seeded.accounts["agent"]["email"])
    assert canned.keeps_any(agent)
    ticket = Ticket.objects.filter(department__slug="support", state=State.OPEN, requester__name__gt="").first()
    offered = canned.filled(canned.offered(ticket, agent), ticket, agent)
    assert len(offered) >= 4
    assert not [one.problem for one in offered if one.problem]
    assert all("{" not in one.text for one in offered)
    assert all(CannedResponse.objects.filter(department__slug=slug).exists() for slug in ("support", "billing"))
    kinds = Counter(Rule.objects.active().values_list("kind", flat=True))
    assert kinds == {"macro": 3, "trigger": 1, "automation": 1}
    assert not RuleRun.objects.exists()
    for macro in Rule.objects.filter(kind="macro"):
        assert not [one for one in preview(ticket, agent, macro)["effects"] if one["refused"]], macro
