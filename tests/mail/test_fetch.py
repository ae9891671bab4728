"""The threads that read the mail accounts: leases, settings that change, failures, and processes that are killed."""

from __future__ import annotations

import os
import sys
import threading
from datetime import timedelta

import pytest
from django.conf import settings as live
from django.db import connection, transaction
from django.utils import timezone

from tests.chaos.processes import Process, database_url
from tests.mail import post
from tests.mail.imap_server import Pymap
from tests.mail.test_imap import account
from tests.wait import free_port, until
from tickets import blobs
from tickets.mail import fetch
from tickets.models import InboundEmail, MailSource
from tickets.secrets import seal

# The watcher works in threads: what it stores has to be committed to be seen.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server():
    made = Pymap()
    yield made
    made.close()


@pytest.fixture
def watch(monkeypatch):
    """Starts watchers, as many as processes would."""
    monkeypatch.setattr(fetch, "LOOK_SECONDS", 0.1)
    started = []

    def start() -> fetch.Watcher:
        watcher, stop = fetch.Watcher(), threading.Event()
        thread = threading.Thread(target=watcher.run, args=[stop])
        started.append((stop, thread))
        thread.start()
        return watcher

    yield start
    for stop, _ in started:
        stop.set()
    for _, thread in started:
        thread.join()


def now() -> MailSource:
    return MailSource.objects.get()


def readers() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("mail-")]


def test_without_accounts_there_is_no_thread(watch, mailbox):
    MailSource.objects.create(mailbox=mailbox, kind="webhook", provider="mailgun")
    watcher = watch()
    assert list(watcher._due()) == []
    assert readers() == []


def test_mail_arrives_as_it_comes_and_the_account_says_how_it_goes(watch, server, mailbox):
    account(server, mailbox)
    watch()
    until(lambda: now().last_success_at)
    server.put(post.raw())
    until(lambda: InboundEmail.objects.exists())
    until(lambda: now().stored_count == 1)
    assert (now().last_error, now().failures) == ("", 0)
    assert now().lease_until > timezone.now()


def test_two_processes_never_read_one_account(watch, server, mailbox):
    account(server, mailbox)
    watchers = [watch(), watch()]
    until(lambda: now().last_success_at)
    for number in range(5):
        server.put(post.raw(subject=f"Number {number}"))
    until(lambda: InboundEmail.objects.count() == 5)
    assert len(readers()) == 1
    assert now().lease_owner in {watcher.owner for watcher in watchers}


def test_who_stops_gives_the_account_back(server, mailbox, monkeypatch):
    monkeypatch.setattr(fetch, "LOOK_SECONDS", 0.1)
    account(server, mailbox)
    stop = threading.Event()
    thread = threading.Thread(target=fetch.Watcher().run, args=[stop])
    thread.start()
    until(lambda: now().last_success_at)
    stop.set()
    thread.join()
    assert (now().lease_owner, now().lease_until) == ("", None)
    assert readers() == []


def test_a_lease_that_ran_out_is_taken_over(watch, server, mailbox):
    account(server, mailbox)
    MailSource.objects.update(lease_owner="killed", lease_until=timezone.now() + timedelta(hours=1))
    watcher = watch()
    server.put(post.raw())
    assert not InboundEmail.objects.exists()
    MailSource.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    until(lambda: InboundEmail.objects.exists())
    assert now().lease_owner == watcher.owner
    assert fetch.LEASE + timedelta(seconds=5) <= timedelta(seconds=45)


@pytest.mark.parametrize("change", ["account", "mailbox", "lease"])
def test_what_is_switched_off_or_lost_is_left_alone(watch, server, mailbox, change):
    source = account(server, mailbox)
    watch()
    until(lambda: now().last_success_at)
    if change == "account":
        source.is_enabled = False
        source.save()
    elif change == "mailbox":
        mailbox.is_enabled = False
        mailbox.save()
    else:
        MailSource.objects.update(lease_owner="somebody else", lease_until=timezone.now() + timedelta(hours=1))
    until(lambda: not readers())
    assert now().lease_owner == ("somebody else" if change == "lease" else "")


def test_a_change_of_settings_is_picked_up(watch, server, mailbox):
    source = account(server, mailbox, password=seal("wrong"))
    watch()
    until(lambda: "refused the sign-in" in now().last_error)
    assert now().next_attempt_at > timezone.now()
    source.password = seal(server.password)
    source.save()
    until(lambda: now().last_success_at)
    server.make("Other")
    server.put(post.raw(), "Other")
    source.folder = "Other"
    source.save()
    until(lambda: InboundEmail.objects.filter(folder="Other").exists())


def test_a_lease_that_ends_while_it_is_renewed_stays_ended(watch, server, mailbox):
    """Settings are saved, which ends the lease, while the renewing statement waits for their row: nobody would read
    the account until the lease of nobody runs out."""
    source = account(server, mailbox)
    watcher = watch()
    until(lambda: now().last_success_at)
    with transaction.atomic():
        source.save()
        until(waits_for_a_row)
    until(lambda: now().lease_owner == watcher.owner, seconds=fetch.LEASE.seconds / 2)


def waits_for_a_row() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
        return cursor.fetchone() is not None


def test_failures_are_counted_and_pauses_grow(mailbox):
    source = MailSource.objects.create(
        mailbox=mailbox, host="127.0.0.1", port=free_port(), security="plain", username="x"
    )
    pauses = []
    for _ in range(8):
        fetch._failed(source.pk, "Nobody answers")
        pauses.append((now().next_attempt_at - now().last_error_at).total_seconds())
    assert pauses[:3] == [5, 15, 45]
    assert pauses[-1] == 300
    assert now().failures == 8


def test_a_server_that_comes_back_is_read_again(watch, server, mailbox, monkeypatch):
    monkeypatch.setattr(fetch, "_FIRST_PAUSE", 0)
    account(server, mailbox)
    watch()
    until(lambda: now().last_success_at)
    server.close()
    until(lambda: now().failures)
    assert now().last_error
    server.start()
    server.put(post.raw())
    until(lambda: InboundEmail.objects.exists())
    until(lambda: now().failures == 0)
    assert now().last_error == ""


def test_a_fault_of_the_desk_itself_shows_no_secret(watch, server, mailbox, monkeypatch, caplog):
    def breaks(*given):
        raise RuntimeError("canary-password")

    monkeypatch.setattr(fetch.imap, "run", breaks)
    account(server, mailbox)
    watch()
    until(lambda: now().last_error)
    assert "canary" not in now().last_error


# -- the process --


@pytest.fixture
def intake(tmp_path, monkeypatch):
    environment = {
        "DJANGO_SETTINGS_MODULE": "helpdesk.settings", "DATABASE_URL": database_url(), "SECRET_KEY": live.SECRET_KEY,
        "STORAGE_URL": live.STORAGE_URL, "SMTP_IN": f"127.0.0.1:{free_port()}", "REDIS_URL": live.REDIS_URL,
    }  # fmt: skip
    made = Process([sys.executable, "manage.py", "smtp_intake"], tmp_path / "intake.log", environment)
    yield made
    made.kill()
    assert "canary" not in (tmp_path / "intake.log").read_text()


@pytest.mark.services
def test_an_intake_that_is_killed_again_and_again_loses_and_doubles_nothing(intake, server, mailbox):
    account(server, mailbox, afterwards="delete")
    mails = [post.raw(subject=f"Number {number}", body="x" * 5000) for number in range(60)]
    for mail in mails[:40]:
        server.put(mail)
    for so_far in (5, 20, 35):
        MailSource.objects.update(lease_until=None)
        intake.start()
        until(lambda so_far=so_far: InboundEmail.objects.count() >= so_far, 60)
        intake.kill()
    for mail in mails[40:]:
        server.put(mail)
    MailSource.objects.update(lease_until=None)
    intake.start()
    until(lambda: not server.mails(), 60)
    until(lambda: now().last_success_at)
    rows = InboundEmail.objects.all()
    assert sorted(blobs.read(row.raw_sha256) for row in rows) == sorted(mails)
    assert len(rows) == len(mails)


@pytest.mark.services
def test_a_new_account_is_read_without_a_restart_and_sigterm_ends_it(intake, server, mailbox):
    intake.start()
    until(lambda: b"Taking mail" in intake.log.read_bytes(), 60)
    account(server, mailbox)
    server.put(post.raw())
    until(lambda: InboundEmail.objects.exists())
    os.kill(intake._running.pid, 15)
    assert intake._running.wait(30) == 0
    intake._running = None
    assert now().lease_until is None
