"""The walk of an admin who connects a mail account, with a real token endpoint on loopback."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.test import Client

from tests.admin.test_pages import address
from tests.admin.test_routing import said
from tests.mail.token_server import TokenServer
from tickets.admin import oauth
from tickets.models import OAuthGrant
from tickets.secrets import seal, unseal

CALLBACK = "/admin/tickets/oauthgrant/callback/"


@pytest.fixture
def server() -> Iterator[TokenServer]:
    made = TokenServer()
    yield made
    made.close()


@pytest.fixture
def grant(server: TokenServer, db: None) -> OAuthGrant:
    return OAuthGrant.objects.create(
        name="Post", provider="other", account="support@desk.example", client_id="desk", token_url=server.url,
        authorize_url="https://id.example/authorize?tenant=7", scope="mail", client_secret=seal("canary-secret"),
    )  # fmt: skip


def begin(browser: Client, grant: OAuthGrant) -> dict[str, str]:
    """What the provider is asked, after a press on Connect."""
    page = browser.get(address("oauthgrant", "change", grant.pk)).content.decode()
    assert f"/admin/tickets/oauthgrant/{grant.pk}/connect/" in page
    target = urlsplit(browser.get(f"/admin/tickets/oauthgrant/{grant.pk}/connect/")["Location"])
    assert (target.scheme, target.hostname) == ("https", "id.example")
    return {name: values[0] for name, values in parse_qs(target.query).items()}


def come_back(browser: Client, **said: str) -> Any:
    return browser.get(CALLBACK, said, follow=True)


def test_connecting_an_account(at_work: Client, grant: OAuthGrant, server: TokenServer) -> None:
    asked = begin(at_work, grant)
    assert asked["redirect_uri"] == settings.BASE_URL + CALLBACK
    assert asked["tenant"] == "7"
    page = come_back(at_work, state=asked["state"], code=server.consent(asked["code_challenge"]))
    assert "may use support@desk.example now" in said(page)
    grant.refresh_from_db()
    assert grant.granted_at
    assert unseal(grant.refresh_token) in server.refresh_tokens
    assert "canary" not in page.content.decode()
    assert grant.refresh_token not in page.content.decode()


def test_the_page_says_which_address_to_register(at_work: Client, grant: OAuthGrant) -> None:
    assert settings.BASE_URL + CALLBACK in at_work.get(address("oauthgrant", "change", grant.pk)).content.decode()


@pytest.mark.parametrize("state", ["", "guessed", "ü"])
def test_an_answer_with_another_state_is_refused(
    at_work: Client, grant: OAuthGrant, server: TokenServer, state: str
) -> None:
    asked = begin(at_work, grant)
    page = come_back(at_work, state=state, code=server.consent(asked["code_challenge"]))
    assert "belongs to nothing that was begun here" in said(page)
    assert server.asked == []


def test_an_answer_counts_once(at_work: Client, grant: OAuthGrant, server: TokenServer) -> None:
    asked = begin(at_work, grant)
    for _ in range(2):
        page = come_back(at_work, state=asked["state"], code=server.consent(asked["code_challenge"]))
    assert "belongs to nothing" in said(page)
    assert len(server.asked) == 1


def test_an_answer_that_comes_late_is_refused(
    at_work: Client, grant: OAuthGrant, server: TokenServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = begin(at_work, grant)
    later = time.time() + 3600
    monkeypatch.setattr(oauth.time, "time", lambda: later)
    assert "belongs to nothing" in said(come_back(at_work, state=asked["state"], code="x"))


def test_a_code_that_was_given_to_somebody_else_is_refused(
    at_work: Client, grant: OAuthGrant, server: TokenServer
) -> None:
    asked = begin(at_work, grant)
    page = come_back(at_work, state=asked["state"], code=server.consent("another challenge"))
    assert "expired or revoked" in said(page)
    assert OAuthGrant.objects.get().refresh_token == ""


def test_a_refusal_at_the_provider_is_told(at_work: Client, grant: OAuthGrant) -> None:
    asked = begin(at_work, grant)
    page = come_back(at_work, state=asked["state"], error="access_denied", error_description="<b>No</b> consent")
    assert "&lt;b&gt;No&lt;/b&gt; consent" in page.content.decode()


def test_access_without_a_refresh_token_is_none(at_work: Client, grant: OAuthGrant, server: TokenServer) -> None:
    server.with_refresh_token = False
    asked = begin(at_work, grant)
    page = come_back(at_work, state=asked["state"], code=server.consent(asked["code_challenge"]))
    assert "no refresh token" in said(page)
    assert OAuthGrant.objects.get().access_token == ""


def test_another_provider_needs_its_endpoints(at_work: Client) -> None:
    typed = {
        "name": "x",
        "provider": "other",
        "account": "a@b.example",
        "client_id": "c",
        "token_url": "http://b.example",
    }
    page = at_work.post(address("oauthgrant", "add"), typed)
    errors = page.context["adminform"].form.errors
    assert set(errors) == {"authorize_url", "token_url", "scope"}
    assert errors["token_url"] == ["Must begin with https://."]
