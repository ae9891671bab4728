from __future__ import annotations

import uuid
from urllib.parse import urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests import factories, people
from tickets import blobs
from tickets.actions import conversation
from tickets.links import guest_url
from tickets.models import Attachment, Ticket, User


def attach(ticket: Ticket, name: str, content: bytes = b"content", kind: str = "text/plain") -> str:
    file = SimpleUploadedFile("x", content, kind)
    file._name = name  # what a browser sends may be anything
    message = conversation.receive(
        ticket, by=ticket.requester, body="See the file.", source="web", attachments=conversation.uploads([file])
    )
    return f"/attachments/{message.attachments.get().key}/"


def test_is_downloaded_by_the_requester(signed_in: Client, ticket: Ticket) -> None:
    where = attach(ticket, "report.txt", b"twelve bytes")
    assert where in signed_in.get(f"/tickets/{ticket.number}/").content.decode()
    response = signed_in.get(where)
    assert response.streaming
    assert b"".join(response) == b"twelve bytes"
    assert response["Content-Length"] == "12"


def test_and_by_a_guest_with_the_link(client: Client, ticket: Ticket) -> None:
    where = attach(ticket, "report.txt")
    assert client.get(where).status_code == 404
    client.get(urlsplit(guest_url(ticket, ticket.requester)).path)
    assert client.get(where).status_code == 200


@pytest.mark.parametrize(
    ("name", "kind", "served"),
    [
        ("evil.svg", "image/svg+xml", "application/octet-stream"),
        ("evil.html", "text/html", "application/octet-stream"),
        ("evil.xhtml", "application/xhtml+xml", "application/octet-stream"),
        ("evil.xml", "text/xml", "application/octet-stream"),
        ("evil.mht", "multipart/related", "application/octet-stream"),
        ("evil.js", "text/javascript", "application/octet-stream"),
        ("evil.txt", "text/plain; charset=utf-7", "application/octet-stream"),
        ("fine.pdf", "application/pdf", "application/pdf"),
        ("fine.png", "image/png", "image/png"),
    ],
)
def test_is_never_shown_by_our_origin(signed_in: Client, ticket: Ticket, name: str, kind: str, served: str) -> None:
    response = signed_in.get(attach(ticket, name, kind=kind))
    assert response["Content-Type"] == served
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'; frame-ancestors 'none'"
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize(
    ("name", "disposition"),
    [
        ('say "hi".txt', 'attachment; filename="say hi.txt"'),
        ("../../etc/passwd", 'attachment; filename="passwd"'),
        ("..\\..\\boot.ini", 'attachment; filename="boot.ini"'),
        ("Rechnung März.pdf", "attachment; filename*=utf-8''Rechnung%20M%C3%A4rz.pdf"),
        ("a\r\nSet-Cookie: x=1.txt", 'attachment; filename="aSet-Cookie x=1.txt"'),
        ("gpj\u202egnp.exe", 'attachment; filename="gpjgnp.exe"'),
        ("\u200b.htaccess", 'attachment; filename="htaccess"'),
        ("CON", 'attachment; filename="CON"'),
    ],
)
def test_has_a_clean_name_and_a_well_formed_header(
    signed_in: Client, ticket: Ticket, name: str, disposition: str
) -> None:
    response = signed_in.get(attach(ticket, name))
    assert response["Content-Disposition"] == disposition
    assert "Set-Cookie" not in response.headers


def test_a_name_of_300_bytes_is_cut(signed_in: Client, ticket: Ticket) -> None:
    response = signed_in.get(attach(ticket, "ä" * 150 + ".txt"))
    assert response["Content-Disposition"].endswith(".txt")
    assert len(Attachment.objects.get().name.encode()) <= 200


def test_strangers_find_nothing_and_always_the_same_nothing(ticket: Ticket, customer: User, same_page: object) -> None:
    where = attach(ticket, "report.txt")
    key = uuid.UUID(where.split("/")[2])
    lost = attach(ticket, "lost.txt", b"lost bytes")
    blobs._path(Attachment.objects.get(name="lost.txt").sha256).unlink()
    other = Client()
    other.force_login(people.customer())
    cases = [
        (other, where),
        (other, f"/attachments/{uuid.UUID(int=key.int + 1)}/"),
        (other, f"/attachments/{uuid.uuid4()}/"),
        (other, lost),
    ]
    answers = [browser.get(path) for browser, path in cases]
    assert {answer.status_code for answer in answers} == {404}
    assert len({same_page(answer) for answer in answers}) == 1
    assert Client().get(where).status_code == 404


def test_nothing_but_reading(signed_in: Client, ticket: Ticket) -> None:
    where = attach(ticket, "report.txt")
    assert signed_in.head(where).status_code == 200
    assert signed_in.post(where).status_code == 405
    assert signed_in.delete(where).status_code == 405


def test_another_customers_link_opens_none_of_mine(client: Client, ticket: Ticket) -> None:
    where = attach(ticket, "report.txt")
    other = factories.ticket()
    client.get(urlsplit(guest_url(other, other.requester)).path)
    assert client.get(where).status_code == 404
