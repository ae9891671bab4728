"""The mail log: what is where and why, who may see it, and what an agent can do about it."""

from __future__ import annotations

import html
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests import factories, people
from tests.mail import post
from tickets import signing
from tickets.mail import reasons
from tickets.models import BlockedSender, InboundEmail, OutboundEmail, Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def box(home):
    return factories.mailbox(home, address="support@desk.example")


@pytest.fixture
def machine(box) -> InboundEmail:
    """A machine's mail that belongs to no ticket: held back."""
    return post.arrive(post.raw(sender="Shop <no-reply@shop.example>", subject="Your <b>order</b>"))


def page(browser, who, name="mail", *args, **query):
    return browser(who).get(reverse(f"staff:{name}", args=args), query).content.decode()


def act(browser, who, name, mail, **data):
    return browser(who).post(reverse(f"staff:mail_{name}", args=[mail.pk]), data)


def test_what_is_held_back_stands_there_with_its_reason(browser, agent, outsider, machine):
    shown = page(browser, agent)
    assert "no-reply@shop.example" in shown
    assert "Your &lt;b&gt;order&lt;/b&gt;" in shown
    assert str(reasons.REASONS["auto_mailer"]) in shown
    assert "no-reply@shop.example" not in page(browser, outsider)
    assert "no-reply@shop.example" not in page(browser, agent, state="applied")


def test_every_state_has_its_tab(browser, agent, box):
    applied = post.arrive(post.raw())
    assert f"#{applied.ticket.number}" in page(browser, agent, state="applied")
    for state in ("failed", "rejected", "stored", "nonsense"):
        assert "tomas@customers.example" not in page(browser, agent, state=state)


@pytest.mark.parametrize(
    ("words", "found"), [("shop.example", True), ("YOUR", True), ("printer", False), ("\0%", False)]
)
def test_search(browser, agent, machine, words, found):
    assert ("no-reply@shop.example" in page(browser, agent, q=words)) == found


def test_older_ones_are_a_page_further(browser, agent, box, monkeypatch):
    monkeypatch.setattr("staff.mails.SHOWN", 2)
    for number in range(3):
        post.arrive(post.raw(sender=f"no-reply@shop{number}.example"))
    first = page(browser, agent)
    assert "shop2" in first
    assert "shop0" not in first
    last = InboundEmail.objects.order_by("-pk")[1].pk
    assert f"before={last}" in first
    assert "shop0" in page(browser, agent, state="suspended", before=last)


def test_mail_of_no_department_is_for_admins(browser, agent, home):
    mail = post.arrive(post.raw(sender="no-reply@shop.example"), "nobody@desk.example")
    assert "no-reply@shop.example" not in page(browser, agent)
    assert browser(agent).get(reverse("staff:mail_arrived", args=[mail.pk])).status_code == 404
    assert "no-reply@shop.example" in page(browser, people.admin())


def test_mail_on_a_ticket_that_was_transferred_is_no_longer_the_mailboxs(browser, agent, outsider, box):
    mail = post.arrive(post.raw())
    Ticket.objects.update(department=outsider.memberships.get().department)
    assert browser(agent).get(reverse("staff:mail_arrived", args=[mail.pk])).status_code == 404
    assert browser(outsider).get(reverse("staff:mail_arrived", args=[mail.pk])).status_code == 200


class TestOneMail:
    def test_it_shows_header_and_original_as_text(self, browser, agent, box):
        mail = post.arrive(post.raw(sender="no-reply@shop.example", subject="=?utf-8?q?Gr=C3=BC=C3=9Fe?=",
                                    body="<script>alert(1)</script>\x00\x1b[31m"))  # fmt: skip
        shown = page(browser, agent, "mail_arrived", mail.pk)
        assert "Grüße" in shown
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
        assert "<script>alert" not in shown
        assert "\x1b" not in shown

    def test_the_original_is_a_download_and_nothing_a_browser_opens(self, browser, agent, machine):
        response = browser(agent).get(reverse("staff:mail_raw", args=[machine.pk]))
        assert response["Content-Disposition"].startswith("attachment")
        assert "sandbox" in response["Content-Security-Policy"]
        assert response["X-Content-Type-Options"] == "nosniff"
        assert b"".join(response.streaming_content).startswith(b"From: Shop <no-reply@shop.example>\r\n")

    def test_one_whose_bytes_are_gone_says_so(self, browser, agent, machine):
        InboundEmail.objects.update(raw_sha256="0" * 64)
        assert "no longer there" in page(browser, agent, "mail_arrived", machine.pk)
        assert browser(agent).get(reverse("staff:mail_raw", args=[machine.pk])).status_code == 404

    def test_a_deceiving_sender_is_named(self, browser, agent, box):
        mail = post.arrive(post.raw(sender='"boss@corp.example" <evil@x.example>'))
        assert "notice--danger" in page(browser, agent, "mail_arrived", mail.pk)

    @pytest.mark.parametrize(
        "raw", [b"", b"\n\n", b"\xff" * 2000, b"A:" + b"x" * 300_000, b"=?utf-8?q?" * 5000], ids=range(5)
    )
    def test_any_bytes_can_be_looked_at(self, browser, agent, box, raw):
        mail = post.arrive(raw)
        assert browser(agent).get(reverse("staff:mail_arrived", args=[mail.pk])).status_code == 200


class TestRelease:
    def test_it_opens_a_ticket_that_says_who_did_it(self, browser, agent, machine):
        response = act(browser, agent, "release", machine)
        machine.refresh_from_db()
        assert (machine.state, machine.reason, machine.released_by) == ("applied", "new", agent)
        assert response["Location"] == reverse("staff:ticket", args=[machine.ticket.number])
        event = machine.ticket.events.get(kind="mail_released")
        assert (event.actor, event.message) == (agent, machine.message)
        post.settle()
        assert post.outgoing("auto_response") == []

    def test_it_passes_limits_and_blocks(self, browser, agent, box):
        BlockedSender.objects.create(pattern="tomas@customers.example")
        mail = post.arrive(post.raw())
        assert mail.reason == "blocklisted"
        act(browser, agent, "release", mail)
        mail.refresh_from_db()
        assert mail.state == "applied"

    def test_it_proves_nothing(self, browser, agent, box, settings):
        settings.MAIL_AUTHSERV_ID = "mx.desk.example"
        ticket = post.arrive(post.raw(message_id="<first@x>")).ticket
        mail = post.arrive(post.raw(
            In_Reply_To="<first@x>", body="Add me.", Cc="attacker@evil.example",
            Authentication_Results="mx.desk.example; dmarc=fail header.from=customers.example",
        ))  # fmt: skip
        assert mail.reason == "failed_email_authentication"
        act(browser, agent, "release", mail)
        mail.refresh_from_db()
        assert (mail.ticket, mail.reason, mail.message.kind) == (ticket, "unverified", "note")
        assert not ticket.proposed_followers.exists()

    def test_an_agents_name_stays_unproved(self, browser, agent, box):
        ticket = post.arrive(post.raw(message_id="<first@x>")).ticket
        assert ticket.messages.count() == 1
        address = signing.reply_address(signing.key(), ticket.pk, agent.pk, "desk.example", role="agent")
        mail = post.arrive(post.raw(sender=agent.email, body="Close it."), address)
        assert mail.reason == "unauthenticated_email_update"
        act(browser, agent, "release", mail)
        mail.refresh_from_db()
        assert (mail.reason, mail.message.kind) == ("unverified", "note")
        assert not ticket.messages.filter(kind="reply").exists()

    def test_what_cannot_be_read_cannot_be_released(self, browser, agent, box):
        mail = post.arrive(post.raw(sender="a@x.example, b@x.example"))
        assert "Release" not in page(browser, agent, "mail_arrived", mail.pk)
        act(browser, agent, "release", mail)
        mail.refresh_from_db()
        assert mail.state == "suspended"

    def test_twice_is_once(self, browser, agent, machine):
        for _ in range(2):
            act(browser, agent, "release", machine)
        assert Ticket.objects.count() == 1

    def test_readers_and_strangers_may_not(self, browser, reader, outsider, machine):
        assert act(browser, reader, "release", machine).status_code == 403
        assert act(browser, outsider, "release", machine).status_code == 404
        assert not Ticket.objects.exists()


class TestBlocking:
    def test_further_mail_of_the_address_is_held_back_until_let_in_again(self, browser, agent, box):
        mail = post.arrive(post.raw())
        act(browser, agent, "block", mail, what="address")
        assert post.arrive(post.raw(sender="TOMAS@customers.example")).reason == "blocklisted"
        assert post.arrive(post.raw(sender="other@customers.example")).reason == "new"
        assert "tomas@customers.example" in page(browser, agent, "mail_blocked")
        row = BlockedSender.objects.get()
        assert row.created_by == agent
        browser(agent).post(reverse("staff:mail_unblock", args=[row.pk]))
        assert post.arrive(post.raw(body="Again.")).reason == "new"

    def test_a_domain_and_what_is_below_it_by_admins_only(self, browser, agent, box):
        mail = post.arrive(post.raw())
        assert act(browser, agent, "block", mail, what="domain").status_code == 403
        assert act(browser, people.admin(), "block", mail, what="domain").status_code == 302
        for sender in ("a@customers.example", "b@eu.customers.example"):
            assert post.arrive(post.raw(sender=sender)).reason == "blocklisted"
        assert post.arrive(post.raw(sender="c@othercustomers.example")).reason == "new"
        assert (
            browser(agent).post(reverse("staff:mail_unblock", args=[BlockedSender.objects.get().pk])).status_code == 403
        )

    def test_machines_too(self, browser, agent, machine):
        act(browser, agent, "block", machine, what="address")
        assert post.arrive(post.raw(sender="no-reply@shop.example", body="More.")).reason == "blocklisted"

    def test_the_desk_does_not_block_itself(self, browser, box):
        mail = post.arrive(post.raw(sender="support@desk.example"))
        page = (
            browser(people.admin())
            .post(reverse("staff:mail_block", args=[mail.pk]), {"what": "domain"}, follow=True)
            .content.decode()
        )
        assert "The desk itself writes from there." in page
        assert not BlockedSender.objects.exists()

    def test_readers_may_not(self, browser, reader, machine):
        assert act(browser, reader, "block", machine, what="address").status_code == 403


def test_more_mails_need_no_more_queries(browser, agent, box):
    client, counts = browser(agent), []
    client.get(reverse("staff:mail"))  # what is remembered from page to page is asked once
    for number in range(3):
        post.arrive(post.raw(sender=f"no-reply@shop{number}.example"))
        BlockedSender.objects.create(pattern=f"a{number}@x.example", created_by=agent)
        mail = post.arrive(post.raw(sender=f"person{number}@customers.example"))
        urls = [reverse("staff:mail"), reverse("staff:mail") + "?state=applied", reverse("staff:mail_blocked"),
                reverse("staff:mail_arrived", args=[mail.pk])]  # fmt: skip
        if number != 1:
            counts.append([_queries(client, url) for url in urls])
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 10


def _queries(client, url: str) -> int:
    with CaptureQueriesContext(connection) as seen:
        assert client.get(url).status_code == 200
    return len(seen)


def test_every_reason_has_a_sentence():
    assert set(reasons.RELEASABLE) <= set(reasons.REASONS)
    assert all(str(words).endswith(".") for words in reasons.REASONS.values())
    assert "List-Id" in reasons.sentence("List-Id")


def test_the_sections_of_outgoing_mail_are_paged_by_their_keys(browser, agent, home, monkeypatch):
    monkeypatch.setattr("staff.views.outgoing.SHOWN", 2)
    ticket = factories.ticket(department=home)
    for number in range(5):
        OutboundEmail.objects.create(
            kind="reply", ticket=ticket, recipient=f"lost{number}@x.example", rfc_message_id=f"<{number}@x>",
            state="failed", next_attempt_at=None,
        )  # fmt: skip
    url, seen = reverse("staff:mail_outgoing"), []
    while url:
        shown = browser(agent).get(url).content.decode()
        seen.append([number for number in range(5) if f"lost{number}@" in shown])
        older = re.search(r'rel="next" href="([^"#]+)#failed"', shown)
        url = older and html.unescape(older[1])
    assert seen == [[3, 4], [1, 2], [0]]
    assert browser(agent).get(reverse("staff:mail_outgoing"), {"failed": "x", "waiting": "9" * 30}).status_code == 200
