"""How agents hear of things: in the workspace, by mail, together, later, or not at all."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connections
from django.utils import timezone

from tests import factories, people
from tests.mail import post
from tickets import digests, notices, notifications
from tickets.actions import assignment, attendance, conversation
from tickets.mail import letters
from tickets.models import SYSTEM, Absence, Notice, NoticePreferences, OutboundEmail, TicketEvent, User
from tickets.refusals import Invalid

pytestmark = pytest.mark.django_db
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def department():
    return factories.department()


@pytest.fixture
def agent(department):
    return people.agent(department, time_zone="Europe/Berlin")


def assigned(department, agent, by=SYSTEM):
    ticket = assignment.assign(factories.ticket(department=department, auto_response=False), by=by, agent=agent)
    handle()
    return ticket


def handle() -> None:
    for pk in TicketEvent.objects.unhandled().values_list("pk", flat=True):
        notifications.handle(pk)


def mails(agent) -> list[OutboundEmail]:
    return list(OutboundEmail.objects.filter(recipient=agent.email).order_by("pk"))


def unread(agent) -> tuple[int, int]:
    """What the counter says, and what is there."""
    return User.objects.get(pk=agent.pk).unread_notices, agent.notices.filter(read_at__isnull=True).count()


class TestWays:
    @pytest.mark.parametrize(
        ("way", "shown", "mailed"), [("both", 1, 1), ("app", 1, 0), ("mail", 0, 1), ("none", 0, 0)]
    )
    def test_each_way_does_what_it_says(self, department, agent, way, shown, mailed):
        attendance.set_notices(agent, channels={"assigned": way})
        assigned(department, agent)
        assert (unread(agent), len(mails(agent))) == ((shown, shown), mailed)

    def test_without_a_wish_both(self, department, agent):
        ticket = assigned(department, agent)
        assert unread(agent) == (1, 1)
        assert notices.shown_to(agent).get().event.ticket == ticket
        assert [row.kind for row in mails(agent)] == ["assigned"]

    def test_a_wish_is_for_one_group(self, department, agent):
        attendance.set_notices(agent, channels={"assigned": "none"})
        ticket = assigned(department, agent)
        conversation.receive(ticket, by=ticket.requester, body="Well?", source="web")
        handle()
        assert [row.kind for row in mails(agent)] == ["received"]

    def test_what_one_did_oneself_is_no_notice(self, department, agent):
        assigned(department, agent, by=agent)
        assert unread(agent) == (0, 0)

    def test_customers_have_none(self, department, agent):
        factories.ticket(department=department)
        handle()
        assert not Notice.objects.exists()
        assert OutboundEmail.objects.get().kind == "auto_response"

    def test_every_notice_to_agents_has_a_group(self):
        to_agents = {name for name, kind in letters.KINDS.items() if kind.role in ("agent", "note")}
        assert {name for name in to_agents if notices.group_of(name) == "other"} == set()
        assert set(map(notices.group_of, letters.KINDS)) <= set(notices.GROUPS)

    def test_an_event_handled_again_counts_once(self, department, agent):
        assigned(department, agent)
        TicketEvent.objects.update(handled_at=None)
        handle()
        assert unread(agent) == (1, 1)

    def test_who_is_away_is_not_told_but_the_delegate(self, department, agent):
        other = people.agent(department)
        ticket = assigned(department, agent)
        Absence.objects.create(user=agent, delegate=other, starts_at=timezone.now() - timedelta(minutes=1))
        conversation.receive(ticket, by=ticket.requester, body="Well?", source="web")
        handle()
        assert (unread(agent), unread(other)) == ((1, 1), (1, 1))
        assert [row.kind for row in mails(other)] == ["received"]

    @pytest.mark.parametrize(
        "wrong",
        [{"channels": {"assigned": "pigeon"}}, {"channels": {"x": "app"}}, {"channels": {}, "quiet_from": time(9)}],
    )
    def test_what_does_not_exist_is_refused(self, agent, wrong):
        with pytest.raises(Invalid):
            attendance.set_notices(agent, **wrong)


class TestReading:
    def test_all_at_once(self, department, agent):
        for _ in range(3):
            assigned(department, agent)
        assert notices.read(agent) == 3
        assert unread(agent) == (0, 0)

    def test_of_one_ticket(self, department, agent):
        first, _second = assigned(department, agent), assigned(department, agent)
        assert notices.read(agent, ticket=first) == 1
        assert unread(agent) == (1, 1)

    def test_of_tickets_that_are_not_theirs_any_more_nothing_is_shown(self, department, agent):
        ticket = assigned(department, agent)
        assignment.assign(ticket, by=SYSTEM, agent=None)
        agent.memberships.all().delete()
        assert not notices.shown_to(User.objects.get(pk=agent.pk)).exists()


@pytest.mark.django_db(transaction=True)
def test_events_at_the_same_moment_are_all_counted(department):
    crew = [people.agent(department) for _ in range(3)]
    team = people.team(*crew)
    for _ in range(6):
        assignment.hand_to_team(factories.ticket(department=department, auto_response=False), by=SYSTEM, team=team)
    pks = list(TicketEvent.objects.filter(kind="team_changed").values_list("pk", flat=True))

    def work(number: int) -> None:
        try:
            for pk in pks[number::3]:
                notifications.handle(pk)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, range(3)))
    assert [unread(one) for one in crew] == [(6, 6)] * 3


class TestQuietTimes:
    NIGHT = {"quiet_from": time(22), "quiet_until": time(7)}

    @pytest.mark.parametrize(
        ("hour", "until"), [(23, (2, 7)), (3, (1, 7)), (7, None), (12, None), (22, (2, 7)), (21, None)]
    )
    def test_over_midnight(self, agent, hour, until):
        now = datetime(2026, 3, 1, hour, 0, tzinfo=BERLIN)
        found = notices.quiet_until(NoticePreferences(user=agent, **self.NIGHT), agent, now)
        assert found == (datetime(2026, 3, until[0], until[1], tzinfo=BERLIN) if until else None)

    def test_by_day(self, agent):
        wish = NoticePreferences(user=agent, quiet_from=time(9), quiet_until=time(17))
        noon = datetime(2026, 3, 1, 12, tzinfo=BERLIN)
        assert notices.quiet_until(wish, agent, noon) == datetime(2026, 3, 1, 17, tzinfo=BERLIN)
        assert notices.quiet_until(wish, agent, noon + timedelta(hours=6)) is None

    def test_mails_wait_and_the_workspace_does_not(self, department, agent):
        now = timezone.now().astimezone(BERLIN)
        begin, end = (now - timedelta(hours=1)).time(), (now + timedelta(hours=1)).time().replace(second=0)
        attendance.set_notices(agent, channels={}, quiet_from=begin, quiet_until=end)
        assigned(department, agent)
        (mail,) = mails(agent)
        assert mail.next_attempt_at > timezone.now() + timedelta(minutes=50)
        assert unread(agent) == (1, 1)


class TestDigests:
    def test_the_next_hour_or_morning(self, agent):
        now = datetime(2026, 3, 1, 9, 20, tzinfo=BERLIN)
        hourly = NoticePreferences(user=agent, digest="hourly")
        daily = NoticePreferences(user=agent, digest="daily", digest_time=time(8))
        assert notices.digest_at(hourly, agent, now) == datetime(2026, 3, 1, 10, tzinfo=BERLIN)
        assert notices.digest_at(daily, agent, now) == datetime(2026, 3, 2, 8, tzinfo=BERLIN)
        hourly.quiet_from, hourly.quiet_until = time(9), time(17)
        assert notices.digest_at(hourly, agent, now) == datetime(2026, 3, 1, 17, tzinfo=BERLIN)

    def test_the_clocks_go_forward(self, agent):
        daily = NoticePreferences(user=agent, digest="daily", digest_time=time(8))
        found = notices.digest_at(daily, agent, datetime(2026, 3, 28, 12, tzinfo=BERLIN))
        assert found.astimezone(UTC) == datetime(2026, 3, 29, 6, tzinfo=UTC)

    def test_one_mail_tells_of_all(self, department, agent, settings, tmp_path):
        settings.OUTBOX_DIR = tmp_path
        attendance.set_notices(agent, channels={}, digest="hourly")
        tickets = [assigned(department, agent) for _ in range(3)]
        assert (mails(agent), digests.sweep(), unread(agent)) == ([], 0, (3, 3))
        Notice.objects.update(mail_at=timezone.now())
        assert (digests.sweep(), digests.sweep()) == (1, 0)
        post.settle()
        text = post.text(post.sent(mails(agent)[0]))
        assert all(f"#{ticket.number}" in text for ticket in tickets)
        assert text.count("assigned this to") == 3

    def test_what_was_read_meanwhile_is_left_out(self, department, agent):
        attendance.set_notices(agent, channels={}, digest="hourly")
        assigned(department, agent)
        notices.read(agent)
        Notice.objects.update(mail_at=timezone.now())
        assert (digests.sweep(), mails(agent)) == (0, [])

    def test_by_mail_only_is_no_notice_of_the_workspace(self, department, agent):
        attendance.set_notices(agent, channels={"assigned": "mail"}, digest="daily")
        assigned(department, agent)
        assert unread(agent) == (0, 0)
        Notice.objects.update(mail_at=timezone.now())
        assert digests.sweep() == 1
        assert mails(agent)[0].context["count"] == 1


class TestAbsences:
    def test_back_from_one_and_off_a_planned_one(self, agent):
        now = timezone.now()
        running = attendance.go_away(agent, starts_at=now, ends_at=None, delegate=None)
        planned = attendance.go_away(agent, starts_at=now + timedelta(days=9), ends_at=None, delegate=None)
        assert attendance.come_back(agent, running.pk)
        assert attendance.come_back(agent, planned.pk)
        assert Absence.objects.get().ends_at <= timezone.now()
        assert not attendance.come_back(people.agent(), running.pk)

    def test_nonsense_is_refused(self, agent):
        now = timezone.now()
        for wrong in ({"ends_at": now - timedelta(days=1)}, {"delegate": agent}, {"delegate": people.customer()}):
            with pytest.raises(Invalid):
                attendance.go_away(agent, **{"starts_at": now, "ends_at": None, "delegate": None, **wrong})
