"""The desk's own mail to customers keeps to its limits, and a mailbox that runs wild is stopped without loss."""

import pytest
from django.urls import reverse
from django.utils import timezone

from tests import factories, people
from tests.mail import post
from tickets import limits
from tickets.actions import conversation
from tickets.mail import automatic, bounces, letters, reports
from tickets.models import Mailbox, OutboundEmail
from tickets.said import told

pytestmark = pytest.mark.django_db


def opened(box: Mailbox, count: int) -> None:
    """Tickets of as many different people, each with its auto-response, and all of it sent if it may be."""
    for _ in range(count):
        factories.ticket(people.customer(), box.department)
    post.settle()


def states(kind: str = "auto_response") -> dict[str, int]:
    rows = post.outgoing(kind)
    return {state: sum(row.state == state for row in rows) for state in {row.state for row in rows}}


def test_the_limits_are_those_of_the_table():
    assert automatic.PER_TICKET == [(1, 600), (3, 3600), (6, 86400)]
    assert automatic.IN_TOTAL == [(3, 600), (10, 3600), (30, 86400)]


def test_limits_survive_whatever_happens_to_the_broker(mailbox):
    ticket = factories.ticket(people.customer(), mailbox.department)
    waits = [automatic.wait_for("ana@x.example", ticket) for _ in range(3)]
    assert waits[0] == 0
    assert all(waits[1:])
    other = factories.ticket(people.customer(), mailbox.department)
    assert automatic.wait_for("ana@x.example", other)  # 3 in 10 minutes to one address, refused ones included
    assert automatic.wait_for("eva@x.example", other) == 0


def test_mail_that_follows_a_deed_is_late_but_not_lost(mailbox):
    ticket = factories.ticket(people.customer(), mailbox.department)
    waits = [automatic.wait_after_deed(ticket.requester.email, ticket) for _ in range(7)]
    assert waits[:6] == [0] * 6
    assert 0 < waits[6] <= limits.DAY


def test_a_mailbox_that_writes_too_much_is_paused(mailbox):
    boss = people.admin()
    Mailbox.objects.update(automatic_limit=5)
    opened(mailbox, 8)
    assert states() == {"sent": 5, "queued": 3}
    mailbox.refresh_from_db()
    assert mailbox.automatic_paused_at
    (told,) = post.outgoing("mailbox_paused")
    assert (told.recipient, "5 mails in 10 minutes" in post.text(post.sent(told))) == (boss.email, True)
    assert reverse("admin:tickets_mailbox_changelist") in post.text(post.sent(told))


def test_agents_are_still_heard_while_a_mailbox_is_paused(mailbox):
    agent = people.agent(mailbox.department)
    automatic.pause(mailbox, "test")
    ticket = factories.ticket(people.customer(), mailbox.department)
    conversation.reply(ticket, by=agent, body="We are on it.")
    OutboundEmail.objects.filter(kind="reply").update(next_attempt_at=timezone.now())
    post.settle()
    assert states("reply") == {"sent": 1}
    assert states() == {"queued": 1}


def test_an_admin_resumes_it_in_the_browser_and_nothing_was_lost(mailbox, client):
    Mailbox.objects.update(automatic_limit=5)
    opened(mailbox, 8)
    client.force_login(people.admin())
    page = reverse("admin:tickets_mailbox_changelist")
    assert "5 mails in 10 minutes" in client.get(page).content.decode()
    data = {"action": "resume_automatic_mail", "_selected_action": [mailbox.pk]}
    answer = client.post(page, data, follow=True).content.decode()
    assert "Automatic mail goes again" in answer
    post.settle()
    assert states() == {"sent": 8}
    mailbox.refresh_from_db()
    assert mailbox.automatic_paused_at is None
    assert "None of them was paused" in client.post(page, data, follow=True).content.decode()


def test_admins_see_a_paused_mailbox_where_mail_waits(mailbox, client):
    automatic.pause(mailbox, "7 of 20 mails came back")
    client.force_login(people.admin())
    shown = client.get(reverse("staff:mail_outgoing")).content.decode()
    assert "7 of 20 mails came back" in shown
    client.force_login(people.agent(mailbox.department))
    assert "7 of 20 mails came back" not in client.get(reverse("staff:mail_outgoing")).content.decode()


def test_a_mailbox_whose_mail_comes_back_is_paused(mailbox):
    opened(mailbox, 20)
    rows = post.outgoing("auto_response")
    for row in rows[:4]:
        bounces.mark_failed(row, reports.Recipient(row.recipient, status="5.1.1"))
    mailbox.refresh_from_db()
    assert mailbox.automatic_paused_at is None  # 4 of 20 are not more than a fifth
    bounces.mark_failed(rows[4], reports.Recipient(rows[4].recipient, status="5.1.1"))
    mailbox.refresh_from_db()
    assert told(mailbox.automatic_pause_reason) == "5 of 20 mails came back"


def test_links_that_people_ask_for_are_not_automatic_mail(mailbox):
    automatic.pause(mailbox, "test")
    row = OutboundEmail.objects.create(
        kind="account", recipient="ana@x.example", mailbox=mailbox, rfc_message_id="<1@desk.example>"
    )
    assert not automatic.is_held(row, timezone.now())
    assert letters.sender_address(row) == mailbox.address


def test_addresses_that_differ_after_a_plus_are_one_mailbox(mailbox):
    for number in range(5):
        post.arrive(post.raw(sender=f"victim+{number}@customers.example"))
    post.settle()
    assert len(post.outgoing("auto_response")) == 3
