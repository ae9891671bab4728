"""The company's own looks and words, where customers see them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from tests import factories, people
from tests.mail import post
from tests.test_logo import SVG, picture
from tickets import brand, notifications, outbox
from tickets.actions import conversation
from tickets.mail import letter_sorts, letters
from tickets.models import Desk, MailWording, OutboundEmail, PortalText, TicketEvent, User

COLOURS = {"name": "Acme", "accent_light": "#6530B4", "accent_dark": ""}


@pytest.fixture
def admin(client: Client, desk: Any) -> Client:
    client.force_login(people.admin())
    return client


def save(admin: Client, **fields: Any) -> Any:
    return admin.post("/admin/tickets/brand/1/change/", {**COLOURS, **fields})


def style_of(page: Any) -> str:
    return page.content.decode().partition('href="/brand/')[2].partition('"')[0]


class TestLooks:
    def test_colours_reach_every_page_of_customers(self, admin: Client) -> None:
        assert save(admin).status_code == 302
        for page in ("/", "/accounts/login/", "/kb/"):
            style = style_of(Client().get(page))
            answer = Client().get(f"/brand/{style}")
            assert "--accent: light-dark(#6530b4, #" in answer.content.decode()
            assert "immutable" in answer["Cache-Control"]
            assert Client().get(f"/brand/{style}", headers={"If-None-Match": answer["ETag"]}).status_code == 304
        assert 'href="/brand/' not in admin.get("/staff/views/my-open/").content.decode()

    def test_the_address_changes_with_the_colours(self, admin: Client) -> None:
        save(admin)
        old = style_of(Client().get("/"))
        save(admin, accent_light="#17652f")
        assert style_of(Client().get("/")) != old
        assert "max-age=300" in Client().get(f"/brand/{old}")["Cache-Control"]

    def test_what_cannot_be_read_is_refused_and_kept_in_the_form(self, admin: Client) -> None:
        answer = save(admin, accent_light="#ffd400").content.decode()
        assert "4.5 to 1 is the least" in answer
        assert 'value="#ffd400"' in answer
        assert Desk.objects.get().accent_light == ""

    @pytest.mark.parametrize(
        ("content", "kind"), [(picture("JPEG"), "image/png"), ((SVG % "").encode(), "image/svg+xml")]
    )
    def test_the_logo_is_served_in_a_sandbox(self, admin: Client, content: bytes, kind: str) -> None:
        assert save(admin, new_logo=SimpleUploadedFile("x.html", content, "text/html")).status_code == 302
        address = brand.look(Desk.current()).logo
        assert f'src="{address}"' in Client().get("/").content.decode()
        answer = Client().get(address)
        assert answer["Content-Type"] == kind
        assert "sandbox" in answer["Content-Security-Policy"]
        assert answer["X-Content-Type-Options"] == "nosniff"
        save(admin, without_logo="on")
        assert Client().get(address).status_code == 404

    def test_a_bad_logo_leaves_everything_as_it_was(self, admin: Client) -> None:
        bad = SimpleUploadedFile("x.svg", (SVG % "<script>1</script>").encode())
        assert save(admin, new_logo=bad).status_code == 200
        assert (Desk.objects.get().name, Desk.objects.get().logo_sha256) != ("Acme", "x")
        assert Desk.objects.get().logo_sha256 == ""

    def test_previews_show_colours_or_why_not(self, admin: Client) -> None:
        shown = admin.post("/admin/tickets/brand/preview/", COLOURS)
        assert "/brand/try/6530b4-" in shown.content.decode()
        assert "frame-ancestors 'self'" in shown["Content-Security-Policy"]
        refused = admin.post("/admin/tickets/brand/preview/", {**COLOURS, "accent_light": "#ffd400"})
        assert "4.5 to 1 is the least" in refused.content.decode()
        assert Client().get("/brand/try/6530b4-xxxxxx.css").status_code == 404

    def test_costs_a_page_nothing(self, admin: Client) -> None:
        def queries() -> int:
            Client().get("/")
            with CaptureQueriesContext(connection) as seen:
                Client().get("/")
            return len(seen)

        before = queries()
        save(admin, new_logo=SimpleUploadedFile("x.png", picture("PNG")))
        PortalText.objects.create(place="landing", language="en", html="<p>Welcome</p>")
        assert queries() == before <= 8


class TestTexts:
    def test_stand_where_they_belong_in_their_language(self, admin: Client) -> None:
        typed = {"place": "landing", "language": "en", "html": "<p>Hi <script>alert(1)</script><b>you</b></p>"}
        admin.post("/admin/tickets/portaltext/add/", typed)
        PortalText.objects.create(place="title", language="en", html="<p>Welcome &amp; hello</p>")
        PortalText.objects.create(place="thanks", language="xx", html="<p>CANARY</p>")
        page = Client().get("/").content.decode()
        assert "<b>you</b>" in page
        assert "alert(1)" not in page
        assert "<h1>Welcome &amp;amp; hello</h1>" in page or "<h1>Welcome &amp; hello</h1>" in page
        assert "CANARY" not in page

    def test_after_a_ticket_was_sent(self, client: Client, desk: Any, request_form: Any) -> None:
        PortalText.objects.create(place="thanks", language="en", html="<p>We call you back.</p>")
        answer = client.post("/tickets/new/", request_form(), follow=True)
        assert "We call you back." in answer.content.decode()

    def test_a_closed_portal_tells_customers_and_lets_agents_work(self, client: Client, desk: Any, agent: User) -> None:
        Desk.objects.update(is_offline=True)
        Desk.forget()
        PortalText.objects.create(place="offline", language="en", html="<p>Back on Monday.</p>")
        for page in ("/", "/kb/", "/tickets/new/"):
            answer = client.get(page)
            assert (answer.status_code, answer["Retry-After"]) == (503, "3600")
            assert "Back on Monday." in answer.content.decode()
        assert client.get("/accounts/login/").status_code == 200
        client.force_login(agent)
        assert client.get("/").status_code == 200


WORDS = {
    "kind": "confirmation",
    "language": "en",
    "subject": "Fine? {{ ticket.number }}",
    "body": "Hi {{ requester.name }},\n\n{{ mail.link }}",
}


NEW = {"name": "X", "password1": "Feldgrau-77-Nebel", "password2": "Feldgrau-77-Nebel"}


class TestMails:
    page = "/admin/tickets/mailwording/"

    def test_words_and_looks_of_the_company_go_out(self, admin: Client, customer: User, department: Any) -> None:
        save(admin, new_logo=SimpleUploadedFile("x.png", picture("PNG")))
        admin.post(f"{self.page}add/", WORDS)
        ticket = factories.ticket(customer, department)
        row = OutboundEmail(kind="confirmation", ticket=ticket, user=customer, recipient=customer.email,
                            rfc_message_id="<1@desk.example>")  # fmt: skip
        mail = post.read(letters.render(row))
        assert mail["Subject"] == f"Fine? {ticket.number}"
        text = post.text(mail)
        assert f"Hi {customer.name}," in text
        assert "/t/" in text
        html = mail.get_body(("html",)).get_content()
        assert 'src="http://localhost:8000/brand/logo/' in html
        MailWording.objects.all().delete()
        row.rfc_message_id = "<2@desk.example>"
        assert "Fine?" not in post.read(letters.render(row))["Subject"]

    @pytest.mark.parametrize(
        ("changes", "sentence"),
        [
            ({"body": "{{ requester.nmae }}"}, "There is no variable"),
            ({"subject": "{{ ticket.numbr }}"}, "There is no variable"),
            ({"body": "{% if x"}, "has no"),
            ({"kind": "reply"}, "A reply has to name"),
            ({"kind": "auto_response", "body": "{{ ticket.subject }}"}, "people who did not write to us"),
            ({"kind": "auto_response", "subject": "{{ requester.name }}"}, "people who did not write to us"),
            ({"kind": "fresh_link", "body": "{{ mail.link }} {{ ticket.subject }}"}, "people who did not write to us"),
            ({"kind": "verify", "body": "{{ mail.link }} {{ ticket.number }}"}, "this mail belongs to no ticket"),
            ({"kind": "no_code", "subject": "Hm", "body": "{{ mail.code }}"}, "this mail has no such thing"),
        ],
    )
    def test_faulty_words_are_refused_in_plain_words(self, admin: Client, changes: dict, sentence: str) -> None:
        answer = admin.post(f"{self.page}add/", {**WORDS, **changes}).content.decode()
        assert sentence in answer
        assert not MailWording.objects.exists()
        shown = admin.post(f"{self.page}preview/", {**WORDS, **changes}).content.decode()
        assert sentence in shown or changes == {"kind": "reply"}

    @pytest.mark.parametrize(
        ("kind", "needed"),
        [
            ("code", "mail.code"),
            ("password", "mail.link"),
            ("rating", "mail.link"),
            ("reply", "message.text"),
            ("sign_in", "mail.change"),
            ("not_erased", "mail.reason"),
        ],
    )
    def test_what_a_mail_is_for_cannot_be_left_out(self, admin: Client, kind: str, needed: str) -> None:
        words = {"kind": kind, "language": "en", "subject": "Hi", "body": "Hello"}
        answer = admin.post(f"{self.page}add/", words).content.decode()
        assert "has to name {{ " + needed in answer
        admin.post(f"{self.page}add/", {**words, "body": "Hello {{ " + needed + " }}"})
        assert MailWording.objects.get().kind == kind

    @pytest.mark.parametrize("kind", MailWording.Kind.values)
    def test_every_mail_can_be_looked_at_with_all_it_may_name(self, admin: Client, kind: str) -> None:
        body = "Canary " + " ".join("{{ " + name + " }}" for name in letter_sorts.SORTS[kind].gives)
        page = admin.post(f"{self.page}preview/", {"kind": kind, "language": "en", "subject": "Hi", "body": body})
        shown = page.content.decode()
        assert "Canary" in shown
        assert ("BCDF-GHJK" in shown) == (kind == "code")

    @pytest.mark.parametrize(
        ("page", "given", "kind", "body", "told"),
        [
            ("login/code/", {"email": "{mail}"}, "code", "Yours: {{ mail.code }}", r"Yours: \w{4}-\w{4}"),
            ("login/code/", {"email": "x@y.example"}, "no_code", "No, {{ mail.address }}", "No, x@y.example"),
            ("password/reset/", {"email": "{mail}"}, "password", "{{ mail.link }}", "/password/reset/key/"),
            ("password/reset/", {"email": "x@y.example"}, "no_account", "{{ desk.url }}?", r"http.*/\?"),
            ("signup/", {"email": "x@y.example", **NEW}, "verify", "{{ mail.link }}", "/accounts/confirm-email/"),
            ("signup/", {"email": "{mail}", **NEW}, "known", "{{ mail.link }}", "/accounts/password/reset/"),
        ],
    )
    @pytest.mark.parametrize("language", ["en", "de"])
    def test_letters_about_accounts_too(
        self, client: Client, customer: User, language: str, page: str, given: dict, kind: str, body: str, told: str
    ) -> None:
        User.objects.filter(pk=customer.pk).update(language=language)
        MailWording.objects.create(kind=kind, language=language, subject=f"Canary {language}", body=body)
        typed = {name: value.format(mail=customer.email) for name, value in given.items()}
        with override("en"):
            client.post(f"/accounts/{page}", typed, headers={"accept-language": language})
        mail = post.read(letters.render(OutboundEmail.objects.get(kind="account")))
        assert mail["Subject"] == f"Canary {language}"
        assert re.search(told, post.text(mail))

    def test_a_person_reads_a_code_in_their_own_language(self, client: Client, customer: User) -> None:
        User.objects.filter(pk=customer.pk).update(language="de")
        with override("en"):
            client.post("/accounts/login/code/", {"email": customer.email})
        mail = post.read(letters.render(OutboundEmail.objects.get(kind="account")))
        assert "Geben Sie diesen Code dort ein" in post.text(mail)

    @pytest.mark.parametrize("kind", ["rating", "fresh_link"])
    def test_what_follows_from_a_ticket(self, customer: User, department: Any, kind: str) -> None:
        MailWording.objects.create(kind=kind, language="en", subject="{{ ticket.number }}", body="Go: {{ mail.link }}")
        ticket = factories.ticket(customer, department)
        outbox.enqueue(kind, ticket, customer)
        mail = post.read(letters.render(OutboundEmail.objects.get(kind=kind)))
        assert mail["Subject"] == ticket.number
        assert ("?then=rate" in post.text(mail)) == (kind == "rating")

    def test_a_mail_that_was_too_large(self, customer: User) -> None:
        body = "{{ mail.size }} of {{ mail.most }}"
        MailWording.objects.create(kind="mail_too_large", language="en", subject="Oh", body=body)
        outbox.enqueue("mail_too_large", None, customer, to="a@b.example", size=31, most=25)
        assert "31 of 25" in post.text(post.read(letters.render(OutboundEmail.objects.get())))

    def test_what_an_agent_formatted_stays_formatted(self, customer: User, agent: User, department: Any) -> None:
        body = "Hi {{ requester.name }},\n\n{{ message.text }}\n\n{{ agent.signature }}\nAcme"
        MailWording.objects.create(kind="reply", language="en", subject="Re: {{ ticket.subject }}", body=body)
        ticket = factories.ticket(customer, department)
        conversation.reply(ticket, by=agent, body="Try again", html="<p>Try <strong>again</strong></p>")
        for event in TicketEvent.objects.unhandled():
            notifications.handle(event.pk)
        mail = post.read(letters.render(OutboundEmail.objects.get(kind="reply")))
        assert f"Hi {customer.name},\n\nTry again\n\n" in post.text(mail).replace("\r", "")
        html = mail.get_body(("html",)).get_content()
        assert html.index("Hi ") < html.index("<strong>again</strong>") < html.index("Acme")

    def test_the_preview_is_the_mail(self, admin: Client) -> None:
        shown = admin.post(f"{self.page}preview/", WORDS)
        assert "Hi Grace Hopper," in shown.content.decode()
        assert "sandbox" in shown["Content-Security-Policy"]

    def test_the_preview_speaks_the_language_that_the_words_are_for(self, admin: Client) -> None:
        shown = admin.post(f"{self.page}preview/", {**WORDS, "language": "ar"}).content.decode()
        assert '<html lang="ar" dir="rtl">' in shown
        assert '<div dir="auto"><p>Hi Grace Hopper,' in shown
        User.objects.update(language="ar")
        wrong = admin.post(f"{self.page}preview/", {**WORDS, "body": "{{ nobody }}"}).content.decode()
        assert '<html lang="ar" dir="rtl">' in wrong
        form = admin.get(f"{self.page}add/").content.decode()
        assert '<option value="ar" selected>' in form

    def test_a_test_mail_can_be_had(self, admin: Client) -> None:
        admin.post(f"{self.page}add/", {**WORDS, "_test": "1"})
        assert OutboundEmail.objects.get(kind="account").context["subject"] == "Fine? 482913"

    def test_abuse_20_a_stranger_s_words_reach_nobody(self, admin: Client, customer: User, department: Any) -> None:
        admin.post(f"{self.page}add/", {**WORDS, "kind": "auto_response", "body": "Ours. {{ mail.link }}",
                                        "subject": "We have it"})  # fmt: skip
        ticket = factories.ticket(customer, department, subject="CANARY", body="CANARY")
        notifications.handle(TicketEvent.objects.filter(ticket=ticket, kind="opened").get().pk)
        row = OutboundEmail.objects.get(kind="auto_response")
        raw = letters.render(row)
        assert b"We have it" in raw
        assert b"CANARY" not in raw

    def test_what_cannot_be_filled_in_leaves_in_the_desk_s_words(
        self, customer: User, agent: User, department: Any
    ) -> None:
        MailWording.objects.create(kind="reply", language="en", subject="x", body="{% for a in b %}{% endfor %}{{ nope")
        ticket = factories.ticket(customer, department)
        conversation.reply(ticket, by=agent, body="Come again?")
        row = OutboundEmail.objects.filter(kind="reply").first()
        if row is None:
            for event in TicketEvent.objects.unhandled():
                notifications.handle(event.pk)
            row = OutboundEmail.objects.get(kind="reply")
        assert "Come again?" in post.text(post.read(letters.render(row)))
