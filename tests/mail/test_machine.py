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


@pytest.mark.parametrize(
    "subject",
    [
        "Out of the office: ticket", "Automatic reply: ticket", "Abwesenheitsnotiz", "Réponse automatique : billet",
        "Respuesta automática: billete", "Risposta automatica: biglietto", "Resposta automática: bilhete",
        "Automatisch antwoord: kaartje", "Autosvar: biljett", "Automaattinen vastaus: lippu",
        "Odpowiedź automatyczna: bilet", "Automatická odpověď: lístek", "Автоматический ответ: билет",
        "Otomatik yanıt: bilet", "自动回复: 票", "자동 회신: 표", "رد تلقائي: تذكرة",
    ],
)  # fmt: skip
def test_absence_notes_of_many_languages(subject):
    mail = judged(f"Subject: {subject}")
    assert (mail.machine.kind, mail.may_auto_reply) == ("absence", False)


@pytest.mark.parametrize(
    "line",
    [
        "Subject: Report Domain: desk.example Submitter: mail.example Report-ID: <1@mail.example>",
        "TLS-Report-Domain: desk.example",
    ],
)
def test_reports_about_a_domain_are_machine_mail(line):
    assert judged(line).is_machine


@pytest.mark.parametrize("value", ["All", "OOF", "AutoReply", "DR, RN, NRN"])
def test_what_is_asked_not_to_be_answered_is_not(value):
    mail = judged(f"X-Auto-Response-Suppress: {value}")
    assert (mail.is_machine, mail.may_auto_reply) == (False, False)


@pytest.mark.parametrize("line", ["Feedback-ID: 1.eu:mail", "X-Mailer: Robot", "Subject: The delivery failed me again"])
def test_marks_of_senders_that_people_use_too(line):
    assert not judged(line).is_machine
