import pytest

from tickets.mail.parse import parse


def judged(*lines: str):
    return parse("\n".join(["From: Ana <ana@example.com>", *lines, "", "x"]).encode())


@pytest.mark.parametrize(
    "line",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated; owner=x",
        "Return-Path: <>",
        "Precedence: bulk",
        "X-Precedence: auto_reply",
        "List-Id: <l.example.com>",
        "List-Unsubscribe: <https://example.com/u>",
        "X-Autoreply: yes",
        "X-FC-MachineGenerated: true",
        "Delivered-To: autoresponder@example.com",
        "X-MS-Exchange-Inbox-Rules-Loop: ana@example.com",
        "Subject: Out of Office: Printer",
        "Subject: Automatische Antwort: Drucker",
        "Subject: Réponse automatique : imprimante",
        "Subject: 自動応答: プリンタ",
    ],
)
def test_machine_mail_gets_no_automatic_answer(line):
    mail = judged(line)
    assert mail.is_machine
    assert mail.machine_reason
    assert not mail.may_auto_reply


@pytest.mark.parametrize("line", ["Auto-Submitted: no", "Precedence: normal", "Subject: Printer out of order"])
def test_a_persons_mail_stays_one(line):
    mail = judged(line)
    assert not mail.is_machine
    assert mail.may_auto_reply


def test_suppressing_an_answer_does_not_make_a_machine(eml):
    mail = parse(eml("reply"))
    assert not mail.is_machine
    assert not mail.may_auto_reply


@pytest.mark.parametrize("sender", ["no-reply@x.example", "donotreply@x.example", "MAILER-DAEMON@x.example"])
def test_senders_that_take_no_answer(sender):
    assert parse(f"From: {sender}\n\nx".encode()).is_machine


def test_a_bounce_needs_no_author(eml):
    mail = parse(eml("bounce"))
    assert (mail.is_bounce, mail.problem, mail.from_) == (True, "", None)
    assert [a.content_type for a in mail.attachments] == ["message/delivery-status"]


def test_our_own_mail_is_known_by_its_mark():
    raw = b"From: a@example.com\nX-Helpdesk-Instance: abc\n\nx"
    assert parse(raw, own_mark="abc").is_own
    assert not parse(raw, own_mark="abc").may_auto_reply
    assert not parse(raw, own_mark="other").is_own
    assert not parse(raw).is_own
