"""Mail by hand: what is in the files comes in once, and nobody is answered."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.mail import post
from tickets import blobs
from tickets.mail import importing, inbound
from tickets.models import InboundEmail, OutboundEmail, Ticket

pytestmark = pytest.mark.django_db
FOLDER = Path(__file__).parents[1] / "eml"


def take(content: bytes, mailbox=None) -> importing.Imported:
    done = importing.Imported()
    importing.take(io.BytesIO(content), "file", done, mailbox)
    return done


def kept() -> list[bytes]:
    return [blobs.read(row.raw_sha256) for row in InboundEmail.objects.order_by("pk")]


def applied() -> InboundEmail:
    row = InboundEmail.objects.get()
    inbound.apply(row.pk)
    return InboundEmail.objects.select_related("message", "ticket").get()


def folder(*mails: bytes, end: bytes = b"\n") -> bytes:
    return b"".join(
        b"From tomas@customers.example Mon Mar  2 10:00:00 2026" + end
        + b"".join((b">" + line if line.lstrip(b">").startswith(b"From ") else line) for line in one.splitlines(True))
        + end for one in mails
    )  # fmt: skip


def test_an_eml_is_stored_as_it_is(mailbox):
    mail = post.raw()
    done = take(mail, mailbox)
    row = InboundEmail.objects.get()
    assert (done.mails, done.already, done.problems) == ([row], 0, [])
    assert (kept(), row.source, row.mailbox) == ([mail], "import", mailbox)
    assert take(mail, mailbox).already == 1
    assert InboundEmail.objects.count() == 1


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_folder_of_mails(mailbox, end):
    mails = [
        post.raw(subject=f"Number {number}", body="One\n\nFrom here on it is quoted\n>From there too\nFrom x")
        for number in range(3)
    ]
    mails = [mail.replace(b"\r\n", b"\n").replace(b"\n", end) for mail in mails]
    assert len(take(folder(*mails, end=end), mailbox).mails) == 3
    assert kept() == mails


def test_a_mail_of_outlook(mailbox):
    content = (FOLDER / "outlook.msg").read_bytes()
    assert len(take(content, mailbox).mails) == 1
    assert take(content, mailbox).already == 1
    row = applied()
    assert (row.state, row.sender, row.subject) == ("applied", "tomas@customers.example", "Die Heizung ist kalt")
    assert row.rfc_message_id == "<outlook-7@mail.customers.example>"
    assert "Grüße aus dem Keller" in row.message.body
    assert "<b>Keller</b>" in row.message.html
    file = row.message.attachments.get()
    assert (file.name, blobs.read(file.sha256)) == ("Zähler.txt", b"17 degrees\r\n")


def test_a_draft_of_outlook_has_no_header_but_its_properties(mailbox):
    assert len(take((FOLDER / "outlook_draft.msg").read_bytes(), mailbox).mails) == 1
    row = applied()
    assert (row.sender, row.subject, row.message.body.strip()) == ("tomas@customers.example", "A draft", "Only words.")
    assert row.message.author.name == "Tomás Herrera"


@pytest.mark.parametrize("cut", [20, 600, 3000])
def test_a_damaged_file_of_outlook_is_told(mailbox, cut):
    done = take((FOLDER / "outlook.msg").read_bytes()[:cut], mailbox)
    assert "not a .msg file that can be read" in done.problems[0]
    assert not InboundEmail.objects.exists()


@pytest.mark.parametrize("content", [b"", b" \r\n", b"From nobody\n\n"])
def test_a_file_without_mail_is_told(content):
    assert "no mail in it" in take(content).problems[0]


def test_a_mail_that_is_too_large_does_not_stop_the_others(settings, mailbox):
    settings.MAX_STORED_MAIL = 2000
    done = take(folder(post.raw(), post.raw(body="x\n" * 3000), post.raw(subject="last")), mailbox)
    assert len(done.mails) == 2
    assert "file, 2: the mail is larger" in done.problems[0]


def test_nobody_is_answered_and_no_limit_holds_them_back(mailbox):
    take(folder(*[post.raw(subject=f"Number {number}") for number in range(12)]), mailbox)
    for row in InboundEmail.objects.all():
        inbound.apply(row.pk)
    post.settle()
    assert Ticket.objects.count() == 12
    assert not OutboundEmail.objects.filter(kind="auto_response").exists()


class TestCommand:
    def run(self, *files, **options) -> str:
        out = io.StringIO()
        call_command("import_mail", *map(str, files), stdout=out, **options)
        return out.getvalue()

    def test_files_of_every_kind(self, mailbox, tmp_path):
        (tmp_path / "one.eml").write_bytes(post.raw())
        (tmp_path / "folder").write_bytes(folder(post.raw(), post.raw()))
        said = self.run(tmp_path / "one.eml", tmp_path / "folder", FOLDER / "outlook.msg", mailbox=mailbox.name)
        assert said == "4 stored, 0 known before.\n"
        assert {row.mailbox for row in InboundEmail.objects.all()} == {mailbox}

    def test_what_cannot_be_taken_is_said_and_the_rest_is_taken(self, tmp_path):
        (tmp_path / "one.eml").write_bytes(post.raw())
        with pytest.raises(CommandError, match="No such file"):
            self.run(tmp_path / "missing.eml", tmp_path / "one.eml")
        assert InboundEmail.objects.count() == 1

    def test_a_mailbox_has_to_be_there(self, tmp_path):
        with pytest.raises(CommandError, match="no mailbox Nowhere"):
            self.run(tmp_path / "one.eml", mailbox="Nowhere")
