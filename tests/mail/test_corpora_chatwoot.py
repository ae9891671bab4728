"""What Chatwoot's specs say of its 39 mails, one by one, as far as this desk behaves alike.

Each of their 120 tests stands in one of three tables: ALIKE names the test here that says the same of the same mail,
ELSEWHERE the file of ours that tries it with mails of its own, OTHERWISE why this desk does something else.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests import factories
from tests.mail import post
from tickets.mail.parse import ParsedEmail, parse
from tickets.models import InboundEmail, Ticket

pytestmark = pytest.mark.django_db
FIRST, REFERENCE = "<4e6e35f5a38b4_479f13bb90078178@small-app-01.mail>", "<test-reference-id>"
SONY = "sony@chatwoot.com"

ALIKE = {
    "return channel with": "test_the_mailbox_is_found",
    "process bcc email": "test_the_mailbox_is_found",
    "process X-Original-To": "test_the_mailbox_is_found",
    "routes support emails": "test_the_mailbox_is_found",
    "create the conversation in the inbox": "test_the_mailbox_is_found",
    "create a new inbox with the email case": "test_the_mailbox_is_found",
    "catchall mails": "test_what_answers_nothing_opens_a_ticket",
    "routes reply emails": "test_answers_find_the_ticket_of_the_mail_they_name",
    "will not raise error when mail.to": "test_an_odd_recipient_hinders_nothing",
    "creates the contact and conversation": "test_facts",
    "creates a converstation and a message": "test_files",
    "creates a conversation and a message with": "test_files",
    "creates a new conversation with message": "test_what_answers_nothing_opens_a_ticket",
    "create a new contact": "test_facts",
    "create new contact with original": "test_facts",
    "creates contact with proper": "test_facts",
    "does not create new contact": "test_who_is_known_is_not_made_again",
    "processes the bounced": "test_machines_are_told_from_people",
    "returns true for auto-reply": "test_machines_are_told_from_people",
    "includes auto_reply": "test_machines_are_told_from_people",
    "appends new email": "test_answers_find_the_ticket_of_the_mail_they_name",
    "append email to conversation": "test_answers_find_the_ticket_of_the_mail_they_name",
    "append message to email": "test_answers_find_the_ticket_of_the_mail_they_name",
    "find channel with in": "test_answers_find_the_ticket_of_the_mail_they_name",
    "finds conversation from any": "test_answers_find_the_ticket_of_the_mail_they_name",
    "finds conversation from message source_id": "test_answers_find_the_ticket_of_the_mail_they_name",
    "find channel with forwarded": "test_answers_find_the_ticket_of_the_mail_they_name",
    "create channel with reply to mail": "test_facts",
    "does not use conversation from different": "test_another_mailbox_s_conversation_is_another",
    "creates new email conversation with incoming": "test_facts",
    "creates conversation taking the first in_reply_to": "test_the_nearest_is_asked_first",
    "returns the first value": "test_the_nearest_is_asked_first",
    "returns the value as is": "test_facts",
    "returns nil": "test_facts",
    "returns an array of reference": "test_facts",
    "returns an empty array": "test_facts",
    "includes references": "test_facts",
    "have proper content_attributes": "test_facts",
    "give the serialized data": "test_facts",
    "give email from": "test_facts",
    "give utf8": "test_texts",
    "give default subject": "test_a_mail_without_subject_or_date",
    "give number of attachments": "test_files",
    "give decoded blob": "test_files",
    "creates a new message": "test_the_same_mail_twice_is_one_message",
    "add the mail content": "test_texts",
    "add the attachments": "test_files",
    "will not add the attachments": "test_pictures_of_the_text_are_inline",
    "mail content": "test_texts",
    "html_content is empty": "test_pictures_of_the_text_are_inline",
    "Considers": "test_texts",
    "parse html content": "test_texts",
    "encodes email": "test_texts",
    "shouldnt create a conversation": "test_our_own_mail_opens_nothing",
    "shouldnt throw": "test_without_an_author_nothing_opens_and_nothing_breaks",
}
ELSEWHERE = {
    "fetch_imap_emails_job": "test_fetch.py",
    "fetch_email_service": "test_imap.py",
    "fetches": "test_imap.py",
    "fetch_email": "test_oauth.py",
    "finds conversation from references header": "test_threads.py: Message-IDs of our own form, signed",
    "using FALLBACK_PATTERN": "test_threads.py: Message-IDs of our own form, signed",
    "finds conversation using fallback": "test_threads.py: Message-IDs of our own form, signed",
    "replaces the image tag": "test_contents.py: pictures by their cid",
}
OTHERWISE = {
    "skip bcc": "no account of ours leaves blind copies out",
    "skips routing when BCC": "the same",
    "does not process BCC-only": "the same",
    "does not create a new conversation": "machine mail never opens a ticket; theirs opens one and marks it",
    "prefer reply-to": "Reply-To is never an identity here, unless the mailbox takes a web form's mail",
    "set proper content_type": "a column of theirs",
    "forward": "fields that a forwarding server added are kept in the original and not shown apart",
    "returns nil headers": "the same",
    "creates new contact with original": "X-Original-Sender is the sender's own word",
}


def raw(corpora: Path, name: str) -> bytes:
    return (corpora / "email" / "chatwoot" / "files" / f"{name}.eml").read_bytes()


def read(corpora: Path, name: str) -> ParsedEmail:
    return parse(raw(corpora, name))


def test_each_of_their_tests_stands_in_a_table(corpora):
    cases = json.loads((corpora / "expectations" / "chatwoot.json").read_text())["cases"]
    known = [*ALIKE, *ELSEWHERE, *OTHERWISE]
    left = [
        f"{case['spec']}: {case['test']}"
        for case in cases
        if not any(one in case["spec"] or one.lower() in case["test"].lower() for one in known)
    ]
    assert (len(cases), left) == (120, [])
    assert set(ALIKE.values()) <= set(globals())


# name -> what must be read: author, to, cc, answered ids, references
FACTS = {
    "welcome": (SONY, ["replies@example.com"], [], [FIRST], [FIRST]),
    "reply": (SONY, ["reply+6bdc3f4d-0bec-4515-a284-5d916fdde489@example.com"], [], [FIRST], [FIRST]),
    "reply_cc": (SONY, ["test123@example.com"], ["test@example.com"], [], []),
    "reply_to": (SONY, ["test@example.com"], [], ["<conversation/6bdc3f4d-0bec-4515-a284-5d916fdde489/messages/123"
                 "@test.com>"], [FIRST]),
    "support": (SONY, ["care@example.com"], [], [FIRST], [FIRST]),
    "support_1": (SONY, ["care@example.com"], [], [], []),
    "support_in_reply_to": (SONY, ["care@example.com"], [], [FIRST], [FIRST]),
    "support_uppercase": (SONY, ["care@example.com"], [], [FIRST], [FIRST]),
    "support_without_sender_name": (SONY, ["care@example.com"], [], [FIRST], [FIRST]),
    "group_sender_support": ("acme_group@example.com", ["support@chatwoot.com"], [], [FIRST], [FIRST]),
    "mail_with_references": (SONY, ["care@example.com"], [], [FIRST], [FIRST, REFERENCE]),
    "references": (SONY, [], [], [FIRST], [FIRST, REFERENCE]),
    "in_reply_to": (SONY, [], [], ["<0CB459E0-0336-41DA-BC88-E6E28C697DDB@chatwoot.com>"], [FIRST]),
    "multiple_attachments": ("test@gmail.com", ["test@outlook.com"], [], [], []),
    "bounced_with_no_from": ("", ["support@example.com"], [], [], []),
}  # fmt: skip


@pytest.mark.parametrize("name", FACTS)
def test_facts(corpora, name):
    author, to, cc, answers, references = FACTS[name]
    mail = read(corpora, name)
    assert (mail.from_.key if mail.from_ else "") == author
    assert ([one.key for one in mail.to], [one.key for one in mail.cc]) == (to, cc)
    assert (list(mail.in_reply_to), list(mail.references)) == (answers, references)
    if name == "welcome":
        assert (mail.from_.name, mail.subject) == ("Sony Mathew", "Discussion: Let's debate these attachments")
        assert mail.date == datetime(2020, 4, 20, 8, 20, 20, tzinfo=UTC)
    if name == "support_without_sender_name":
        assert mail.from_.name == ""


TEXTS = {
    "welcome": "Let's talk about these images:",
    "reply": "Let's talk about these images:",
    "in_reply_to": "Let's talk about these images:",
    "references": "References Email",
    "only_text": "text only mail",
    "only_html": "This is html only mail",
    "only_attachments": "",
    "attachments_without_text": "",
    "html_and_attachments": "This is html and attachments only mail",
    "mail_with_html_part_no_html_content": "This is test message.",
    "mail_with_inline_images": "HTML content and inline images",
    "mail_with_plain_text_and_inline_image": "Let's add no HTML content here, just plain text and images",
    "welcome_html": "I'm learning English as a first language for the past 13 years",
    "non_utf_encoded_mail": "أنظروا، أنا أحتاجها فقط لتقوم بالتدقيق في مقالتي الشخصية",
}


@pytest.mark.parametrize("name", TEXTS)
def test_texts(corpora, name):
    text = read(corpora, name).text
    assert TEXTS[name] in text if TEXTS[name] else not text.strip()


FILES = {
    "welcome": ["avatar1.jpeg", "avatar2.jpg"],
    "reply": ["avatar1.jpeg", "avatar2.jpg"],
    "only_attachments": ["66638193_2047148535391784_8239239177862905856_o.jpg"],
    "html_and_attachments": ["1610894557447.jpg"],
    "attachments_without_filename": ["attachment-1.png", "attachment-2.png"],
    "attachments_without_text": ["1kb.png", "1kb.png"],
    "email_with_inline_pdf": ["dummy.pdf"],
    "only_text": [],
}


@pytest.mark.parametrize("name", [*FILES, "multiple_attachments"])
def test_files(corpora, name):
    """Of thirty files they keep fifteen; here all are kept."""
    files = read(corpora, name).attachments
    assert len(files) == 30 if name == "multiple_attachments" else [one.name for one in files] == FILES[name]


@pytest.mark.parametrize("name", ["mail_with_inline_images", "mail_with_plain_text_and_inline_image"])
def test_pictures_of_the_text_are_inline(corpora, mailbox, name):
    row = post.arrive(raw(corpora, name), mailbox.address)
    assert "cid:" not in row.message.html
    inline = row.message.attachments.filter(is_inline=True).count()
    assert inline == (3 if name == "mail_with_inline_images" else 0)
    assert row.message.attachments.count() == 3


@pytest.mark.parametrize("name", [*FACTS, "auto_reply", "auto_reply_with_auto_submitted", "bounced_gmail"])
def test_machines_are_told_from_people(corpora, name):
    assert read(corpora, name).is_machine is name.startswith(("auto_reply", "bounced"))


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("reply_cc", "test@example.com"),
        ("reply_cc", "TEST123@example.com"),
        ("support", "care@example.com"),
        ("support_uppercase", "care@example.com"),
        ("support_without_sender_name", "care@example.com"),
        ("reply", "reply@example.com"),
        ("support_1", "care@example.com"),
    ],
)
def test_the_mailbox_is_found(corpora, name, address):
    box = factories.mailbox(factories.department(), address=address)
    row = post.arrive(raw(corpora, name), [])
    assert row.mailbox == box


@pytest.mark.parametrize("field", ["X-Original-To", "Delivered-To", "envelope"])
def test_the_mailbox_of_a_blind_copy_is_found(corpora, field):
    box = factories.mailbox(factories.department(), address="hidden@example.com")
    mail = raw(corpora, "support")
    if field == "envelope":
        row = post.arrive(mail, box.address)
    else:
        row = post.arrive(f"{field}: {box.address}\r\n".encode() + mail, [])
    assert row.mailbox == box


@pytest.mark.parametrize("name", ["welcome_html", "only_text", "only_html", "support_1", "multiple_attachments"])
def test_what_answers_nothing_opens_a_ticket(corpora, mailbox, name):
    row = post.arrive(raw(corpora, name), mailbox.address)
    assert (row.state, row.reason, row.ticket.source) == ("applied", "new", "email")
    assert row.ticket.requester.email == read(corpora, name).from_.key


@pytest.mark.parametrize("name", ["in_reply_to", "references", "mail_with_references", "reply_mail_without_uuid",
                                  "reply", "support", "forwarder_email", "mail_with_quote"])  # fmt: skip
@pytest.mark.parametrize("which", ["first", "last"])
def test_answers_find_the_ticket_of_the_mail_they_name(corpora, mailbox, name, which):
    mail = read(corpora, name)
    named = mail.in_reply_to[0] if which == "first" else (mail.references or mail.in_reply_to)[-1]
    before = post.arrive(post.raw(mail.from_.key, message_id=named), mailbox.address)
    after = post.arrive(raw(corpora, name), mailbox.address)
    assert (after.reason, after.ticket) == (
        "message_id" if after.reason == "message_id" else "reference",
        before.ticket,
    )
    assert before.ticket.messages.count() == 2


def test_another_mailbox_s_conversation_is_another(corpora, mailbox):
    other = factories.mailbox(mailbox.department)
    named = read(corpora, "reply_mail_without_uuid").in_reply_to[0]
    before = post.arrive(post.raw(SONY, other.address, message_id=named), other.address)
    assert post.arrive(raw(corpora, "reply_mail_without_uuid"), mailbox.address).ticket != before.ticket


def test_the_nearest_is_asked_first(corpora, mailbox):
    mail = read(corpora, "multiple_in_reply_to")
    near, far = mail.in_reply_to
    assert near == "<4e6e35f5a38b4_479f13bb90078171@small-app-01.mail>"
    post.arrive(post.raw(SONY, message_id=far), mailbox.address)
    before = post.arrive(post.raw(SONY, subject="Another", message_id=near), mailbox.address)
    assert post.arrive(raw(corpora, "multiple_in_reply_to"), mailbox.address).ticket == before.ticket


def test_who_is_known_is_not_made_again(corpora, mailbox):
    first = post.arrive(raw(corpora, "support_1"), mailbox.address).ticket
    second = post.arrive(raw(corpora, "support_uppercase"), mailbox.address).ticket
    assert first.requester == second.requester


def test_the_same_mail_twice_is_one_message(corpora, mailbox):
    post.arrive(raw(corpora, "only_text"), mailbox.address)
    again = post.arrive(re.sub(rb"^", b"Received: by another\r\n", raw(corpora, "only_text"), count=1), mailbox.address)
    assert (again.state, again.reason) == ("rejected", "duplicate")
    assert Ticket.objects.get().messages.count() == 1


def test_a_mail_without_subject_or_date(corpora, mailbox):
    assert read(corpora, "mail_with_no_subject").subject == ""
    assert post.arrive(raw(corpora, "mail_with_no_subject"), mailbox.address).ticket.subject
    assert post.arrive(raw(corpora, "mail_with_no_date"), mailbox.address).state == "applied"


@pytest.mark.parametrize("name", ["mail_with_invalid_to", "mail_with_invalid_to_2"])
def test_an_odd_recipient_hinders_nothing(corpora, mailbox, name):
    assert post.arrive(raw(corpora, name), mailbox.address).state == "applied"


@pytest.mark.parametrize("name", ["bounced_with_no_from", "bounced_gmail", "auto_reply"])
def test_without_an_author_nothing_opens_and_nothing_breaks(corpora, mailbox, name):
    assert post.arrive(raw(corpora, name), mailbox.address).ticket is None
    assert not Ticket.objects.exists()


def test_our_own_mail_opens_nothing(corpora, mailbox):
    factories.mailbox(mailbox.department, address="accounts@chatwoot.com")
    row = post.arrive(raw(corpora, "notification"), mailbox.address)
    assert (row.state, row.reason) == (InboundEmail.State.SUSPENDED, "from_support_address")
