"""IMAP against real servers: pymap always, Dovecot where it is installed."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from imapclient import DELETED, SEEN
from imapclient.exceptions import IMAPClientError

from tests.mail import dovecot, post
from tests.mail.imap_server import Pymap
from tests.wait import free_port, until
from tickets import blobs
from tickets.mail import imap, store
from tickets.mail.sources import Round, Stumbles, Trouble
from tickets.models import InboundEmail, MailSource, OAuthGrant
from tickets.secrets import seal

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def a_dovecot():
    if why := dovecot.why_not():
        pytest.skip(why)
    made = dovecot.Dovecot()
    yield made
    made.close()


@pytest.fixture(params=["pymap", "dovecot"])
def server(request):
    if request.param == "dovecot":
        made = request.getfixturevalue("a_dovecot")
        made.new_user()
        yield made
        return
    made = Pymap()
    yield made
    made.close()


def account(server, mailbox, **fields) -> MailSource:
    given = {
        "mailbox": mailbox, "host": server.host, "port": server.port, "security": "plain", "username": server.user,
        "password": seal(server.password), "fetch_since": None, **fields,
    }  # fmt: skip
    return MailSource.objects.create(**given)


def once(source: MailSource, stumbles: Stumbles | None = None) -> Round:
    """One session with one round, noted as the watcher notes it."""
    stop, rounds = threading.Event(), []

    def told(done: Round) -> None:
        rounds.append(done)
        stop.set()

    imap.run(MailSource.objects.get(pk=source.pk), stop, told, stumbles or Stumbles())
    MailSource.objects.filter(pk=source.pk).update(uidvalidity=rounds[0].uidvalidity, last_uid=rounds[0].last_uid)
    return rounds[0]


@pytest.mark.parametrize("afterwards", ["keep", "delete", "move"])
def test_a_mail_is_stored_as_it_is_and_the_server_told(server, mailbox, afterwards):
    mail = post.raw(body="caf\xe9\r\n.dot\r\n" + "x" * 20_000)
    server.put(mail)
    source = account(server, mailbox, afterwards=afterwards)
    assert once(source).stored == 1
    row = InboundEmail.objects.get()
    assert blobs.read(row.raw_sha256) == mail
    assert (row.source, row.mailbox, row.origin, row.folder) == ("imap", mailbox, source, "INBOX")
    assert row.envelope_to == [mailbox.address]
    assert row.uid
    assert row.uidvalidity
    left = {"keep": 1, "delete": 0, "move": 0}[afterwards]
    assert [SEEN in flags for flags in server.mails().values()] == [True] * left
    assert ("Processed" in server.folders()) is (afterwards == "move")
    if afterwards == "move":
        assert len(server.mails("Processed")) == 1


@pytest.mark.parametrize("afterwards", ["keep", "delete", "move"])
def test_each_mail_is_taken_once(server, mailbox, afterwards):
    source = account(server, mailbox, afterwards=afterwards)
    for count in range(1, 4):
        server.put(post.raw(subject=f"Number {count}"))
        once(source)
        assert InboundEmail.objects.count() == count
    assert once(source).stored == 0


def test_large_mails_come_in_parts(server, mailbox):
    mail = post.raw(body="\r\n".join(f"{number:070}" for number in range(40_000)))
    assert len(mail) > 2 * imap.CHUNK
    server.put(mail)
    once(account(server, mailbox, afterwards="delete"))
    assert blobs.read(InboundEmail.objects.get().raw_sha256) == mail
    assert server.mails() == {}


def test_what_another_program_marked_as_deleted_stays(server, mailbox):
    server.put(post.raw(subject="marked by somebody else"), flags=[DELETED])
    server.put(post.raw())
    once(account(server, mailbox, afterwards="delete"))
    assert list(server.mails().values()) == [(DELETED,)]
    assert InboundEmail.objects.count() == 1


@pytest.mark.parametrize("afterwards", ["delete", "move"])
def test_a_server_that_can_neither_move_nor_delete_single_mails(mailbox, afterwards):
    server = Pymap(b"UIDPLUS", b"MOVE", b"IDLE")
    try:
        server.put(post.raw())
        source = account(server, mailbox, afterwards=afterwards)
        once(source)
        assert list(server.mails().values()) == [(DELETED,)]
        assert len(server.mails("Processed")) == 1
        assert once(source).stored == 0
        assert len(server.mails("Processed")) == 1
    finally:
        server.close()


# -- the crash windows --


class Killed(BaseException):
    """What a kill is to the code: nothing after it runs."""


@pytest.mark.parametrize("afterwards", ["keep", "delete", "move"])
def test_killed_between_the_commit_and_telling_the_server(server, mailbox, afterwards, monkeypatch):
    server.put(post.raw())
    source = account(server, mailbox, afterwards=afterwards)
    with monkeypatch.context() as patch:
        patch.setattr(imap.Folder, "_tell", _killed)
        with pytest.raises(Killed):
            once(source)
    assert InboundEmail.objects.count() == 1
    assert [DELETED in flags or SEEN in flags for flags in server.mails().values()] == [False]
    assert once(source).stored == 0
    assert InboundEmail.objects.count() == 1
    assert len(server.mails()) == (afterwards == "keep")


def test_killed_between_marking_and_removing(server, mailbox, monkeypatch):
    server.put(post.raw(subject="marked by somebody else"), flags=[DELETED])
    server.put(post.raw())
    source = account(server, mailbox, afterwards="delete")
    with monkeypatch.context() as patch:
        patch.setattr("imapclient.IMAPClient.uid_expunge", _killed)
        with pytest.raises(Killed):
            once(source)
    assert list(server.mails().values()) == [(DELETED,), (DELETED,)]
    assert once(source).stored == 0
    assert len(server.mails()) == 1


@pytest.mark.parametrize("step", ["_nudge", "InboundEmail"])
def test_killed_before_the_commit(server, mailbox, step, monkeypatch):
    server.put(post.raw())
    source = account(server, mailbox, afterwards="delete")
    with monkeypatch.context() as patch:
        patch.setattr(store, step, _killed)
        with pytest.raises(Killed):
            once(source)
    assert not InboundEmail.objects.exists()
    assert [DELETED in flags for flags in server.mails().values()] == [False]
    assert once(source).stored == 1
    assert server.mails() == {}


def _killed(*args, **fields):
    raise Killed


def test_a_full_disk_leaves_the_mail_where_it_is(server, mailbox, settings, tmp_path):
    server.put(post.raw())
    source = account(server, mailbox, afterwards="delete")
    good = settings.STORAGE_URL
    (tmp_path / "file").write_bytes(b"")
    settings.STORAGE_URL = (tmp_path / "file").as_uri()
    with pytest.raises(Trouble, match="cannot store mail now"):
        once(source)
    assert len(server.mails()) == 1
    settings.STORAGE_URL = good
    assert once(source).stored == 1


# -- new numbers, old mail, bad mail --


@pytest.mark.parametrize("afterwards", ["keep", "delete"])
def test_a_folder_that_got_new_numbers_brings_nothing_twice(server, mailbox, afterwards, caplog):
    mails = [post.raw(subject=f"Number {number}") for number in range(3)]
    server.make("Support")
    for mail in mails:
        server.put(mail, "Support")
    source = account(server, mailbox, folder="Support", afterwards="keep")
    once(source)
    before = set(InboundEmail.objects.values_list("pk", "uidvalidity"))
    server.remove("Support")
    until(lambda: _made_with_new_numbers(server, next(iter(before))[1]))
    for mail in [*mails, post.raw(subject="new")]:
        server.put(mail, "Support")
    MailSource.objects.update(afterwards=afterwards)
    once(source)
    assert InboundEmail.objects.count() == 4
    assert len(set(InboundEmail.objects.values_list("uidvalidity", flat=True))) == 1
    assert {pk for pk, _ in before} < set(InboundEmail.objects.values_list("pk", flat=True))
    assert "new numbers" in caplog.text
    assert len(server.mails("Support")) == (4 if afterwards == "keep" else 0)


def _made_with_new_numbers(server, old: int) -> bool:
    """Dovecot counts UIDVALIDITY in seconds."""
    server.make("Support")
    with server.client() as client:
        if client.folder_status("Support", ["UIDVALIDITY"])[b"UIDVALIDITY"] != old:
            return True
    server.remove("Support")
    return False


def test_mail_from_before_the_day_that_was_set_stays_untouched(server, mailbox):
    server.put(post.raw(subject="old"), at=datetime(2020, 1, 1, tzinfo=UTC))
    server.put(post.raw(subject="yesterday"), at=timezone.now() - timedelta(hours=30))
    server.put(post.raw(subject="new"), at=timezone.now())
    source = account(server, mailbox, afterwards="delete", fetch_since=timezone.now() - timedelta(hours=1))
    assert once(source).stored == 1
    assert len(server.mails()) == 2


def test_one_bad_mail_does_not_stop_the_others(server, mailbox, monkeypatch):
    for number in range(3):
        server.put(post.raw(subject=f"Number {number}"))
    bad = min(server.mails())
    source, stumbles = account(server, mailbox), Stumbles()
    whole = imap.Folder._whole
    with monkeypatch.context() as patch:
        patch.setattr(imap.Folder, "_whole", lambda self, uid: _refuse(uid == bad) or whole(self, uid))
        done = once(source, stumbles)
    assert done.stored == 2
    assert f"Mail {bad} could not be taken" in done.left[0]
    assert done.last_uid < bad
    assert once(source, stumbles).stored == 0  # its turn comes later
    stumbles._counts[bad] = (1, 0.0)
    assert once(source, stumbles).stored == 1
    assert MailSource.objects.get().last_uid == max(server.mails())


def _refuse(whether: bool) -> None:
    if whether:
        raise IMAPClientError("FETCH failed: [SERVERBUG]")


def test_a_mail_that_breaks_the_connection_goes_behind_the_others(server, mailbox, monkeypatch):
    from imapclient.exceptions import ProtocolError

    for number in range(2):
        server.put(post.raw(subject=f"Number {number}"))
    bad = min(server.mails())
    source, stumbles = account(server, mailbox), Stumbles()
    whole = imap.Folder._whole

    def breaks(self, uid):
        if uid == bad:
            raise ProtocolError("nonsense")
        return whole(self, uid)

    monkeypatch.setattr(imap.Folder, "_whole", breaks)
    with pytest.raises(Trouble):
        once(source, stumbles)
    assert once(source, stumbles).stored == 1


def test_a_mail_that_is_too_large_stays_and_is_told(server, mailbox, settings):
    settings.MAX_STORED_MAIL = 2000
    server.put(post.raw(body="x" * 3000))
    server.put(post.raw())
    done = once(account(server, mailbox, afterwards="delete"))
    assert done.stored == 1
    assert "larger than the desk stores" in done.left[0]
    assert len(server.mails()) == 1


# -- waiting --


@pytest.mark.parametrize("idle", [True, False])
def test_new_mail_is_seen_while_waiting(server, mailbox, monkeypatch, idle):
    """By IDLE long before the next poll; without IDLE by the poll."""
    monkeypatch.setattr(imap, "POLL_SECONDS", 600 if idle else 0.05)
    if not idle:
        monkeypatch.setattr("imapclient.IMAPClient.has_capability", lambda self, name: name != "IDLE")
    stop, rounds = threading.Event(), []

    def told(done: Round) -> None:
        rounds.append(done)
        if len(rounds) == 1:
            writer.start()
        if done.stored:
            stop.set()

    writer = threading.Thread(target=server.put, args=[post.raw()])
    imap.run(account(server, mailbox), stop, told, Stumbles())
    writer.join()
    assert sum(one.stored for one in rounds) == 1


def test_idle_is_begun_anew_long_before_the_server_would_end_it():
    assert imap.POLL_SECONDS <= 29 * 60


# -- words --


def why(source: MailSource) -> str:
    with pytest.raises(Trouble) as caught:
        imap.test(source)
    assert "canary" not in str(caught.value)
    return str(caught.value)


def test_testing_the_settings_takes_nothing(server, mailbox):
    server.put(post.raw())
    said = imap.test(account(server, mailbox, afterwards="delete"))
    assert "Folder INBOX has 1 mails, 1 of them" in said
    assert not InboundEmail.objects.exists()
    assert len(server.mails()) == 1


def test_what_can_be_wrong_is_said(server, mailbox):
    source = account(server, mailbox)
    source.password = seal("wrong")
    assert "refused the sign-in" in why(source)
    source.password = "sealed by another desk"
    assert "SECRET_KEY has changed" in why(source)
    source.password, source.folder = seal(server.password), "Nowhere"
    assert "no folder named Nowhere" in why(source)
    source.folder, source.security = "INBOX", "tls"
    assert "wrong port or encryption" in why(source) or "did not answer" in why(source) or "ended" in why(source)
    source.security, source.port = "plain", free_port()
    assert "Nobody answers" in why(source)
    source.host = "no-such-host.invalid"
    assert "Without encryption only" in why(source)
    source.security = "tls"
    assert "no server named" in why(source)


def test_encryption_that_is_not_offered_is_not_done_without(mailbox):
    server = Pymap()
    try:
        assert "no STARTTLS" in why(account(server, mailbox, security="starttls"))
    finally:
        server.close()


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_has_to_be_trusted(a_dovecot, mailbox, monkeypatch, security):
    a_dovecot.new_user()
    a_dovecot.put(post.raw())
    port = {"tls": a_dovecot.imaps, "starttls": a_dovecot.port}[security]
    source = account(a_dovecot, mailbox, security=security, port=port)
    assert "not to be trusted" in why(source)
    monkeypatch.setenv("SSL_CERT_FILE", str(a_dovecot.certificate))
    assert once(source).stored == 1
    source.host = "localhost"  # the certificate names only the number
    assert "not to be trusted" in why(source)


def test_signing_in_by_oauth(a_dovecot, mailbox):
    a_dovecot.new_user()
    a_dovecot.put(post.raw())
    grant = OAuthGrant.objects.create(
        name="Post", provider="google", account=a_dovecot.user, client_id="desk", access_token=seal("canary-access"),
        expires_at=timezone.now() + timedelta(hours=1),
    )  # fmt: skip
    source = account(a_dovecot, mailbox, grant=grant, username="", password="")
    assert "refused the sign-in" in why(source)
    a_dovecot.tokens["canary-access"] = a_dovecot.user
    assert once(source).stored == 1


def test_a_server_that_hangs_up_is_trouble(mailbox, monkeypatch):
    server = Pymap()
    source = account(server, mailbox)
    monkeypatch.setattr(imap.Folder, "wait", lambda self, stop: server.close())
    with pytest.raises(Trouble, match=r"ended|Nobody answers"):
        imap.run(source, threading.Event(), lambda done: None, Stumbles())


def renumber(source: MailSource, server) -> None:
    """As if the server that was read had had the numbers of this one."""
    with server.client() as client:
        uidvalidity = client.folder_status("INBOX", ["UIDVALIDITY"])[b"UIDVALIDITY"]
    for row in InboundEmail.objects.filter(origin=source):
        key = store.Origin(source.pk, row.folder, uidvalidity, row.uid).key()
        InboundEmail.objects.filter(pk=row.pk).update(uidvalidity=uidvalidity, delivery_key=key)
    MailSource.objects.filter(pk=source.pk).update(uidvalidity=uidvalidity)


@pytest.mark.parametrize("afterwards", ["keep", "delete"])
def test_another_account_with_the_same_numbers_has_mails_of_its_own(mailbox, afterwards):
    """Servers give many accounts the same UIDVALIDITY, and UIDs from 1 on."""
    old, new = Pymap(), Pymap()
    try:
        moved = post.raw(body="Moved along.")
        for server, mail in ((old, post.raw(body="Old.")), (new, post.raw(body="New."))):
            server.put(mail)
            server.put(moved)
        source = account(old, mailbox, afterwards=afterwards)
        once(source)
        renumber(source, new)
        source = MailSource.objects.get()
        source.host, source.port = "localhost", new.port
        source.save()
        once(source)
        texts = [blobs.read(row.raw_sha256).splitlines()[-1] for row in InboundEmail.objects.order_by("pk")]
        assert texts == [b"Old.", b"Moved along.", b"New."]
        assert len(new.mails()) == {"keep": 2, "delete": 0}[afterwards]
    finally:
        old.close()
        new.close()


def test_another_folder_with_the_same_numbers_is_read_from_its_beginning(mailbox):
    server = Pymap()
    try:
        server.make("Other")
        server.put(post.raw(body="In the inbox."))
        server.put(post.raw(body="In the other."), "Other")
        source = account(server, mailbox)
        once(source)
        with server.client() as client:
            uidvalidity = client.folder_status("Other", ["UIDVALIDITY"])[b"UIDVALIDITY"]
        MailSource.objects.update(uidvalidity=uidvalidity)
        source = MailSource.objects.get()
        source.folder = "Other"
        source.save()
        assert once(source).stored == 1
    finally:
        server.close()
