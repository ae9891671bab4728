"""POP3 against a small server of our own always, and Dovecot where it is installed."""

from __future__ import annotations

import poplib
import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.mail import post
from tests.mail.pop_server import PopServer
from tests.mail.test_imap import Killed, _killed, a_dovecot  # noqa: F401 - a fixture
from tickets import blobs
from tickets.mail import pop3, store
from tickets.mail.sources import Round, Stumbles, Trouble
from tickets.models import InboundEmail, MailSource, OAuthGrant
from tickets.secrets import seal

pytestmark = pytest.mark.django_db


@pytest.fixture
def small():
    made = PopServer()
    yield made
    made.close()


@pytest.fixture(params=["small", "dovecot"])
def server(request):
    if request.param == "small":
        return request.getfixturevalue("small")
    made = request.getfixturevalue("a_dovecot")
    made.new_user()
    return made


def account(server, mailbox, **fields) -> MailSource:
    given = {
        "mailbox": mailbox, "kind": "pop", "host": server.host, "port": server.pop, "security": "plain",
        "username": server.user, "password": seal(server.password), "afterwards": "delete", **fields,
    }  # fmt: skip
    return MailSource.objects.create(**given)


def once(source: MailSource, stumbles: Stumbles | None = None) -> Round:
    rounds: list[Round] = []
    pop3.run(MailSource.objects.get(pk=source.pk), threading.Event(), rounds.append, stumbles or Stumbles())
    return rounds[0]


def left(server) -> int:
    line = poplib.POP3(server.host, server.pop, timeout=30)
    line.user(server.user)
    line.pass_(server.password)
    count = line.stat()[0]
    line.quit()
    return count


@pytest.mark.parametrize("afterwards", ["keep", "delete"])
def test_a_mail_is_stored_as_it_is_and_then_deleted_or_left(server, mailbox, afterwards):
    mail = post.raw(body="caf\xe9\r\n.dot\r\n..dots\r\n.\r\n" + "x" * 50_000)
    server.put(mail)
    source = account(server, mailbox, afterwards=afterwards)
    assert once(source).stored == 1
    row = InboundEmail.objects.get()
    assert blobs.read(row.raw_sha256) == mail
    assert (row.source, row.mailbox, row.origin, row.envelope_to) == ("pop", mailbox, source, [mailbox.address])
    assert row.pop_uidl
    assert left(server) == (afterwards == "keep")
    assert once(source).stored == 0
    assert InboundEmail.objects.count() == 1


def test_more_mails_than_one_session_takes(server, mailbox, monkeypatch):
    monkeypatch.setattr(pop3, "_SESSION", 3)
    for number in range(8):
        server.put(post.raw(subject=f"Number {number}"))
    assert once(account(server, mailbox)).stored == 8
    assert left(server) == 0


def test_killed_between_the_commit_and_the_deletion(server, mailbox, monkeypatch):
    server.put(post.raw())
    source = account(server, mailbox)
    with monkeypatch.context() as patch:
        patch.setattr(poplib.POP3, "dele", _killed)
        with pytest.raises(Killed):
            once(source)
    assert (InboundEmail.objects.count(), left(server)) == (1, 1)
    assert once(source).stored == 0
    assert (InboundEmail.objects.count(), left(server)) == (1, 0)


def test_killed_between_the_deletion_and_the_answered_quit(server, mailbox, monkeypatch):
    server.put(post.raw())
    source = account(server, mailbox)
    with monkeypatch.context() as patch:
        patch.setattr(poplib.POP3, "quit", _killed)
        with pytest.raises(Killed):
            once(source)
    assert (InboundEmail.objects.count(), left(server)) == (1, 1)
    once(source)
    assert (InboundEmail.objects.count(), left(server)) == (1, 0)


def test_killed_before_the_commit(server, mailbox, monkeypatch):
    server.put(post.raw())
    source = account(server, mailbox)
    with monkeypatch.context() as patch:
        patch.setattr(store, "_nudge", _killed)
        with pytest.raises(Killed):
            once(source)
    assert (InboundEmail.objects.count(), left(server)) == (0, 1)
    assert once(source).stored == 1


def test_a_connection_that_breaks_in_the_middle_of_a_mail(small, mailbox):
    for number in range(3):
        small.put(post.raw(subject=f"Number {number}"))
    source, stumbles = account(small, mailbox), Stumbles()
    small.drop = "RETR"
    with pytest.raises(Trouble):
        once(source, stumbles)
    assert (InboundEmail.objects.count(), small.left()) == (0, 3)
    small.drop = ""
    assert once(source, stumbles).stored == 2  # the one it broke at comes later, behind the others
    assert once(source).stored == 1
    assert small.left() == 0


def test_what_is_too_large_stays_and_is_told(server, mailbox, settings):
    settings.MAX_STORED_MAIL = 2000
    server.put(post.raw(body="x" * 3000))
    server.put(post.raw())
    done = once(account(server, mailbox))
    assert done.stored == 1
    assert "larger than the desk stores" in done.left[0]
    assert left(server) == 1


def test_testing_the_settings_takes_nothing(server, mailbox):
    server.put(post.raw())
    assert "has 1 mails, 1 of them" in pop3.test(account(server, mailbox))
    assert not InboundEmail.objects.exists()
    assert left(server) == 1


def test_an_empty_mailbox(server, mailbox):
    assert once(account(server, mailbox)).stored == 0


def test_what_other_servers_would_mend_stays_as_it_is(small, mailbox):
    mail = b"Subject: x\r\n\r\ntwo returns\r\r\nbare\nline \xff\x00\r\n"
    small.put(mail)
    once(account(small, mailbox))
    assert blobs.read(InboundEmail.objects.get().raw_sha256) == mail


def why(source: MailSource) -> str:
    with pytest.raises(Trouble) as caught:
        pop3.test(source)
    assert "canary" not in str(caught.value)
    return str(caught.value)


def test_what_can_be_wrong_is_said(server, mailbox):
    assert "refused the sign-in" in why(account(server, mailbox, password=seal("wrong")))


def test_a_server_without_lasting_names_cannot_be_read(small, mailbox):
    small.has_uidl = False
    small.put(post.raw())
    assert "UIDL" in why(account(small, mailbox))


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_has_to_be_trusted(a_dovecot, mailbox, monkeypatch, security):  # noqa: F811
    a_dovecot.new_user()
    a_dovecot.put(post.raw())
    port = {"tls": a_dovecot.pops, "starttls": a_dovecot.pop}[security]
    source = account(a_dovecot, mailbox, security=security, port=port)
    assert "not to be trusted" in why(source)
    monkeypatch.setenv("SSL_CERT_FILE", str(a_dovecot.certificate))
    assert once(source).stored == 1


def test_encryption_that_is_not_offered_is_not_done_without(small, mailbox):
    assert "ended" in why(account(small, mailbox, security="starttls"))


def test_signing_in_by_oauth(a_dovecot, mailbox):  # noqa: F811
    a_dovecot.new_user()
    a_dovecot.put(post.raw())
    grant = OAuthGrant.objects.create(
        name="Post", provider="google", account=a_dovecot.user, client_id="desk", access_token=seal("canary-pop"),
        expires_at=timezone.now() + timedelta(hours=1),
    )  # fmt: skip
    source = account(a_dovecot, mailbox, grant=grant, username="", password="")
    assert "refused the sign-in" in why(source)
    a_dovecot.tokens["canary-pop"] = a_dovecot.user
    assert once(source).stored == 1
