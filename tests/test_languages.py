"""The language and the zone of pages and mails: who decides, and where a choice is kept."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings as desk_settings
from django.test import Client
from django.utils import timezone, translation

from tests import factories, people
from tickets import outbox, reading
from tickets.mail import letters
from tickets.models import Desk, OutboundEmail, User

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _offered(settings: Any) -> None:
    settings.LANGUAGES = [("en", "English"), ("de", "German"), ("pt-br", "Portuguese (Brazil)"), ("ar", "Arabic")]


@pytest.fixture
def desk() -> Desk:
    desk = Desk.current()
    desk.default_department = factories.department("Support")
    desk.save()
    return desk


def html_of(client: Client, address: str = "/", browser: str = "", **query: str) -> str:
    """The first tag of a page."""
    page = client.get(address, query, headers={"Accept-Language": browser} if browser else None).content.decode()
    return page[page.index("<html") :].partition(">")[0] + ">"


def html(code: str) -> str:
    return f'<html lang="{code}" dir="{"rtl" if code == "ar" else "ltr"}">'


def test_the_browser_is_asked_and_the_desk_speaks_where_nothing_fits(client: Client, settings: Any) -> None:
    assert html_of(client, browser="ar,en;q=0.5") == html("ar")
    assert html_of(client, browser="pt-PT") == html("pt-br")
    assert html_of(client, browser="fi") == html("en")
    settings.LANGUAGE_CODE = "de"
    assert html_of(client, browser="fi") == html("de")


def test_a_link_goes_before_the_browser_and_is_kept(client: Client) -> None:
    assert html_of(client, browser="de", lang="ar") == html("ar")
    assert html_of(client, browser="de") == html("ar")
    assert html_of(client, browser="de", lang="xx") == html("ar")
    kept = client.cookies[desk_settings.LANGUAGE_COOKIE_NAME]
    assert (kept.value, kept["samesite"], kept["httponly"]) == ("ar", "Lax", True)


def test_an_account_goes_before_everything(client: Client) -> None:
    person = people.customer()
    person.language = "de"
    person.save()
    client.force_login(person)
    assert html_of(client, browser="pt-BR", lang="ar") == html("de")


def test_an_account_without_a_choice_leaves_it_to_link_and_browser(client: Client) -> None:
    client.force_login(people.customer())
    assert html_of(client, browser="de") == html("de")
    assert html_of(client, browser="de", lang="ar") == html("ar")


def test_the_workspace_keeps_its_language_where_a_link_names_that_of_a_text(client: Client) -> None:
    client.force_login(people.admin())
    assert html_of(client, "/staff/articles/", browser="de", lang="ar") == html("de")
    assert desk_settings.LANGUAGE_COOKIE_NAME not in client.cookies


def test_the_menu_keeps_a_guests_choice_in_the_browser(client: Client, desk: Desk) -> None:
    assert '<option value="ar" lang="ar">العربيّة</option>' in client.get("/").content.decode()
    chosen = client.post("/language/", {"language": "ar", "next": "/kb/?q=badge&lang=de"})
    assert (chosen.status_code, chosen["Location"]) == (302, "/kb/?q=badge")
    assert html_of(client, browser="de") == html("ar")


def test_the_menu_keeps_the_choice_of_an_account(client: Client) -> None:
    person = people.customer()
    client.force_login(person)
    client.post("/language/", {"language": "pt-br", "next": "/tickets/"})
    person.refresh_from_db()
    assert person.language == "pt-br"
    assert html_of(client, "/tickets/", browser="de") == html("pt-br")


def test_on_a_refused_form_the_menu_leads_to_the_page_with_the_form(client: Client, desk: Desk) -> None:
    ticket = factories.ticket()
    client.force_login(ticket.requester)
    for address, page in (
        (f"/tickets/{ticket.number}/reply/", f"/tickets/{ticket.number}/"),
        ("/tickets/new/", "/tickets/new/"),
    ):
        refused = client.post(address, {"body": ""})
        assert refused.status_code == 422
        assert f'name="next" value="{page}"' in refused.content.decode()


def test_the_menu_takes_only_languages_and_pages_of_the_desk(client: Client) -> None:
    assert client.post("/language/", {"language": "tlh"}).status_code == 400
    assert client.post("/language/", {"language": "de", "next": "https://evil.example/"})["Location"] == "/"
    assert client.get("/language/").status_code == 405


def test_a_desk_with_one_language_shows_no_menu(client: Client, desk: Desk, settings: Any) -> None:
    settings.LANGUAGES = [("en", "English")]
    page = client.get("/").content.decode()
    assert "language-menu" not in page
    assert "hreflang" not in page


def test_search_engines_are_told_of_the_languages_of_public_pages_only(client: Client, desk: Desk) -> None:
    for address in ("/", "/kb/"):
        page = client.get(address)
        assert f'hreflang="ar" href="{desk_settings.BASE_URL}{address}?lang=ar"' in page.content.decode()
        assert {"Cookie", "Accept-Language"} <= {name.strip() for name in page["Vary"].split(",")}
    assert "hreflang" not in client.get("/tickets/new/").content.decode()


def test_times_on_pages_are_in_the_zone_of_the_account(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    zones: list[str] = []
    monkeypatch.setattr(
        "portal.views.home.articles.popular", lambda *_: zones.append(timezone.get_current_timezone_name()) or []
    )
    person = people.customer()
    person.time_zone = "Asia/Tokyo"
    person.save()
    client.force_login(person)
    client.get("/")
    Client().get("/")
    assert zones == ["Asia/Tokyo", desk_settings.TIME_ZONE]


def test_who_writes_first_from_a_page_is_answered_in_its_language(client: Client, desk: Desk) -> None:
    form = client.get("/tickets/new/").context["form"]
    typed = {"name": "Ana", "email": "ana@example.org", "subject": "Lamp", "body": "It flickers.",
             "nonce": form["nonce"].value()}  # fmt: skip
    client.post("/tickets/new/?lang=de", typed)
    assert User.objects.get(email="ana@example.org").language == "de"


@pytest.mark.parametrize(
    ("language", "zone", "read"),
    [
        ("de", "Asia/Tokyo", ("de", "Asia/Tokyo")),
        ("pt", "", ("pt-br", "UTC")),
        ("fi", "Mars/Base", ("en", "UTC")),
        ("", "../etc", ("en", "UTC")),
    ],
)
def test_mails_are_written_in_the_language_and_zone_of_their_reader(
    language: str, zone: str, read: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    person = people.customer()
    person.language, person.time_zone = language, zone
    person.save()
    seen: set[tuple[str | None, str]] = set()

    def rendered(*_given: object) -> str:
        seen.add((translation.get_language(), timezone.get_current_timezone_name()))
        return "text"

    monkeypatch.setattr(letters, "render_to_string", rendered)
    with translation.override("ar"), timezone.override("America/Lima"):
        pk = outbox.enqueue("closed", factories.ticket(requester=person), person)
        letters.render(OutboundEmail.objects.get(pk=pk))
        assert translation.get_language() == "ar"
    assert seen == {read}


def test_a_stranger_is_written_to_in_the_language_of_the_desk(settings: Any) -> None:
    settings.LANGUAGE_CODE = "de"
    with reading.read_by(None):
        assert (translation.get_language(), timezone.get_current_timezone_name()) == ("de", "UTC")
