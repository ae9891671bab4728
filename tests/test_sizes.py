"""Sizes of files are written as the reader writes numbers, on every page and in mails."""

from __future__ import annotations

import email.policy
from pathlib import Path

import pytest
from django.template.loader import render_to_string
from django.utils.translation import override

from tests import factories, people
from tests.mail import post
from tickets.actions import conversation
from tickets.actions.writing import Upload
from tickets.mail import letters
from tickets.models import Attachment, Desk
from tickets.sizes import size

TEMPLATES = Path(__file__).parent.parent / "templates"


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (0, "0 B"), (999, "999 B"), (1_000, "1 kB"), (84_300, "84 kB"), (999_499, "999 kB"), (999_500, "1.0 MB"),
        (2_460_000, "2.5 MB"), (999_949_999, "999.9 MB"), (999_950_000, "1.0 GB"), (3_210_000_000, "3.2 GB"),
    ],
)  # fmt: skip
def test_sizes_in_english(octets: int, text: str) -> None:
    assert size(octets) == text


@pytest.mark.parametrize(
    ("code", "texts"),
    [
        ("en", ["84 kB", "1.2 MB", "3.2 GB"]),
        ("de", ["84 kB", "1,2 MB", "3,2 GB"]),
        ("fr", ["84\u00a0ko", "1,2\u00a0Mo", "3,2\u00a0Go"]),
        ("ar", ["84 كيلوبايت", "1,2 ميغابايت", "3,2 غيغابايت"]),
    ],
)
def test_each_language_has_its_sign(code: str, texts: list[str]) -> None:
    with override(code):
        assert [size(84_000), size(1_230_000), size(3_210_000_000)] == texts


def test_templates_know_no_other_sizes() -> None:
    for path in [*TEMPLATES.rglob("*.html"), *TEMPLATES.rglob("*.txt")]:
        assert "filesizeformat" not in path.read_text(), path


@pytest.mark.django_db
def test_a_mail_and_the_portal_say_it_in_the_language_of_the_customer(client) -> None:
    department = factories.department(mailbox=None)
    factories.mailbox(department, is_default=True)
    customer = people.customer("Grace Hopper", language="de")
    ticket = factories.ticket(customer, department)
    agent = people.agent(department)
    conversation.reply(ticket, by=agent, body="Here.", attachments=[Upload("film.mov", b"1" * 100, "video/quicktime")])
    Attachment.objects.update(size=31_200_000)  # more than a mail takes along
    post.settle()
    text = post.text(email.message_from_bytes(letters.render(post.outgoing("reply")[-1]), policy=email.policy.default))
    assert "film.mov (31,2 MB)" in text
    client.force_login(customer)
    with override("en"):  # so that the language of the page ends with it
        assert "31,2 MB" in client.get(f"/tickets/{ticket.number}/").content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(("code", "text"), [("en", "1.2 MB"), ("fr", "1,2\u00a0Mo")])
def test_staff_pages_too(code: str, text: str) -> None:
    Desk.current()
    with override(code):
        page = render_to_string(
            "staff/_exports.html",
            {"exports": [{"progress": "done", "pk": 1, "label": "Open", "rows": 3, "size": 1_230_000}]},
        )
    assert text in page
