"""Mail that pretends: the rows of the abuse list about who wrote it and what it may do, one test each."""

import re
import statistics
import time
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests import factories, people
from tests.mail import post
from tickets import signing
from tickets.actions import conversation
from tickets.mail import inbound
from tickets.mail.store import store
from tickets.models import Follower, InboundEmail, Membership, Message, OutboundEmail, ProposedFollower, Ticket, User

pytestmark = pytest.mark.django_db
TOMAS, MALLORY = "tomas@customers.example", "Mallory <mallory@evil.example>"
MX = "mx.desk.example"


@pytest.fixture(autouse=True)
def _our_server(settings):
    settings.MAIL_AUTHSERV_ID = MX


@pytest.fixture(autouse=True)
def _one_moment(monkeypatch):
    """No test may run across the end of a window that limits count in."""
    now = timezone.now()
    monkeypatch.setattr("tickets.limits.timezone", SimpleNamespace(now=lambda: now))


@pytest.fixture
def agent(mailbox):
    return people.agent(mailbox.department)


@pytest.fixture
def ticket(mailbox):
    return post.arrive(post.raw(message_id="<first@customers.example>")).ticket


@pytest.fixture
def reply(ticket, agent):
    """The mail that the requester got for the agent's reply."""
    conversation.reply(ticket, by=agent, body="Which printer?")
    post.settle()
    return post.sent(post.outgoing("reply")[0])


@pytest.fixture
def notice(ticket, reply):
    """The mail that the agent got when the requester answered."""
    post.arrive(post.raw(to=reply["Reply-To"], body="The red one."), reply["Reply-To"])
    post.settle()
    return post.sent(post.outgoing("received")[0])


def says(result: str) -> str:
    return f"{MX}; {result}"


def proved(domain: str) -> str:
    return says(f"dmarc=pass (p=reject) header.from={domain}")


def answered(notice, agent, body: str = "We are on it.", **fields: str) -> InboundEmail:
    """The agent's answer to a notice, proved unless told otherwise."""
    fields.setdefault("Authentication_Results", proved("desk.example"))
    sender = fields.pop("sender", f"Ana <{agent.email}>")
    return post.arrive(
        post.raw(sender=sender, to=notice["Reply-To"], subject=f"Re: {notice['Subject']}", body=body, **fields),
        notice["Reply-To"],
    )


def outcome(row: InboundEmail) -> tuple[str, str]:
    return row.state, row.reason


def workspace(ticket: Ticket, agent: User) -> str:
    client = Client()
    client.force_login(agent, backend="django.contrib.auth.backends.ModelBackend")
    return client.get(reverse("staff:ticket", args=[ticket.number])).content.decode()


def mails_to(*addresses: str) -> list[OutboundEmail]:
    return [row for row in post.outgoing() if row.recipient in addresses]


class TestAgentsByMail:
    def test_an_agent_answers_the_customer_by_answering_a_notice(self, notice, agent, ticket):
        row = answered(
            notice,
            agent,
            "We are on it.\r\n\r\nOn Mon, 2 Mar 2026 at 10:00, Desk <s@desk.example> wrote:\r\n> #1 secret notice\r\n",
        )
        assert outcome(row) == ("applied", "agent_reply")
        assert (row.message.kind, row.message.author, row.message.ticket) == ("reply", agent, ticket)
        assert row.message.body == "We are on it."
        post.settle()
        sent = post.sent(mails_to(TOMAS)[-1])
        assert "We are on it." in post.text(sent)
        assert "secret notice" not in post.text(sent)

    def test_an_answer_that_comes_by_two_ways_goes_out_once(self, notice, agent, ticket):
        mail = post.raw(
            sender=f"Ana <{agent.email}>", to=notice["Reply-To"], Cc="support@desk.example",
            body="We are on it.\r\n\r\nOn Mon, 2 Mar 2026 at 10:00, Desk <s@desk.example> wrote:\r\n> #1 notice\r\n",
            Authentication_Results=proved("desk.example"),
        )  # fmt: skip
        assert outcome(post.arrive(mail, notice["Reply-To"])) == ("applied", "agent_reply")
        assert outcome(post.arrive(mail, "support@desk.example")) == ("rejected", "duplicate")
        assert ticket.messages.filter(kind="reply", body="We are on it.").count() == 1

    def test_what_quotes_a_notice_between_its_lines_is_a_note(self, notice, agent, settings):
        link = f"{settings.BASE_URL}/staff/tickets/1/"
        row = answered(notice, agent, f"See {link}\r\nand do it.")
        assert outcome(row) == ("applied", "agent_note")
        assert row.message.kind == Message.Kind.NOTE

    def test_a_notice_that_asks_for_notes_takes_notes(self, ticket, reply, agent):
        post.arrive(post.raw(to=reply["Reply-To"], sender=MALLORY), reply["Reply-To"])
        post.settle()
        row = answered(post.sent(post.outgoing("unverified")[0]), agent)
        assert outcome(row) == ("applied", "agent_note")

    def test_one_agent_with_the_token_of_another_is_neither(self, notice, agent, mailbox, ticket):
        other = people.agent(mailbox.department, name="Joan Okafor")
        row = answered(notice, agent, sender=other.email)
        assert outcome(row) == ("suspended", "unauthenticated_email_update")

    def test_an_unproved_agent_is_told_and_not_believed(self, notice, agent, ticket):
        before = ticket.messages.count()
        row = answered(notice, agent, "Pay here: https://evil.example/", Authentication_Results="other.example; none")
        assert outcome(row) == ("suspended", "unauthenticated_email_update")
        assert ticket.messages.count() == before
        post.settle()
        (mail,) = post.outgoing("mail_refused")
        assert (mail.recipient, "evil.example" in post.text(post.sent(mail))) == (agent.email, False)

    def test_refusals_are_told_once_and_not_for_every_attempt(self, notice, agent):
        for number in range(5):
            answered(notice, agent, f"Try {number}", Authentication_Results="other.example; none")
        post.settle()
        assert len(post.outgoing("mail_refused")) == 1

    def test_an_agents_vacation_note_is_dropped_and_recorded(self, notice, agent, ticket):
        before = ticket.messages.count(), len(post.outgoing())
        row = answered(notice, agent, "I am away.", Auto_Submitted="auto-replied")
        post.settle()
        assert outcome(row) == ("rejected", "agent_auto_reply")
        assert (ticket.messages.count(), len(post.outgoing())) == before

    def test_an_agent_may_ask_like_anybody(self, mailbox, agent):
        row = post.arrive(post.raw(sender=agent.email))
        assert (outcome(row), row.ticket.requester) == (("applied", "new"), agent)


def test_an_agents_answer_to_another_desk_of_our_kind_is_no_claim(mailbox, agent):
    theirs = signing.message_id(signing.Key(9, b"the secret of another desk"), 1, 1, "other.example")
    row = post.arrive(post.raw(sender=agent.email, In_Reply_To=theirs, Cc=f"box+{'a' * 40}@other.example"))
    assert outcome(row) == ("applied", "new")


def test_abuse_01_an_altered_reference_in_an_agents_name(ticket, reply, agent, mailbox):
    other = factories.ticket(department=mailbox.department)
    forged = signing.message_id(signing.Key(signing.key().id, b"not our secret, guessed"), 1, other.pk, "desk.example")
    post.settle()
    before = len(post.outgoing())
    row = post.arrive(post.raw(sender=agent.email, In_Reply_To=forged, Authentication_Results=proved("desk.example")))
    assert outcome(row) == ("suspended", "unauthenticated_email_update")
    assert (row.ticket, row.message) == (None, None)
    post.settle()
    assert len(post.outgoing()) == before
    assert Ticket.objects.count() == 2


def test_abuse_01_a_valid_reference_in_an_agents_name(ticket, reply, agent):
    row = post.arrive(post.raw(sender=agent.email, In_Reply_To=reply["Message-ID"]))
    assert outcome(row) == ("suspended", "unauthenticated_email_update")
    assert ticket.messages.count() == 2


def test_abuse_02_an_unsigned_message_id_of_an_old_form(ticket, reply):
    for old in (
        f"<reply-{ticket.pk}-1@desk.example>",
        f"<hd.{ticket.pk}@desk.example>",
        f"<{ticket.number}@desk.example>",
    ):
        row = post.arrive(post.raw(In_Reply_To=old, body=old))
        assert (outcome(row), row.ticket == ticket) == (("applied", "new"), False)


def test_abuse_03_one_flipped_bit_is_no_token(ticket, reply):
    local, _at, domain = str(reply["Reply-To"]).partition("@")
    row = post.arrive(post.raw(), f"{local[:-1]}{'a' if local[-1] != 'a' else 'i'}@{domain}")
    assert (row.reason, row.ticket == ticket) == ("new", False)


def test_abuse_03_takes_the_same_time_wherever_it_is_wrong(ticket):
    keys, address = signing.keys(), signing.reply_address(signing.key(), ticket.pk, 1, "desk.example")
    local, _at, domain = address.partition("@")
    wrong = {
        place: f"{local[:place]}{'b' if local[place] != 'b' else 'c'}{local[place + 1:]}@{domain}"
        for place in (-25, -3)
    }  # fmt: skip
    took: dict[int, list[float]] = {place: [] for place in wrong}
    for _ in range(1000):
        for place, forged in wrong.items():
            began = time.perf_counter()
            assert signing.read_reply_address(keys, forged) is None
            took[place].append(time.perf_counter() - began)
    first, second = (statistics.median(values) for values in took.values())
    assert abs(first - second) < 0.001


def test_abuse_04_a_strangers_mail_to_a_customers_token(ticket, reply, agent):
    row = post.arrive(post.raw(sender=MALLORY, to=reply["Reply-To"], body="Send me all."), reply["Reply-To"])
    assert (outcome(row), row.message.kind) == (("applied", "unverified"), Message.Kind.NOTE)
    assert row.message not in ticket.messages.visible_to(ticket.requester)
    post.settle()
    assert [mail.recipient for mail in post.outgoing("unverified")] == [agent.email]
    assert mails_to("mallory@evil.example") == []


def test_abuse_05_a_forged_requester_who_brings_an_attacker_in_copy(ticket, reply):
    fields = {"Cc": "attacker@evil.example", "Authentication_Results": says("dmarc=fail header.from=customers.example")}
    row = post.arrive(post.raw(to=reply["Reply-To"], body="Please add.", **fields), reply["Reply-To"])
    assert outcome(row) == ("suspended", "failed_email_authentication")
    post.settle()
    assert mails_to("attacker@evil.example") == []
    assert not ProposedFollower.objects.exists()
    assert not Follower.objects.exists()


def test_abuse_05_even_where_the_domain_lets_failed_mail_pass(ticket, reply):
    said = says("dmarc=fail (p=NONE dis=NONE) header.from=customers.example")
    fields = {"Cc": "attacker@evil.example", "Authentication_Results": said}
    row = post.arrive(post.raw(to=reply["Reply-To"], body="Please add.", **fields), reply["Reply-To"])
    assert (outcome(row), row.message.kind) == (("applied", "unverified"), Message.Kind.NOTE)
    assert not ProposedFollower.objects.exists()


def test_abuse_06_a_subject_alone_opens_another_ticket(ticket):
    row = post.arrive(post.raw(subject=f"Re: [#{ticket.number}] hello", body="Close it."))
    assert (outcome(row), row.ticket == ticket) == (("applied", "new"), False)
    assert ticket.messages.count() == 1


def test_abuse_07_two_hundred_in_copy(mailbox, agent):
    others = [f"p{number}@other.example" for number in range(200)]
    ticket = post.arrive(post.raw(Cc=", ".join([*others, "support+x@desk.example"]))).ticket
    conversation.reply(ticket, by=agent, body="Hello.")
    post.settle()
    assert 0 < ticket.proposed_followers.count() <= 20
    assert mails_to(*others, "support+x@desk.example") == []
    assert not User.objects.filter(email__in=others).exists()


def test_abuse_08_an_agent_who_lost_access_answers_an_old_notice(notice, agent, ticket):
    Membership.objects.filter(user=agent).delete()
    Ticket.objects.filter(pk=ticket.pk).update(assignee=None)
    before = ticket.messages.count()
    row = answered(notice, agent)
    assert outcome(row) == ("suspended", "unauthenticated_email_update")
    assert ticket.messages.count() == before
    assert not Message.objects.filter(author=agent, body__contains="on it").exists()
    post.settle()
    assert [mail.recipient for mail in post.outgoing("mail_refused")] == [agent.email]


def test_abuse_08_an_agent_who_may_only_read(notice, agent, ticket, mailbox):
    Membership.objects.filter(user=agent).delete()
    reader = people.reader(mailbox.department)
    Membership.objects.filter(user=reader).update(user=agent)
    assert outcome(answered(notice, agent)) == ("suspended", "unauthenticated_email_update")


# Ways to write a From field that programs read differently; the account attacked is legit@customers.example.
FORGED_FROM = [
    "From: legit@customers.example, mallory@evil.example",
    "From: <legit@customers.example>\r\nFrom: <mallory@evil.example>",
    "From: <mallory@evil.example>\r\nfrom: <legit@customers.example>",
    "From: <legit@customers.example> <mallory@evil.example>",
    "From: <legit@customers.example><mallory@evil.example>",
    "From: <legit@customers.example>mallory@evil.example",
    "From: <mallory@evil.example>legit@customers.example",
    "From: legit@customers.example <mallory@evil.example>",
    'From: "legit@customers.example" <mallory@evil.example>',
    "From: (legit@customers.example) mallory@evil.example",
    "From: mallory@evil.example (legit@customers.example)",
    "From: <@legit.example,@customers.example:mallory@evil.example>",
    "From: legit@customers.example;mallory@evil.example",
    "From: =?utf-8?q?legit=40customers.example?= <mallory@evil.example>",
    "From: =?utf-8?b?bGVnaXRAY3VzdG9tZXJzLmV4YW1wbGU=?= <mallory@evil.example>",
    "From: =?utf-8?b?PGxlZ2l0QGN1c3RvbWVycy5leGFtcGxlPg==?=,<mallory@evil.example>",
    "From: legit@customers.example\x00@evil.example",
    "From: <legit@customers.example\x00mallory@evil.example>",
    "From: Friends: legit@customers.example, mallory@evil.example;",
    "From:\r\n <legit@customers.example>,\r\n <mallory@evil.example>",
    "From : legit@customers.example\r\nFrom: mallory@evil.example",
    "From: \r\nFrom: legit@customers.example",
    'From: "<legit@customers.example>" <mallory@evil.example>',
    "From: mallory@evil.example\r\nSender: legit@customers.example\r\nReply-To: legit@customers.example",
]


@pytest.mark.parametrize("field", FORGED_FROM)
def test_abuse_09_each_forged_author_is_one_true_address_or_held_back(mailbox, field):
    victim = people.customer("Legit", email="legit@customers.example")
    mail = post.raw(sender="X", body="Hello").replace(b"From: X", field.encode())
    row = post.arrive(mail)
    if row.state == "suspended":
        assert row.reason in {"several_from", "bad_from", "no_from", "malformed"}
        return
    assert row.ticket.requester != victim
    assert (row.sender, row.message.origin["address"]) == ("mallory@evil.example", "mallory@evil.example")


def test_abuse_10_a_name_that_pretends_is_shown_with_the_address_in_full(mailbox, agent):
    row = post.arrive(post.raw(sender='"admin@corp.example" <evil@x.example>'))
    assert row.flags == ["misleading_name"]
    assert (row.message.origin["address"], row.message.origin["claimed"]) == ("evil@x.example", "admin@corp.example")
    page = workspace(row.ticket, agent)
    assert "evil@x.example" in page
    assert "message__warning" in page


@pytest.mark.parametrize(
    ("sender", "flag"),
    [
        ('"Раypal" <a@x.example>', "mixed_scripts"),  # the first two letters are Cyrillic
        ("A <a@раypal.example>", "mixed_scripts"),
        ('"www.corp.example" <a@x.example>', "misleading_name"),
        ('"＠dmin admin＠corp.example" <a@x.example>', "misleading_name"),
        ('"Ad\u200bmin" <a@x.example>', "hidden_characters"),
    ],
)
def test_abuse_10_other_ways_to_deceive_the_eye(mailbox, sender, flag):
    assert flag in post.arrive(post.raw(sender=sender)).flags


@pytest.mark.parametrize(
    "sender",
    ["Ana B. C. <ana@x.example>", '"corp.example" <a@mail.corp.example>', "Юрий <y@x.example>", "Müller <m@x.example>",
     "山田 太郎 Yamada <y@x.example>", '"a@x.example" <a@x.example>'],
)  # fmt: skip
def test_abuse_10_honest_names_are_not_marked(mailbox, sender):
    assert post.arrive(post.raw(sender=sender)).flags == []


def test_abuse_10_an_address_in_another_alphabet_has_its_ascii_form_next_to_it(mailbox, agent):
    row = post.arrive(post.raw(sender="Ana <ana@münchen.example>"))
    assert row.message.origin["ascii"] == "ana@xn--mnchen-3ya.example"
    assert "xn--mnchen-3ya.example" in workspace(row.ticket, agent)


def test_abuse_11_a_third_partys_code_is_not_for_customers(ticket, reply):
    row = post.arrive(
        post.raw(sender="Chat <noreply@chat.example>", subject="Your code is 123456", body="123456"), reply["Reply-To"]
    )
    assert (row.ticket, row.message.is_machine) == (ticket, True)
    client = Client()
    client.force_login(ticket.requester, backend="django.contrib.auth.backends.ModelBackend")
    assert "123456" not in client.get(reverse("portal:ticket", args=[ticket.number])).content.decode()


def test_abuse_11_nor_is_a_persons_who_takes_no_part(ticket, reply):
    row = post.arrive(post.raw(sender="signup@chat.example", body="Code 123456"), reply["Reply-To"])
    assert row.message.kind == Message.Kind.NOTE


def test_abuse_12_our_servers_word_forged_below_its_received_field(ticket, reply):
    mail = post.raw(
        subject=f"[#{ticket.number}] x", Received="from evil by mx", Authentication_Results=proved("customers.example")
    )
    row = post.arrive(b"Received: from evil.example by mx.desk.example\r\n" + mail)
    assert (row.verdict, row.message.origin["verdict"]) == ("unknown", "unknown")
    assert row.ticket != ticket


def test_abuse_13_control_fields_from_outside_are_nothing(mailbox):
    row = post.arrive(post.raw(
        X_Helpdesk_Ticket="1", X_Helpdesk_State="closed", X_Helpdesk_Priority="4", X_Helpdesk_Assignee="1",
        X_Helpdesk_Instance="forged", X_Zammad_Ticket_Owner="root", X_Helpdesk_Internal="yes",
    ))  # fmt: skip
    assert outcome(row) == ("applied", "new")
    assert (row.ticket.state, row.ticket.priority, row.ticket.assignee, row.message.kind) == (
        "new",
        2,
        None,
        "customer",
    )


def test_abuse_14_a_message_id_used_again_for_other_content(mailbox):
    first = post.arrive(post.raw(message_id="<one@x>"))
    again = post.arrive(post.raw(message_id="<one@x>", body="Something else."))
    stranger = post.arrive(post.raw(message_id="<one@x>", sender=MALLORY))
    assert {row.state for row in (first, again, stranger)} == {"applied"}
    assert [row.flags for row in (first, again, stranger)] == [[], ["message_id_reuse"], ["message_id_reuse"]]
    assert Message.objects.count() == 3


def test_abuse_15_a_mail_sent_ahead_with_an_id_of_ours(ticket, agent):
    conversation.reply(ticket, by=agent, body="Which printer?")
    ours = OutboundEmail.objects.get(kind="reply")
    post.arrive(post.raw(message_id=ours.rfc_message_id, sender=MALLORY))
    post.settle()
    sent = post.sent(post.outgoing("reply")[0])
    assert sent["Message-ID"] == ours.rfc_message_id
    row = post.arrive(post.raw(In_Reply_To=ours.rfc_message_id, body="The red one."))
    assert (row.ticket, row.message.kind) == (ticket, "customer")


def test_abuse_19_five_hundred_mails_from_one_sender(mailbox):
    rows = [
        store(post.raw(subject=f"N {n}", body=f"{n}"), source="smtp", envelope_to=["support@desk.example"])
        for n in range(500)
    ]
    others = [
        store(post.raw(sender=f"o{n}@other.example"), source="smtp", envelope_to=["support@desk.example"])
        for n in range(5)
    ]
    while post.inbound.sweep():
        pass
    found = InboundEmail.objects.filter(pk__in=[row.pk for row in rows])
    assert (found.filter(state="applied").count(), found.filter(state="suspended", reason="too_many").count()) == (
        10,
        490,
    )
    assert InboundEmail.objects.filter(pk__in=[row.pk for row in others], state="applied").count() == 5
    post.settle()
    assert len(mails_to(TOMAS)) == 1
    assert len(post.outgoing("auto_response")) == 6


def test_abuse_20_a_strangers_form_with_a_victims_address(mailbox):
    client, url = Client(), reverse("portal:ticket_new")
    for number in range(100):
        page = Client().get(url).content.decode()
        fields = dict(re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', page))
        client.post(url, fields | {
            "email": "victim@customers.example", "name": "BUY PILLS", "subject": f"BUY PILLS {number}",
            "body": "https://evil.example/ BUY PILLS",
        })  # fmt: skip
    post.settle()
    mails = mails_to("victim@customers.example")
    assert len(mails) <= 1
    assert Ticket.objects.exists()
    for mail in mails:
        raw = post.sent(mail)
        words = f"{raw['Subject']} {raw['To']} {post.text(raw)} {post.text(raw, 'html')}"
        assert "PILLS" not in words
        assert "evil.example" not in words


def test_a_web_forms_mail_is_its_persons_where_the_mailbox_is_made_for_it(mailbox):
    mail = post.raw(sender="Site <noreply@site.example>", Reply_To="Lena <lena@customers.example>")
    assert post.arrive(mail).reason == "auto_mailer"
    mailbox.is_form_relay = True
    mailbox.save()
    row = post.arrive(mail + b"\r\n")
    assert (row.ticket.requester.email, row.verdict, row.sender) == (
        "lena@customers.example",
        "unknown",
        "lena@customers.example",
    )


def test_a_reply_to_is_nobody_else_anywhere(mailbox):
    victim = people.customer(email="victim@customers.example")
    row = post.arrive(post.raw(sender=MALLORY, Reply_To=victim.email))
    assert row.ticket.requester.email == "mallory@evil.example"


def test_strangers_with_a_reply_address_cannot_make_the_desk_flood_its_agents(reply, ticket):
    rows = [
        post.arrive(
            post.raw(sender=f"x{number}@evil.example", to=reply["Reply-To"], body=str(number)), reply["Reply-To"]
        )
        for number in range(13)
    ]
    post.settle()
    assert [outcome(row) for row in rows[:10]] == [("applied", "unverified")] * 10
    assert {outcome(row) for row in rows[10:]} == {("suspended", "too_many")}
    assert len(post.outgoing("unverified")) == 10
    assert not User.objects.filter(email="x12@evil.example").exists()


def test_a_file_cannot_bring_its_own_proof(ticket):
    mail = post.raw(
        subject=f"[#{ticket.number}] Now", body="Do it.", Authentication_Results=proved("customers.example")
    )
    row = store(mail, source="import", envelope_to=["support@desk.example"])
    inbound.apply(row.pk)
    row.refresh_from_db()
    assert (outcome(row), row.verdict) == (("applied", "new"), "unknown")
    assert row.ticket.follow_up_of == ticket


@pytest.mark.parametrize("kind", ["plain", "html"])
def test_what_a_customer_quotes_lets_nobody_else_in(ticket, reply, kind):
    """The link in the requester's mail shows all of the ticket: who is let in later must not find it in an answer."""
    text, mail = post.text(reply), post.raw(to=reply["Reply-To"], body="%s")
    secrets = [re.search(r"/t/([\w:-]+)", text)[1], reply["Reply-To"].partition("+")[2].partition("@")[0]]
    unsubscribe = signing.unsubscribe_token(signing.key(), ticket.pk, ticket.requester_id)
    quoted = f"{text}\n{reply['Reply-To']}\nhttps://desk.example/notices/{unsubscribe}/\n" + quote(
        re.search(r"https?://\S+/t/\S+", text)[0], safe=""
    )
    if kind == "plain":
        body = "The red one.\n\nOn Mon, 2 Mar 2026 at 10:00, Acme wrote:\n" + re.sub("(?m)^", "> ", quoted)
    else:
        mail = mail.replace(b"text/plain", b"text/html")
        links = re.sub(r"(https?://\S+)", r'<a href="\1">\1</a>', quoted)
        body = f'<p>The red one.</p><blockquote type="cite">{links}</blockquote>'
    row = post.arrive(mail.replace(b"%s", body.encode()), reply["Reply-To"])
    assert outcome(row) == ("applied", "address")
    shown = (row.message.body + row.message.html).lower()
    assert "the red one." in shown
    assert "which printer?" in shown
    for secret in (*secrets, unsubscribe, quote(secrets[0])):
        assert secret.lower() in body.lower()
        assert secret.lower() not in shown
    assert row.message.folded
