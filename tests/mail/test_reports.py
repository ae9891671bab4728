"""Who did not get a mail and why, as mail systems word it. The reports here are written after the systems' manuals."""

import json

import pytest

from tickets.mail import reports
from tickets.mail.bounce_reasons import Reason
from tickets.mail.parse import parse

ANA = "ana@customers.example"


def report(body: str, sender: str = "MAILER-DAEMON@mx.example", subject: str = "failure notice", more: str = ""):
    head = f"Return-Path: <>\nFrom: {sender}\nTo: support@desk.example\nSubject: {subject}\n{more}\n"
    return parse((head + body).encode())


def dsn(*groups: str, text: str = "It did not arrive."):
    fields = "\n\n".join(("Reporting-MTA: dns; mx.example", *groups))
    body = (
        f"--b\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"
        f"--b\nContent-Type: message/delivery-status\n\n{fields}\n"
        "--b\nContent-Type: text/rfc822-headers\n\nTo: eva@customers.example\nSubject: x\n--b--\n"
    )
    return report(body, more='Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n')


def fields(address: str, status: str, said: str, action: str = "failed") -> str:
    return f"Final-Recipient: rfc822; {address}\nAction: {action}\nStatus: {status}\nDiagnostic-Code: {said}"


def only(mail) -> reports.Recipient:
    (one,) = reports.read(mail)
    return one


def test_each_recipient_has_a_fate_of_its_own():
    mail = dsn(
        fields(ANA, "5.1.1", "smtp; 550 5.1.1 user unknown"),
        fields("eva@customers.example", "5.2.2", "smtp; 552 5.2.2 mailbox full"),
        fields("tom@customers.example", "2.0.0", "smtp; 250 ok", action="relayed"),
    )
    found = {one.address.partition("@")[0]: one for one in reports.read(mail)}
    assert {name: (one.code, str(one.reason), one.is_hard) for name, one in found.items()} == {
        "ana": ("550", "no_such_user", True),
        "eva": ("552", "mailbox_full", False),
        "tom": ("250", "delivered", False),
    }
    assert [one.is_failure for one in found.values()] == [True, True, False]


def test_what_the_server_says_beats_a_status_that_says_nothing():
    one = only(dsn(fields(ANA, "5.0.0", "smtp; 552 5.2.2 <ana@customers.example>: over quota")))
    assert (one.status, one.code, one.reason) == ("5.2.2", "552", Reason.MAILBOX_FULL)


def test_a_diagnosis_may_stand_in_the_text_only():
    group = f"Final-Recipient: rfc822; {ANA}\nAction: failed\nStatus: 5.0.0"
    one = only(dsn(group, text=f"{ANA}: 550 5.1.1 <{ANA}>: Recipient address rejected: User unknown"))
    assert (one.status, one.code, one.is_hard) == ("5.1.1", "550", True)


def test_folded_fields_are_read_whole():
    one = only(dsn(fields(ANA, "5.7.1", "smtp; 550 5.7.1 Rejected:\n    the sender's network is on a\n    block list")))
    assert one.diagnostic.endswith("the sender's network is on a block list")
    assert (one.reason, one.is_policy) == (Reason.BLOCKED, True)


def test_a_delay_is_no_failure():
    one = only(dsn(fields(ANA, "4.4.1", "smtp; connect timed out", action="delayed")))
    assert (one.action, one.is_failure, one.is_hard) == ("delayed", False, False)


WORDS = {
    "qmail": f"I wasn't able to deliver your message to these addresses.\n\n<{ANA}>:\n192.0.2.1 does not like"
    " recipient.\nRemote host said: 550 5.1.1 no mailbox here\nGiving up on 192.0.2.1.\n\n"
    "--- Below this line is a copy of the message.\n\nReturn-Path: <x@desk.example>\nTo: eva@other.example\n",
    "exim": "A message that you sent could not be delivered to one or more of its\nrecipients. The following"
    f" address(es) failed:\n\n  {ANA}\n    SMTP error from remote mail server after RCPT TO:<{ANA}>:\n    host mx.x"
    " [192.0.2.1]: 550 No such user here\n\n------ This is a copy of the message, including all headers. ------\n",
    "postfix": "This is the mail system at mx. Your message could not be delivered.\n\n"
    f"<{ANA}>: host mx.example[192.0.2.1] said: 550 5.1.1\n    <{ANA}>: User unknown (in reply to RCPT TO command)\n",
    "sendmail": "   ----- The following addresses had permanent fatal errors -----\n"
    f"<{ANA}>\n    (reason: 550 5.1.1 unknown)\n\n   ----- Transcript of session follows -----\n"
    f">>> RCPT To:<{ANA}>\n<<< 550 5.1.1 <{ANA}>... User unknown\n",
    "exchange": "Your message\n\n  To:      Ana\n  Subject: Hello\n\ndid not reach the following recipient(s):\n\n"
    f"{ANA} on Thu, 1 Jan 2026 10:00:00 +0000\n    The recipient name is not recognized\n    MSEXCH:IMS:X 0\n",
    "domino": f"Your message\n\n  Subject: Hello\n\nwas not delivered to:\n\n  {ANA}\n\nbecause:\n\n"
    "  User Ana (ana@customers.example) not listed in Domino Directory\n",
    "japanese": f"次のあて先へのメッセージはエラーのため送信できませんでした。\n\n<{ANA}>: 550 5.1.1 User unknown\n",
    "german": f"Ihre Nachricht konnte nicht zugestellt werden:\n\n{ANA}\n550 5.1.1 Empfänger unbekannt\n",
    "russian": f"Ваше письмо не может быть доставлено одному или нескольким получателям:\n\n  {ANA}\n"
    f"    after RCPT TO:<{ANA}>: 550 5.1.1 пользователь не найден\n",
    "dragonfly": f"There was an error delivering your mail to <{ANA}>.\n\nmx.example did not like our RCPT TO:\n"
    "550 5.1.1 Recipient unknown\n\nMessage headers follow.\n\nReceived: from x\nTo: eva@other.example\n",
}


@pytest.mark.parametrize("system", WORDS)
def test_reports_in_words(system):
    mail = report(WORDS[system])
    assert mail.is_bounce
    one = only(mail)
    assert (one.address, one.reason, one.is_hard) == (ANA, Reason.NO_SUCH_USER, True)


@pytest.mark.parametrize(
    ("said", "status", "reason", "hard"),
    [
        ("550 5.1.2 Host unknown", "5.1.2", "no_such_host", True),
        ("556 5.1.10 Domain does not accept mail (null MX)", "5.1.10", "takes_no_mail", True),
        ("551 5.1.6 Recipient has moved", "5.1.6", "moved", True),
        ("450 4.1.1 Recipient unknown for now", "4.1.1", "no_such_user", False),
        ("452 4.2.2 Mailbox is over quota", "4.2.2", "mailbox_full", False),
        ("552 5.3.4 Message too large", "5.3.4", "too_large", False),
        ("550 5.7.26 Mail is unauthenticated: DMARC", "5.7.26", "authentication", False),
        ("554 5.7.1 Message looks like spam", "5.7.1", "spam", False),
        ("550 5.7.1 User unknown", "5.7.1", "refused", False),
        ("554 5.7.1 Relay access denied", "5.7.1", "relaying", False),
        ("550 5.2.1 Mailbox disabled", "5.2.1", "suspended", False),
        ("421 4.4.2 Connection timed out", "4.4.2", "expired", False),
        ("550 5.0.0 User unknown (in reply to end of DATA command)", "5.0.0", "filtered", False),
    ],
)
def test_reasons(said, status, reason, hard):
    one = only(dsn(fields(ANA, status, f"smtp; {said}")))
    assert (str(one.reason), one.is_hard) == (reason, hard)


def test_a_bounce_by_notification_service():
    news = {
        "notificationType": "Bounce",
        "bounce": {
            "bounceType": "Permanent",
            "bouncedRecipients": [
                {
                    "emailAddress": ANA,
                    "action": "failed",
                    "status": "5.1.1",
                    "diagnosticCode": "smtp; 550 5.1.1 unknown",
                }
            ],
        },
    }
    for body in (json.dumps(news), json.dumps({"Type": "Notification", "Message": json.dumps(news)})):
        mail = report(body, sender="no-reply@sns.amazonaws.com", subject="Notification")
        one = only(mail)
        assert (one.address, one.status, one.is_hard) == (ANA, "5.1.1", True)


def test_a_report_that_names_nobody_is_about_whom_the_mail_was_written_to():
    body = (
        "--b\n\nUndeliverable.\n--b\nContent-Type: message/rfc822\n\nTo: Ana <ana@customers.example>\n\nHello\n--b--\n"
    )
    mail = report(body, more='Content-Type: multipart/mixed; boundary="b"\n')
    assert only(mail).address == ANA


@pytest.mark.parametrize("sender", ["Ana <ana@customers.example>", "ana@customers.example"])
def test_a_person_who_quotes_a_report_stays_a_person(sender):
    raw = f"From: {sender}\nSubject: Fwd: failure notice\n\nWhat does this mean?\n\n{WORDS['qmail']}"
    mail = parse(raw.encode())
    assert (mail.is_machine, mail.is_bounce, reports.read(mail)) == (False, False, ())


def test_whom_a_complaint_is_about():
    body = (
        "--b\n\nA complaint.\n--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n"
        f"Original-Rcpt-To: <{ANA}>\n--b\nContent-Type: message/rfc822\n\nTo: eva@other.example\n\nHello\n--b--\n"
    )
    mail = report(body, more='Content-Type: multipart/report; report-type=feedback-report; boundary="b"\n')
    assert mail.machine.kind == "feedback"
    assert reports.complaint(mail) == (ANA,)
    assert reports.read(mail) == ()


@pytest.mark.parametrize(
    "body",
    [
        "".join(f"<u{number}@x.example>:\n\n" for number in range(3000)),
        "Final-Recipient: rfc822; a@x.example\n\n" * 3000,
        "{" * 50_000 + '"bounce"',
        "over quota its " * 5000,
    ],
)
def test_hostile_reports_end(body):
    mail = report(f"The following addresses failed:\n{ANA}\n\n{body}")
    assert len(reports.read(mail)) <= 100
