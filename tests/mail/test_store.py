import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as live_settings
from django.core.management import call_command

from tests.broker import NOWHERE, broker_at
from tests.mail import post
from tickets import blobs
from tickets.mail.store import store
from tickets.models import InboundEmail, Mailbox

pytestmark = pytest.mark.django_db


def kept(mail: bytes, to: tuple[str, ...] = ("support@desk.example",)) -> InboundEmail:
    return store(mail, source="smtp", envelope_from="Tomas@Customers.example", envelope_to=to)


def test_the_bytes_are_kept_as_they_came():
    mail = b"not \x00 even \xff a mail\r\n.\r\nFrom \n"
    row = kept(mail)
    assert blobs.read(row.raw_sha256) == mail
    assert (row.state, row.raw_size, row.envelope_from) == ("stored", len(mail), "tomas@customers.example")
    assert row.next_attempt_at is not None


def test_the_same_delivery_twice_is_one_mail():
    mail = post.raw()
    assert kept(mail, ("a@desk.example", "B@desk.example")) == kept(mail, ("b@desk.example", "a@desk.example"))
    assert InboundEmail.objects.count() == 1


def test_the_same_bytes_to_another_address_are_another_delivery():
    mail = post.raw()
    assert kept(mail) != kept(mail, ("sales@desk.example",))


def test_signs_the_database_cannot_hold_do_not_stop_a_mail():
    row = store(b"x", source="smtp", envelope_from="a\x00b@c.example" + "x" * 400, envelope_to=["\ud800@desk.example"])
    assert "\x00" not in row.envelope_from
    assert len(row.envelope_from) <= 320


def test_nothing_is_written_when_the_bytes_cannot_be(settings, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    settings.STORAGE_URL = (tmp_path / "file").as_uri()
    with pytest.raises(OSError):
        kept(post.raw())
    assert not InboundEmail.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_mail_is_stored_even_when_the_broker_is_gone():
    with broker_at(NOWHERE):
        row = kept(post.raw())
    assert InboundEmail.objects.get(pk=row.pk).state == "stored"


class TestReceiveMail:
    """The pipe: what counts for the mail server is the exit code."""

    def pipe(self, mail: bytes, monkeypatch, **options) -> int:
        import io

        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(mail)))
        try:
            call_command("receive_mail", **options)
        except SystemExit as end:
            return int(end.code or 0)
        return 0

    def test_stored_is_0(self, monkeypatch, mailbox):
        assert self.pipe(post.raw(), monkeypatch, mailbox=mailbox.name) == 0
        row = InboundEmail.objects.get()
        assert (row.mailbox, row.source, row.envelope_to) == (mailbox, "pipe", [mailbox.address])

    def test_unreadable_mail_is_0_as_well_since_it_is_ours_now(self, monkeypatch):
        assert self.pipe(b"\xff\x00 rubbish", monkeypatch) == 0
        assert InboundEmail.objects.count() == 1

    def test_our_own_trouble_is_75(self, monkeypatch, settings, tmp_path, capsys):
        (tmp_path / "file").write_bytes(b"")
        settings.STORAGE_URL = (tmp_path / "file").as_uri()
        assert self.pipe(post.raw(), monkeypatch) == 75

    def test_a_mailbox_that_is_not_there_is_our_trouble_too(self, monkeypatch, capsys):
        assert self.pipe(post.raw(), monkeypatch, mailbox="Nowhere") == 75

    def test_a_mailbox_that_is_switched_off_is_77(self, monkeypatch, mailbox, capsys):
        Mailbox.objects.update(is_enabled=False)
        assert self.pipe(post.raw(), monkeypatch, mailbox=mailbox.name) == 77
        assert not InboundEmail.objects.exists()

    def test_nothing_at_all_is_65(self, monkeypatch, capsys):
        assert self.pipe(b" \r\n", monkeypatch) == 65

    def test_too_large_is_65(self, monkeypatch, settings, capsys):
        settings.MAX_STORED_MAIL = 100
        assert self.pipe(post.raw(), monkeypatch) == 65
        assert not InboundEmail.objects.exists()

    def test_the_command_exists_for_a_shell(self):
        root = Path(live_settings.BASE_DIR)
        done = subprocess.run(
            [sys.executable, "manage.py", "receive_mail", "--help"], cwd=root, capture_output=True, check=False
        )
        assert done.returncode == 0
        assert b"--mailbox" in done.stdout
