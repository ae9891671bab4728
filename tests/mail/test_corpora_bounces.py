"""Reports of mail systems that nobody here wrote, and ordinary mail that must not be taken for one."""

import json
from pathlib import Path

import pytest

from tickets.mail import reports
from tickets.mail.parse import parse

FLOORS = json.loads((Path(__file__).parents[1] / "floors.json").read_text())
# What that corpus calls a bounce without being one: complaints, and absence notes.
_OTHERS = {"feedback": "feedback", "vacation": "absence"}


@pytest.fixture(scope="module")
def bounced(corpora):
    """(what is expected of each recipient, the mail) of every report."""
    expected = json.loads((corpora / "expectations" / "sisimai_bounces.json").read_text())["files"]
    folder = corpora / "bounces" / "sisimai"
    return [
        (people, parse((folder / name).read_bytes()))
        for name, people in expected.items()
        if people and (folder / name).is_file()
    ]


def kind_of(people):
    return _OTHERS.get(people[0]["reason"], "bounce")


def share(hits):
    found = list(hits)
    return round(sum(found) / len(found), 4)


def test_reports_are_recognised(bounced):
    assert share(mail.machine.kind == kind_of(people) for people, mail in bounced) >= FLOORS["bounces_recognised_share"]


def test_reports_get_no_automatic_answer(bounced):
    assert not [mail.subject for _people, mail in bounced if mail.may_auto_reply]


def test_every_recipient_is_found(bounced):
    counts = [
        len(reports.read(mail) or reports.complaint(mail)) == len(people)
        for people, mail in bounced
        if kind_of(people) != "absence"
    ]
    assert share(counts) >= FLOORS["bounces_recipients_share"]


def test_hard_and_soft_agree(bounced):
    agree = []
    for people, mail in bounced:
        found = reports.read(mail)
        for place, person in enumerate(people):
            if kind_of(people) != "bounce":
                agree.append(mail.machine.kind == kind_of(people))
            else:
                agree.append(place < len(found) and found[place].is_hard == person["hard_bounce"])
    assert share(agree) >= FLOORS["bounces_hard_share"]


def test_smtp_codes_agree(bounced):
    agree = []
    for people, mail in bounced:
        if kind_of(people) == "bounce":
            agree += [one.code == person["smtp_code"] for one, person in zip(reports.read(mail), people, strict=False)]
    assert share(agree) >= FLOORS["bounces_code_share"]


def is_report(raw: bytes) -> bool:
    """Whether the mail itself says that it is one: the corpora of ordinary mail hold a few."""
    head = raw[:200_000].lower()
    named = b"message/delivery-status" in head or b"multipart/report" in head
    return named or b"mailer-daemon@" in head[:3000] or b"delivery notification" in head[:3000]


def test_no_ordinary_mail_is_a_bounce(corpora):
    read = taken = 0
    for path in sorted((corpora / "email").rglob("*")):
        if path.is_file() and not path.name.startswith("_") and path.suffix not in (".json", ".zip", ".tgz"):
            raw = path.read_bytes()
            read += 1
            mail = parse(raw)
            if mail.is_bounce or mail.machine.kind == "feedback":
                assert is_report(raw), path
                taken += 1
    assert read > 900
    assert taken >= FLOORS["bounces_among_others"]
    for path in sorted((corpora / "bounces" / "sisimai" / "maildir" / "not").iterdir()):
        assert not parse(path.read_bytes()).is_bounce, path


def test_automatic_mail_of_another_desk(corpora):
    folder = corpora / "email" / "chatwoot" / "files"
    for path in folder.glob("*.eml"):
        mail = parse(path.read_bytes())
        said = path.name.startswith(("auto_reply", "bounced")) or "auto-submitted" in mail.headers
        assert mail.is_machine == said, path.name
    assert parse((folder / "bounced_gmail.eml").read_bytes()).is_bounce


def test_domain_reports_are_machine_mail(corpora):
    for name in ("dmarc-reports", "tlsreports"):
        for path in sorted((corpora / "email" / "mox" / name).rglob("*.eml")):
            mail = parse(path.read_bytes())
            assert (mail.is_machine, mail.may_auto_reply, mail.is_bounce) == (True, False, False), path
