"""Files of a form that was refused stay with the desk: for that form, for a day, so many for each network."""

from __future__ import annotations

import os
import re
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from tests import factories, people
from tests.forms import form
from tickets import blobs
from tickets.actions import drafts, holding
from tickets.actions.writing import Upload
from tickets.models import Attachment, Department, Desk, HeldUpload, HelpTopic, IdempotencyKey, Ticket

NEW = "/tickets/new/"
FILES = [{"kind": "file", "key": "proof", "label": "Proof", "required": "send"}]


def file(name: str = "badge.png", content: bytes = b"picture", kind: str = "image/png") -> SimpleUploadedFile:
    made = SimpleUploadedFile("x", content, kind)
    made._name = name  # what a browser sends may be anything
    return made


def kept(response: Any) -> list[str]:
    return re.findall(r'name="kept" value="([^"]+)" checked', response.content.decode())


@pytest.fixture
def refused(client: Client, desk: Desk, request_form: Any) -> tuple[dict[str, Any], list[str]]:
    """A form that lacked its subject, and the keys of its two files on the page that came back."""
    typed = request_form(subject="")
    response = client.post(NEW, typed | {"attachments": [file(), file("log.txt", b"a line", "text/plain")]})
    assert response.status_code == 422
    return typed, kept(response)


def test_a_refused_form_keeps_its_files_and_sends_them_when_it_is_mended(client: Client, refused: Any) -> None:
    typed, keys = refused
    assert len(keys) == 2
    mended = typed | {"subject": "With files", "kept": keys}
    assert client.post(NEW, mended).status_code == 302
    sent = Attachment.objects.order_by("name").values_list("name", "content_type", "size")
    assert list(sent) == [("badge.png", "image/png", 7), ("log.txt", "text/plain", 6)]
    assert blobs.read(Attachment.objects.get(name="log.txt").sha256) == b"a line"
    assert client.post(NEW, mended).status_code == 302  # sent twice
    assert Ticket.objects.count() == 1


def test_what_was_unticked_is_not_sent(client: Client, refused: Any) -> None:
    typed, keys = refused
    client.post(NEW, typed | {"subject": "One file", "kept": keys[1:]})
    assert Attachment.objects.get().name == "log.txt"


def test_refused_twice_it_still_keeps_them(client: Client, refused: Any) -> None:
    typed, keys = refused
    assert kept(client.post(NEW, typed | {"kept": keys})) == keys


def test_files_too_many_or_too_large_cost_only_themselves(
    client: Client, desk: Desk, request_form: Any, settings: Any
) -> None:
    settings.MAX_ATTACHMENT = 100
    typed = request_form(attachments=[file("film.mov", b"x" * 101), file("small.txt")])
    response = client.post(NEW, typed)
    page = response.content.decode()
    assert "film.mov is too large" in page
    assert "These files were not kept; please choose them again if you need them: film.mov" in page
    assert list(HeldUpload.objects.values_list("name", flat=True)) == ["small.txt"]
    many = client.post(NEW, request_form(attachments=[file(f"{n}.txt", b"%d" % n) for n in range(11)]))
    assert "At most 10 files fit." in many.content.decode()
    assert len(kept(many)) == 11


def test_they_are_of_that_form_only(client: Client, refused: Any, request_form: Any) -> None:
    _typed, keys = refused
    other = request_form(kept=[*keys, "nonsense", str(uuid.uuid4())])
    assert client.post(NEW, other).status_code == 302
    assert not Attachment.objects.exists()


def test_and_for_a_day_only(client: Client, refused: Any) -> None:
    typed, keys = refused
    HeldUpload.objects.update(expires_at=timezone.now())
    client.post(NEW, typed | {"subject": "Late", "kept": keys})
    assert Ticket.objects.exists()
    assert not Attachment.objects.exists()


def test_a_file_that_must_be_given_is_given(client: Client, department: Department, request_form: Any) -> None:
    topic = factories.help_topic(department, slug="proof", form=form(FILES))
    asked = {"topic": "proof", "asked": str(HelpTopic.objects.get(pk=topic.pk).form.current.pk)}
    typed = request_form(subject="", **asked)
    keys = kept(client.post(NEW, typed | {"field_proof": file("scan.pdf", b"%PDF")}))
    response = client.post(NEW, typed | {"subject": "Proven", "kept": keys})
    assert response.status_code == 302
    assert Ticket.objects.get().fields["proof"][0]["name"] == "scan.pdf"
    assert Attachment.objects.get().name == "scan.pdf"


def test_a_refused_reply_keeps_them_too(signed_in: Client, ticket: Ticket) -> None:
    where, typed = f"/tickets/{ticket.number}/reply/", {"body": " ", "nonce": str(uuid.uuid4())}
    keys = kept(signed_in.post(where, typed | {"attachments": file()}))
    signed_in.post(where, typed | {"body": "Here it is.", "kept": keys})
    assert ticket.messages.latest("pk").attachments.get().name == "badge.png"


class TestSentAhead:
    def send(self, client: Client, sent: Any, mark: str, field: str = "attachments") -> Any:
        return client.post("/uploads/", {"nonce": mark, "field": field, "file": sent})

    def test_it_goes_with_its_form(self, client: Client, desk: Desk, request_form: Any) -> None:
        typed = request_form()
        keys = kept(self.send(client, file(), typed["nonce"]))
        client.post(NEW, typed | {"kept": keys})
        assert Attachment.objects.get().name == "badge.png"
        assert HeldUpload.objects.get().is_sent

    @pytest.mark.parametrize(
        ("name", "content", "kept_as"),
        [
            ("empty.txt", b"", "empty.txt"),
            ("../../etc/passwd", b"x", "passwd"),
            ("C:\\fakepath\\setup.exe", b"MZ\x90", "setup.exe"),
            ("picture.png", b"<script>alert(1)</script>", "picture.png"),
            ("\u202egnp.exe", b"x", "gnp.exe"),
            (".htaccess", b"x", "htaccess"),
        ],
    )
    def test_whatever_it_is_called_or_holds(
        self, client: Client, desk: Desk, request_form: Any, name: str, content: bytes, kept_as: str
    ) -> None:
        typed = request_form()
        client.post(NEW, typed | {"kept": kept(self.send(client, file(name, content), typed["nonce"]))})
        sent = Attachment.objects.get()
        assert (sent.name, sent.size) == (kept_as, len(content))
        assert len(sent.sha256) == 64

    @pytest.mark.parametrize("wrong", [{"nonce": "none"}, {"field": "../x"}, {"file": ""}])
    def test_it_needs_a_form(self, client: Client, desk: Desk, wrong: dict[str, str]) -> None:
        sent = {"nonce": str(uuid.uuid4()), "field": "attachments", "file": file()} | wrong
        assert client.post("/uploads/", sent).status_code == 422
        assert not HeldUpload.objects.exists()

    def test_each_network_has_so_much_room(self, client: Client, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(holding, "ROOM", 10)
        assert self.send(client, file(content=b"x" * 8), str(uuid.uuid4())).status_code == 200
        response = self.send(client, file(content=b"x" * 8), str(uuid.uuid4()))
        assert (response.status_code, response.content.decode()) == (
            422, "badge.png cannot be kept: too much waits to be sent.",
        )  # fmt: skip

    def test_and_sends_so_many(self, client: Client, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(holding, "BY_NETWORK", [(1, 3600)])
        mark = str(uuid.uuid4())
        assert [self.send(client, file(), mark).status_code for _ in range(2)] == [200, 429]

    def test_no_site_can_send_for_somebody(self, desk: Desk) -> None:
        strict = Client(enforce_csrf_checks=True)
        assert self.send(strict, file(), str(uuid.uuid4())).status_code == 403


class TestSweep:
    def test_forgets_what_expired_with_its_bytes(self, refused: Any, settings: Any) -> None:
        hashes = dict(HeldUpload.objects.values_list("name", "sha256"))
        place = {name: Path(blobs._path(one)) for name, one in hashes.items()}
        said = factories.ticket().messages.get()
        Attachment.objects.create(message=said, name="b", size=7, sha256=hashes["badge.png"], content_type="x")
        self._age(place.values())
        holding.sweep()
        assert not HeldUpload.objects.exists()
        assert place["badge.png"].exists()  # a ticket has it
        assert not place["log.txt"].exists()

    def test_leaves_what_may_still_be_sent(self, refused: Any) -> None:
        holding.sweep()
        assert HeldUpload.objects.count() == 2

    def test_and_bytes_that_somebody_just_stored_again(self, refused: Any) -> None:
        one = HeldUpload.objects.get(name="log.txt")
        self._age([blobs._path(one.sha256)])
        blobs.put(b"a line")
        holding.sweep()
        assert blobs.read(one.sha256) == b"a line"

    def test_a_file_of_a_draft_that_was_thrown_away_goes_too(self, db: None) -> None:
        agent = people.agent(home := factories.department())
        ticket = factories.ticket(department=home)
        gone, sent = [
            drafts.attach(ticket, by=agent, kind=kind, upload=Upload(kind, kind.encode(), "text/plain"))
            for kind in ("note", "reply")
        ]
        Attachment.objects.create(message=ticket.messages.get(), name="b", size=5, sha256=sent.sha256, content_type="x")
        places = [Path(blobs._path(one.sha256)) for one in (gone, sent)]
        drafts.discard(ticket, by=agent, kind="note")
        drafts.detach(sent.key, by=agent)
        assert all(place.exists() for place in places)  # whoever reads them now may finish
        self._age(places)
        holding.sweep()
        assert [place.exists() for place in places] == [False, True]

    def test_it_asks_every_column_that_names_bytes(self) -> None:
        columns = {
            (model, field.name)
            for model in apps.get_app_config("tickets").get_models()
            for field in model._meta.concrete_fields
            if not model._meta.proxy and field.name.endswith("sha256")
        }
        assert columns - {(IdempotencyKey, "request_sha256")} == set(holding._NAMED_BY)

    def _age(self, places: Any) -> None:
        HeldUpload.objects.update(expires_at=timezone.now() - timedelta(hours=2))
        old = (timezone.now() - timedelta(days=2)).timestamp()
        for path in places:
            os.utime(path, (old, old))
