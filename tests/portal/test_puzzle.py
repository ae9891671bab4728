"""Guests' browsers solve a puzzle where the desk asks for it; who cannot confirms the address by mail."""

from __future__ import annotations

import itertools
import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from tests import people
from tests.forms import DEVICE, form
from tickets import puzzles
from tickets.actions import forms, holding
from tickets.models import Attachment, Desk, OutboundEmail, Ticket, UnsentRequest

NEW = "/tickets/new/"


@pytest.fixture
def desk(desk: Desk) -> Desk:
    desk.asks_puzzle = True
    desk.save()
    return desk


def solve(page: str) -> str:
    challenge = re.search(r'data-challenge="([^"]+)" data-bits="16"', page)[1]
    answer = next(n for n in itertools.count() if puzzles.fits(challenge, str(n)))
    return f"{challenge}~{answer}"


def link() -> str:
    mail = OutboundEmail.objects.latest("pk")
    return urlsplit(re.search(r"\S+/tickets/unsent/\S+", mail.context["text"])[0]).path


def test_it_is_off_unless_the_desk_asks_for_it(client: Client, db: None) -> None:
    assert "work-proof" not in client.get(NEW).content.decode()


def test_who_is_signed_in_is_not_asked(signed_in: Client, desk: Desk, request_form: Any) -> None:
    assert "work-proof" not in signed_in.get(NEW).content.decode()
    assert signed_in.post(NEW, request_form()).status_code == 302


def test_a_solution_opens_one_ticket(client: Client, desk: Desk, request_form: Any) -> None:
    proof = solve(client.get(NEW).content.decode())
    refused = client.post(NEW, request_form(proof=proof, subject=""))
    assert refused.status_code == 422
    assert client.post(NEW, request_form(proof=proof)).status_code == 302  # what was refused used nothing up
    again = client.post(NEW, request_form(proof=proof, subject="Another"))
    assert "One step more" in again.content.decode()
    assert Ticket.objects.count() == 1


@pytest.mark.parametrize("proof", ["", "~", "x~1", "a:b:c~1", "x" * 5000, "\ud7ff~\x00"])
def test_nothing_else_solves_it(client: Client, desk: Desk, request_form: Any, proof: str) -> None:
    assert "One step more" in client.post(NEW, request_form(proof=proof)).content.decode()
    assert not Ticket.objects.exists()


def test_a_solution_expires(desk: Desk, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    proof = solve(client.get(NEW).content.decode())
    monkeypatch.setattr(puzzles, "LASTS", timedelta(seconds=-1))
    assert not puzzles.solves(proof)


def test_nor_does_an_answer_to_a_challenge_that_we_did_not_set(desk: Desk) -> None:
    answer = next(n for n in itertools.count() if puzzles.fits("mine:2:3", str(n)))
    assert not puzzles.solves(f"mine:2:3~{answer}")


class TestByMail:
    @pytest.fixture
    def typed(self, client: Client, desk: Desk, request_form: Any) -> dict[str, Any]:
        typed = request_form(subject="Written without scripts")
        page = client.post(NEW, typed | {"attachments": SimpleUploadedFile("badge.png", b"x")}).content.decode()
        assert "we sent a link to <bdi>grace@customers.example" in page
        return typed

    def test_the_link_shows_the_form_as_it_was_and_sends_it_when_told_to(self, typed: dict[str, Any]) -> None:
        other = Client()  # the mail may be read elsewhere
        page = other.get(link()).content.decode()
        assert "Written without scripts" in page
        assert "badge.png" in page
        assert not Ticket.objects.exists()
        keys = re.findall(r'name="kept" value="([^"]+)" checked', page)
        assert other.post(link(), typed | {"kept": keys}).status_code == 302
        assert Ticket.objects.get().requester.email == "grace@customers.example"
        assert Ticket.objects.get().events.get(kind="opened").data["auto_response"] is True
        assert Attachment.objects.get().name == "badge.png"

    def test_the_mail_has_nothing_of_what_was_typed_and_comes_once(self, client: Client, typed: dict[str, Any]) -> None:
        client.post(NEW, typed | {"subject": "BUY NOW"})
        mail = OutboundEmail.objects.get()
        assert "Written without scripts" not in mail.context["text"] + mail.context["subject"]
        assert UnsentRequest.objects.count() == 1

    def test_an_address_gets_one_mail_in_an_hour_whatever_is_typed(
        self, client: Client, typed: dict[str, Any], request_form: Any
    ) -> None:
        proof = solve(client.get(NEW).content.decode())
        assert client.post(NEW, request_form(proof=proof)).status_code == 302
        assert Ticket.objects.get().events.get(kind="opened").data["auto_response"] is False
        assert OutboundEmail.objects.count() == 1

    def test_it_proves_that_address_only(self, client: Client, typed: dict[str, Any]) -> None:
        page = client.post(link(), typed | {"email": "victim@customers.example"}).content.decode()
        assert "One step more" in page
        assert not Ticket.objects.exists()

    def test_it_expires(self, client: Client, typed: dict[str, Any]) -> None:
        UnsentRequest.objects.update(expires_at=timezone.now())
        assert client.get(link()).status_code == 404
        holding.sweep()
        assert not UnsentRequest.objects.exists()

    def test_a_form_on_another_site_asks_too(self, desk: Desk, request_form: Any) -> None:
        made = forms.set_origins(form(DEVICE, name="Contact"), by=people.admin(), origins=["https://a.example"])
        typed = request_form(field_device="phone", asked=str(made.current.pk))
        page = Client().post("/embed/contact/", typed).content.decode()
        assert "One step more" in page
        assert Client().post(link(), typed).status_code == 302
        assert Ticket.objects.get().fields == {"device": "phone"}
