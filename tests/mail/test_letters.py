import email.policy
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests import factories, people
from tests.mail import post
from tickets import outbox, signing
from tickets.actions import conversation, lifecycle
from tickets.links import read_guest_token
from tickets.mail import letters
from tickets.mail.machine import INSTANCE_HEADER

pytestmark = pytest.mark.django_db
OF_NO_TICKET = {"account", "side", "mail_too_large", "mailbox_paused", "mail_policy", "relay_refused"}
EVIL = "Win £500 at http://evil.example <script>"


@pytest.fixture
def agent(mailbox):
    return people.agent(mailbox.department, name="Ana Moreira", signature="Ana, second floor")


@pytest.fixture
def ticket(mailbox):
    return post.arrive(post.raw(message_id="<first@customers.example>")).ticket


def mail(kind: str):
    post.settle()
    return post.sent(post.outgoing(kind)[-1])


def links(message) -> list[str]:
    return [word for word in post.text(message).split() if word.startswith("http")]


def test_an_agent_who_merely_asked_is_led_to_the_portal(mailbox, agent, client):
    other = people.agent(factories.department())
    ticket = factories.ticket(other, mailbox.department)
    conversation.reply(ticket, by=agent, body="Which one?")
    (link,) = links(mail("reply"))
    client.force_login(other)
    page = client.get(link.removeprefix("http://localhost:8000"), follow=True)
    assert page.request["PATH_INFO"] == f"/tickets/{ticket.number}/"
    assert page.status_code == 200


@pytest.mark.parametrize("works_there", [True, False])
def test_an_agent_is_asked_to_confirm_in_the_portal(mailbox, agent, client, works_there):
    other = people.agent(mailbox.department if works_there else factories.department())
    ticket = factories.ticket(other, mailbox.department)
    lifecycle.resolve(ticket, by=agent)
    yes, _no = links(mail("confirmation"))
    client.force_login(other)
    page = client.get(yes.removeprefix("http://localhost:8000"), follow=True)
    assert page.request["PATH_INFO"] == f"/tickets/{ticket.number}/confirm/"
    assert page.status_code == 200


class TestReply:
    @pytest.fixture
    def reply(self, ticket, agent):
        ticket.department.signature = "Acme Support"
        ticket.department.save()
        conversation.reply(ticket, by=agent, body="Which one?\n\n<b>Not bold</b> & plain")
        return mail("reply")

    def test_who_and_what(self, reply, ticket):
        assert str(reply["From"]) == "Acme Support <support@desk.example>"
        assert str(reply["To"]) == "Tomás Herrera <tomas@customers.example>"
        assert str(reply["Subject"]) == f"[#{ticket.number}] The printer is on fire"

    def test_it_threads_with_what_the_customer_wrote(self, reply):
        assert reply["In-Reply-To"] == "<first@customers.example>"
        assert "<first@customers.example>" in reply["References"]

    def test_the_reply_address_is_his_alone(self, reply, ticket):
        address = reply["Reply-To"].addresses[0].addr_spec
        assert signing.read_reply_address(signing.keys(), address)[:3] == (
            ticket.pk, ticket.requester_id, "participant",
        )  # fmt: skip

    def test_it_is_no_automatic_mail(self, reply):
        assert reply["Auto-Submitted"] is None
        assert reply["X-Auto-Response-Suppress"] is None
        assert reply[INSTANCE_HEADER]

    def test_both_parts_say_the_same(self, reply):
        plain, html = post.text(reply), post.text(reply, "html")
        assert "<b>Not bold</b> & plain" in plain
        assert "&lt;b&gt;Not bold&lt;/b&gt; &amp; plain" in html
        for words in ("Ana Moreira", "Ana, second floor", "Acme Support", "Which one?"):
            assert words in plain
            assert words in html

    def test_its_link_opens_this_ticket_for_him(self, reply, ticket):
        (link,) = links(reply)
        assert read_guest_token(link.rstrip("/").rpartition("/")[2]) == (ticket, ticket.requester)

    def test_it_loads_nothing_from_elsewhere(self, reply):
        html = post.text(reply, "html")
        assert not any(tag in html for tag in ("<img", "<script", "<link", "url(", "@import"))

    def test_a_later_reply_refers_to_the_earlier_ones(self, reply, ticket, agent):
        first = reply["Message-ID"]
        conversation.reply(ticket, by=agent, body="And where?")
        references = mail("reply")["References"].split()
        assert references[0] == "<first@customers.example>"
        assert first in references


class TestFiles:
    def reply(self, ticket, agent, *sizes: int):
        files = [SimpleUploadedFile(f"file{n}.pdf", b"x" * size, "application/pdf") for n, size in enumerate(sizes)]
        conversation.reply(ticket, by=agent, body="See there.", attachments=conversation.uploads(files))
        return mail("reply")

    def test_they_go_along(self, ticket, agent):
        reply = self.reply(ticket, agent, 10, 20)
        assert [part.get_filename() for part in reply.iter_attachments()] == ["file0.pdf", "file1.pdf"]

    def test_too_large_ones_are_named_and_linked(self, ticket, agent, monkeypatch):
        monkeypatch.setattr(letters, "MOST_ENCLOSED", 25)
        reply = self.reply(ticket, agent, 10, 20)
        assert not list(reply.iter_attachments())
        assert "file1.pdf" in post.text(reply)
        assert "file1.pdf" in post.text(reply, "html")


class TestAutoResponse:
    @pytest.fixture
    def response(self, mailbox):
        post.arrive(post.raw(sender=f'"{EVIL[:20]}" <victim@x.example>', subject=EVIL, body=EVIL))
        return mail("auto_response")

    def test_it_says_nothing_that_the_writer_chose(self, response):
        whole = str(response) + post.text(response) + post.text(response, "html") + str(response["Subject"])
        assert "evil" not in whole.lower()
        assert "£500" not in whole
        assert str(response["To"].addresses[0].addr_spec) == "victim@x.example"

    def test_it_says_that_it_is_a_machine(self, response):
        assert response["Auto-Submitted"] == "auto-replied"
        assert response["X-Auto-Response-Suppress"] == "All"

    def test_it_names_the_ticket(self, response):
        number = post.outgoing("auto_response")[0].ticket.number
        assert f"[#{number}]" in response["Subject"]
        assert number in post.text(response)


class TestConfirmation:
    def test_it_asks_and_both_answers_are_links(self, ticket, agent):
        lifecycle.resolve(ticket, by=agent)
        message = mail("confirmation")
        yes, no, _way_out = links(message)
        assert (yes.rpartition("?")[2], no.rpartition("?")[2]) == ("then=confirm", "then=reopen")
        assert yes.rpartition("?")[0] == no.rpartition("?")[0]
        assert "?then=confirm" in post.text(message, "html")
        assert message["Auto-Submitted"] == "auto-generated"


class TestSafety:
    @pytest.mark.parametrize("name", ["Eve\r\nBcc: all@x.example", "Eve\x00\x1b[2J", "Eve\n\nbody", "Eve\u202egnp"])
    def test_a_name_adds_no_header(self, mailbox, agent, name):
        ticket = factories.ticket(people.customer("Eve", email="eve@x.example"), mailbox.department)
        conversation.reply(ticket, by=agent, body="Hello")
        post.OutboundEmail.objects.filter(kind="reply").update(recipient_name=name.replace("\x00", ""))
        reply = mail("reply")
        assert reply["Bcc"] is None
        assert reply["To"].addresses[0].addr_spec == "eve@x.example"
        assert "\u202e" not in str(reply["To"])

    def test_an_account_mail_brings_its_own_words(self, mailbox):
        person = people.customer()
        outbox.enqueue("account", None, person, subject="Your\nlink", text="Follow https://desk.example/x")
        message = mail("account")
        assert message["Subject"] == "Your link"
        assert "https://desk.example/x" in post.text(message)
        assert message["Reply-To"] is None

    def test_lines_are_short_and_ascii(self, ticket, agent):
        conversation.reply(ticket, by=agent, body="ü" * 3000 + "\nFrom here\n.\n")
        post.settle()
        raw = letters.blobs.read(post.OutboundEmail.objects.get(kind="reply").raw_sha256)
        assert raw.isascii()
        assert max(map(len, raw.split(b"\r\n"))) <= 998
        assert b"\n" not in raw.replace(b"\r\n", b"")
        assert email.message_from_binary_file(BytesIO(raw), policy=email.policy.strict)

    def test_a_mailbox_with_a_long_name_still_sends(self, mailbox, agent):
        mailbox.address = f"{'customer-service' * 3}@desk.example"
        mailbox.save()
        ticket = factories.ticket(department=mailbox.department)
        conversation.reply(ticket, by=agent, body="Hello")
        assert mail("reply")["Reply-To"] is None
        assert letters.bounce_address(post.outgoing("reply")[0]) == mailbox.address


# What rules and digests write is tried where it is written: tests/automation, tests/test_notices.py.
ELSEWHERE = {"digest", "rule_disabled", "rule_mail", "rules_stopped"}


@pytest.mark.parametrize("kind", sorted(set(letters.KINDS) - OF_NO_TICKET - ELSEWHERE))
def test_every_kind_has_both_templates_and_shows_the_ticket(kind, mailbox, agent):
    ticket = factories.ticket(department=mailbox.department, auto_response=False)
    event = ticket.events.get()
    event.data |= {"team": "Night shift", "target": "Resolution", "recipient": "x@y.example", "error": "gone"}
    event.save()
    outbox.enqueue(kind, ticket, agent, message=ticket.messages.get(), event=event)
    message = mail(kind)
    assert ticket.number in str(message["Subject"])
    for part in ("plain", "html"):
        assert f"/tickets/{ticket.number}/" in post.text(message, part)
