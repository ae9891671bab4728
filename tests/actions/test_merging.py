"""Merging points from one ticket to another, and can be taken apart without a trace."""

from __future__ import annotations

import pytest

from tests import factories, people
from tickets import merged, queries, timeline
from tickets.actions import conversation, lifecycle, merging
from tickets.models import Ticket
from tickets.refusals import IllegalTransition, Invalid, NotAllowed

pytestmark = pytest.mark.django_db
STATES = ["new", "open", "in_progress", "resolved", "closed", "reopened"]


@pytest.fixture
def home():
    return factories.department()


@pytest.fixture
def agent(home):
    return people.agent(home)


@pytest.fixture
def target(home, agent):
    return factories.ticket_in("open", agent, department=home, body="The target.")


@pytest.fixture
def source(home):
    return factories.ticket(department=home, body="The source.")


def fresh(ticket):
    return Ticket.objects.get(pk=ticket.pk)


def columns(ticket):
    row = Ticket.objects.filter(pk=ticket.pk).values().get()
    return {name: value for name, value in row.items() if name not in ("updated_at", "search", "next_breach_at")}


def bodies(ticket, viewer=None):
    found = merged.readable(fresh(ticket), viewer) if viewer else merged.messages(fresh(ticket))
    return list(found.order_by("pk").values_list("body", flat=True))


@pytest.mark.parametrize("state", STATES)
def test_taken_apart_both_are_as_they_were(state, home, agent, target):
    source = factories.ticket_in(state, agent, department=home)
    before = columns(source), columns(target)
    merging.merge(target, by=agent, sources=[source])
    assert (fresh(source).state, fresh(source).merged_into_id) == ("closed", target.pk)
    merging.unmerge(fresh(source), by=agent)
    after = columns(source), columns(target)
    moved = {"due_at", "first_response_due_at", "next_response_due_at", "resolution_due_at"}
    for was, now in zip(before, after, strict=True):
        assert {k: v for k, v in now.items() if k not in moved} == {k: v for k, v in was.items() if k not in moved}
    assert not target.followers.exists()
    assert list(source.events.values_list("kind", flat=True))[-2:] == ["merged", "unmerged"]


def test_the_thread_shows_both_in_the_order_of_time(target, source, agent):
    conversation.note(target, by=agent, body="Same printer.")
    merging.merge(target, by=agent, sources=[source])
    conversation.reply(target, by=agent, body="We come.")
    assert bodies(target) == ["The target.", "The source.", "Same printer.", "We come."]
    shown = [item.body for item in timeline.page(fresh(target), agent).items if hasattr(item, "body")]
    assert shown == ["The target.", "The source.", "Same printer.", "We come."]


def test_customers_read_only_where_they_take_part(target, source, agent):
    merging.merge(target, by=agent, sources=[source])
    conversation.reply(target, by=agent, body="We come.")
    assert bodies(target, target.requester) == ["The target.", "We come."]
    assert bodies(target, source.requester) == ["The source.", "We come."]


def test_one_person_with_two_tickets_reads_both(home, agent, target):
    twin = factories.ticket(target.requester, home, body="Once more.")
    merging.merge(target, by=agent, sources=[twin])
    assert bodies(target, target.requester) == ["The target.", "Once more."]
    assert not target.followers.exists()


def test_what_the_customer_writes_on_a_merged_ticket_lands_on_the_target(target, source, agent):
    merging.merge(target, by=agent, sources=[source])
    message = conversation.receive(source, by=source.requester, body="And mine?", source="web")
    assert message.ticket_id == target.pk
    assert fresh(target).last_message_preview == "And mine?"
    merging.unmerge(fresh(source), by=agent)
    assert conversation.receive(source, by=source.requester, body="Again", source="web").ticket_id == source.pk


def test_roles_are_kept(target, source, agent):
    reading = people.customer()
    source.followers.create(user=reading, role="view")
    merging.merge(target, by=agent, sources=[source])
    assert dict(target.followers.values_list("user", "role")) == {source.requester_id: "reply", reading.pk: "view"}


def test_counts_and_list_columns_are_right_at_once(home, agent):
    early = factories.age(factories.ticket(department=home, body="Early."), hours=2)
    late = factories.ticket_in("in_progress", agent, department=home)
    assert fresh(late).waiting_since is None
    merging.merge(late, by=agent, sources=[early])
    now = fresh(late)
    assert (now.message_count, now.merged_count, now.waiting_since) == (3, 1, fresh(early).created_at)
    assert queries.counts(agent, [home])["all-open"] == 1
    assert fresh(early).due_at is None


def test_several_at_once_and_chains(home, agent, target, source):
    others = [factories.ticket(department=home, body=f"Other {number}.") for number in range(2)]
    merging.merge(source, by=agent, sources=others)
    merging.merge(target, by=agent, sources=[source])
    assert fresh(target).merged_count == 3
    assert bodies(target) == ["The target.", "The source.", "Other 0.", "Other 1."]
    assert merged.target_of(fresh(others[0])) == target
    merging.unmerge(fresh(others[0]), by=agent)
    assert (fresh(target).merged_count, fresh(source).merged_count) == (2, 1)
    assert conversation.receive(others[1], by=others[1].requester, body="Hi", source="web").ticket_id == target.pk


def test_circles_are_refused(target, source, agent):
    with pytest.raises(Invalid, match="itself"):
        merging.merge(target, by=agent, sources=[target])
    merging.merge(target, by=agent, sources=[source])
    with pytest.raises(IllegalTransition):
        merging.merge(source, by=agent, sources=[target])
    with pytest.raises(IllegalTransition):
        merging.merge(target, by=agent, sources=[source])


def test_all_or_none(target, source, agent):
    with pytest.raises(NotAllowed):
        merging.merge(target, by=agent, sources=[source, factories.ticket()])
    assert fresh(source).merged_into_id is None


def test_across_departments_it_takes_both_rights(target, home, agent):
    away = factories.department()
    there = factories.ticket(department=away)
    with pytest.raises(NotAllowed):
        merging.merge(target, by=agent, sources=[there])
    both = people.agent(home, away)
    merging.merge(target, by=both, sources=[there])
    with pytest.raises(NotAllowed):
        merging.unmerge(fresh(there), by=people.agent(away))
    merging.unmerge(fresh(there), by=both)


def test_nothing_goes_into_a_closed_ticket(home, agent, source):
    closed = factories.ticket_in("closed", agent, department=home)
    with pytest.raises(Invalid, match="Reopen"):
        merging.merge(closed, by=agent, sources=[source])


def test_a_merged_ticket_only_points(target, source, agent):
    merging.merge(target, by=agent, sources=[source])
    for verb in (lambda: lifecycle.reopen(source, by=agent), lambda: conversation.note(source, by=agent, body="x")):
        with pytest.raises(IllegalTransition):
            verb()


def test_who_was_there_before_stays_when_it_is_taken_apart(target, source, agent):
    target.followers.create(user=source.requester)
    merging.merge(target, by=agent, sources=[source])
    merging.unmerge(fresh(source), by=agent)
    assert target.followers.filter(user=source.requester).exists()
