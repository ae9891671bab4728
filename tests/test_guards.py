"""What no page may do without: headers, tokens, plain error pages, bounded input, and no secret where others read."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as desk_settings
from django.core.cache import cache
from django.db import OperationalError
from django.http import HttpRequest
from django.test import Client, override_settings
from django.urls import path

from helpdesk import urls as helpdesk_urls
from tests import people
from tests import world as worlds
from tests.mail import post
from tests.test_url_roles import ADDRESSES, EXEMPT, path_of
from tests.url_roles import GET, STATES
from tickets.mail import letters
from tickets.models import Desk, OutboundEmail, User

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
# A mail's HTML, cleaned and in a sandbox; and help texts, which are ours.
TRUSTING = {"staff/mail_frame.html", "components/field.html"}
# The health check answers before anything else and takes any method.
UNGUARDED = {"healthz"}
POSTS = [name for name in ADDRESSES if name not in UNGUARDED | EXEMPT and not name.startswith("api:")]


@pytest.fixture
def world(request: Any) -> worlds.World:
    cache.clear()
    Desk.current()
    name = request.node.callspec.params.get("name", "") if hasattr(request.node, "callspec") else ""
    return worlds.build(**STATES.get(name, {}))


class TestHeaders:
    @pytest.mark.parametrize("name", [name for name in GET if name not in UNGUARDED])
    def test_of_every_page(self, world: worlds.World, name: str) -> None:
        for who in ("anonymous", "own", "admin"):
            answer = world.browser(who).get(path_of(name, world))
            policy = answer["Content-Security-Policy"]
            assert "unsafe" not in policy
            assert "default-src 'none'" in policy
            assert "frame-ancestors" in policy
            assert answer["X-Content-Type-Options"] == "nosniff"
            assert answer["Referrer-Policy"] == "same-origin"
            assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
            assert answer["X-Frame-Options"] in {"DENY", "SAMEORIGIN"}
            assert not {"Server", "X-Powered-By"} & set(answer.headers)

    def test_what_may_be_framed_is_a_sandbox(self, world: worlds.World) -> None:
        answer = world.browser("agent").get(path_of("staff:message_html", world))
        policy = answer["Content-Security-Policy"]
        assert answer["X-Frame-Options"] == "SAMEORIGIN"
        assert "frame-ancestors 'self'" in policy
        assert "sandbox" in policy
        assert "allow-scripts" not in policy
        assert "script-src" not in policy

    def test_under_https(self, client: Client, settings: Any) -> None:
        settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS = True, 31_536_000
        settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = True
        assert client.get("/")["Location"] == "https://testserver/"
        assert client.get("/", secure=True)["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: str(template.relative_to(ROOT)))
def test_templates_bring_no_script_or_style_of_their_own(template: Path) -> None:
    text = template.read_text()
    if "mail" in template.parts:  # mail programs know no style sheets; no page of ours shows these
        assert not re.search(r"<script|\son\w+=|javascript:", text, re.I)
        return
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style\b|\sstyle=|\son[a-z]+=|javascript:", text, re.I)
    assert ("|safe" in text) is (template.relative_to(ROOT / "templates").as_posix() in TRUSTING)


class TestForms:
    @pytest.mark.parametrize("name", POSTS)
    def test_every_post_needs_the_token(self, world: worlds.World, name: str) -> None:
        for who in ("anonymous", "admin"):
            browser = world.browser(who, enforce_csrf_checks=True)
            address = path_of(name, world)
            assert browser.post(address, {"post": "yes"}).status_code == 403
            assert browser.delete(address).status_code == 403

    def test_a_token_from_elsewhere_does_not_help(self, world: worlds.World) -> None:
        browser = world.browser("own", enforce_csrf_checks=True)
        form = browser.get(path_of("portal:ticket", world)).content.decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)[1]
        typed = {"body": "Hello", "csrfmiddlewaretoken": token}
        reply = path_of("portal:reply", world)
        assert browser.post(reply, typed, headers={"Origin": "https://evil.example"}).status_code == 403
        assert browser.post(reply, typed, headers={"Origin": "null"}).status_code == 403
        assert browser.post(reply, typed).status_code == 302

    def test_the_api_takes_no_cookie_so_it_needs_no_token(self, world: worlds.World) -> None:
        browser = world.browser("admin", enforce_csrf_checks=True)
        assert browser.post("/api/v1/tickets/", {}, content_type="application/json").status_code == 401


def _broken(request: HttpRequest) -> None:
    password = "canary-password"  # noqa: F841 - stands in the frame that a debug page would show
    raise RuntimeError("canary-exception")


def _without_database(request: HttpRequest) -> None:
    raise OperationalError("canary-exception")


urlpatterns = [path("broken/", _broken), path("lost/", _without_database), *helpdesk_urls.urlpatterns]
handler400, handler403 = helpdesk_urls.handler400, helpdesk_urls.handler403
handler404, handler500 = helpdesk_urls.handler404, helpdesk_urls.handler500
TELLING = re.compile(
    rf"django|python|traceback|\.py\b|{re.escape(str(ROOT))}|site-packages|settings|\d+\.\d+\.\d+|canary", re.I
)


class TestErrorPages:
    @pytest.mark.parametrize("who", ["anonymous", "own", "agent", "admin"])
    @pytest.mark.parametrize("address", ["/no/such/page/", "/staff/nothing/", "/tickets/NOTHING/", "/api/v1/nothing/"])
    def test_of_what_is_not_there(self, world: worlds.World, who: str, address: str) -> None:
        answer = world.browser(who).get(address)
        assert answer.status_code == 404
        self.tells_nothing(answer)

    @pytest.mark.parametrize(
        "address", ["/robots.txt", "/.well-known/security.txt", "/.env", "/static/", "/__debug__/"]
    )
    def test_of_what_is_often_tried(self, client: Client, db: None, address: str) -> None:
        answer = client.get(address)
        assert answer.status_code == 404
        self.tells_nothing(answer)

    def test_of_what_is_forbidden(self, world: worlds.World) -> None:
        for who, address in (("own", "/staff/"), ("agent", "/admin/")):
            answer = world.browser(who).get(address)
            assert answer.status_code == 403
            self.tells_nothing(answer)

    @pytest.mark.parametrize("address", ["/broken/", "/lost/"])
    @pytest.mark.parametrize("who", ["anonymous", "admin"])
    @override_settings(ROOT_URLCONF="tests.test_guards")
    def test_of_a_fault(self, world: worlds.World, who: str, address: str) -> None:
        browser = world.browser(who, raise_request_exception=False)
        answer = browser.get(address)
        assert answer.status_code == 500
        self.tells_nothing(answer)

    @override_settings(ROOT_URLCONF="tests.test_guards")
    def test_of_a_fault_need_no_database(self, client: Client, django_assert_num_queries: Any) -> None:
        client.raise_request_exception = False
        with django_assert_num_queries(0):
            assert client.get("/broken/").status_code == 500

    def test_the_api_answers_problems(self, client: Client, db: None) -> None:
        answer = client.get("/api/nothing/")
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["status"] == 404

    def tells_nothing(self, answer: Any) -> None:
        text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", answer.content.decode())
        assert not TELLING.search(text), TELLING.search(text)


class TestHosts:
    @pytest.mark.parametrize(
        "host", ["evil.example", "testserver.evil.example", "evil.example:80", "a b", "testserver@x"]
    )
    def test_others_are_refused(self, client: Client, db: None, host: str) -> None:
        answer = client.get("/accounts/login/", headers={"Host": host})
        assert answer.status_code == 400
        assert "evil" not in answer.content.decode()

    def test_a_forwarded_host_is_not_believed(self, client: Client, db: None) -> None:
        people.customer(email="grace@customers.example")
        cache.clear()
        headers = {"X-Forwarded-Host": "evil.example", "X-Forwarded-For": "1.2.3.4"}
        client.post("/accounts/password/reset/", {"email": "grace@customers.example"}, headers=headers)
        text = post.text(post.read(letters.render(OutboundEmail.objects.get())))
        assert "evil.example" not in text
        assert f"{desk_settings.BASE_URL}/accounts/" in text


class TestBounds:
    """Too much is refused before it costs anything; what that costs is measured by counting queries."""

    BIG = "x" * 1024 * 1024

    @pytest.mark.parametrize("address", ["/search/", "/staff/search/"])
    def test_abuse_30_a_giant_search(self, world: worlds.World, address: str) -> None:
        assert world.browser("agent").get(address, {"q": self.BIG}).status_code == 400

    @pytest.mark.parametrize("address", ["/accounts/login/", "/accounts/signup/"])
    def test_abuse_30_a_giant_password(self, client: Client, db: None, address: str) -> None:
        cache.clear()
        typed = {
            "login": "a@b.example",
            "email": "a@b.example",
            "name": "A",
            "password": self.BIG,
            "password1": self.BIG,
        }
        assert client.post(address, typed).status_code == 400
        assert not User.objects.exists()

    @pytest.mark.parametrize("address", ["/staff/views/all-open/", "/staff/search/", "/search/", "/api/v1/tickets/"])
    def test_abuse_30_a_filter_of_ten_thousand(
        self, world: worlds.World, address: str, django_assert_max_num_queries: Any
    ) -> None:
        browser, headers = world.browser("agent"), {"Authorization": f"Bearer {world.secrets['agent']}"}
        with django_assert_max_num_queries(8):
            answer = browser.get(address + "?" + "q=tag:vpn&" * 10_000, headers=headers)
        assert 400 <= answer.status_code < 500

    def test_too_many_fields(self, client: Client, db: None) -> None:
        assert client.post("/accounts/login/", {f"f{number}": "x" for number in range(501)}).status_code == 400

    def test_a_giant_form(self, client: Client, db: None) -> None:
        answer = client.post("/accounts/login/", {"login": "x" * 3 * 1024 * 1024, "password": "x"})
        assert answer.status_code == 400

    @pytest.mark.parametrize("text", ["\0", "%00", "'\";--", "\ud83d", "％", "🙂" * 50, "a:" * 60, "(" * 200])
    @pytest.mark.parametrize("address", ["/search/", "/staff/search/"])
    def test_odd_searches(self, world: worlds.World, address: str, text: str) -> None:
        query = text.encode("utf-8", "surrogatepass")
        assert world.browser("agent").get(address, {"q": query}).status_code in {200, 400}

    @pytest.mark.parametrize("name", [name for name in GET if name not in UNGUARDED])
    def test_nul_in_every_page(self, world: worlds.World, name: str) -> None:
        names = ("q", "after", "before", "then", "next", "topic", "page", "o", "p", "term", "state", "department__id")
        odd = "&".join(f"{one}=%00x" for one in names)
        for who in ("own", "admin"):
            address = path_of(name, world)
            answer = world.browser(who).get(address + ("&" if "?" in address else "?") + odd)
            assert answer.status_code < 500 or name == "readyz"

    @pytest.mark.parametrize("address", ["/tickets/%00/", "/staff/tickets/%00/", "/t/%00/", "/admin/tickets/user/%00/"])
    def test_nul_in_addresses(self, world: worlds.World, address: str) -> None:
        assert world.browser("admin").get(address).status_code == 404


class TestSecretsStayIn:
    """Canaries: what is typed or kept as a secret is neither logged nor shown, whatever goes wrong."""

    CANARY = "canary correct horse 4711"

    @override_settings(ROOT_URLCONF="tests.test_guards")
    def test_in_logs_and_pages(self, world: worlds.World, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        cache.clear()
        person = world.people["own"]
        person.set_password(self.CANARY)
        person.save()
        browser = Client(raise_request_exception=False)
        pages = [
            browser.post("/accounts/login/", {"login": person.email, "password": self.CANARY + "?"}),
            browser.post("/accounts/login/", {"login": person.email, "password": self.CANARY}),
            browser.post("/broken/", {"password": self.CANARY}),
            browser.post("/accounts/password/change/", {"oldpassword": self.CANARY, "password1": "1"}),
        ]
        secret = world.secrets["agent"]
        for token in (secret, secret + "x"):
            bearer = {"Authorization": f"Bearer {token}"}
            pages += [browser.get("/api/v1/tickets/", headers=bearer), browser.get("/broken/", headers=bearer)]
        pages.append(browser.get(path_of("portal:guest", world)))
        logged = caplog.text + "".join(str(record.__dict__.get("request", "")) for record in caplog.records)
        read = "".join(page.content.decode() for page in pages)
        assert {page.status_code for page in pages} == {200, 302, 401, 500}
        for kept in (self.CANARY, secret, desk_settings.SECRET_KEY, person.password):
            assert kept not in read
            assert kept not in _without_sql(logged)

    def test_of_the_desk_are_on_no_page(self, world: worlds.World) -> None:
        browser = world.browser("admin")
        secrets = desk_settings.SECRET_KEY, desk_settings.DATABASES["default"]["PASSWORD"], desk_settings.REDIS_URL
        for name in ("admin:index", "staff:home", "readyz", "api:schema", "staff:mail", "portal:home"):
            text = browser.get(path_of(name, world), follow=True).content.decode()
            assert not any(kept in text for kept in secrets)


def _without_sql(text: str) -> str:
    """Statements are logged at DEBUG by Django when asked for; nobody runs a desk that way."""
    return "\n".join(line for line in text.splitlines() if "django.db.backends" not in line)
