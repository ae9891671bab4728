import threading
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.utils import timezone

from tests.mail.token_server import TokenServer
from tests.wait import until
from tickets.mail import oauth
from tickets.models import OAuthGrant
from tickets.secrets import seal, unseal

pytestmark = pytest.mark.django_db


@pytest.fixture
def server():
    made = TokenServer()
    yield made
    made.close()


@pytest.fixture
def grant(server):
    return OAuthGrant.objects.create(
        name="Post", provider="other", account="support@desk.example", client_id="desk", token_url=server.url,
        authorize_url="https://id.example/authorize", scope="mail", client_secret=seal("canary-secret"),
        refresh_token=seal("canary-refresh"),
    )  # fmt: skip


def now(grant):
    return OAuthGrant.objects.get(pk=grant.pk)


def test_a_token_is_asked_for_once_and_kept(grant, server):
    first = oauth.access_token(grant)
    assert first.startswith("canary-access-")
    assert oauth.access_token(grant) == first
    assert [one["grant_type"] for one in server.asked] == ["refresh_token"]
    assert first not in repr(vars(now(grant)))
    assert unseal(now(grant).access_token) == first


@pytest.mark.parametrize(("left", "asks"), [(59, 1), (90, 0)])
def test_it_is_renewed_a_minute_early(grant, server, left, asks):
    OAuthGrant.objects.update(access_token=seal("old"), expires_at=timezone.now() + timedelta(seconds=left))
    assert (oauth.access_token(grant) == "old") is (asks == 0)
    assert len(server.asked) == asks


def test_a_new_refresh_token_takes_the_place_of_the_old_one(grant, server):
    server.rotates = True
    oauth.access_token(grant)
    assert unseal(now(grant).refresh_token) in server.refresh_tokens - {"canary-refresh"}


def test_what_imap_smtp_and_pop_take(grant):
    assert oauth.xoauth2(grant) == f"user=support@desk.example\x01auth=Bearer {oauth.access_token(grant)}\x01\x01"


@pytest.mark.django_db(transaction=True)
def test_of_many_that_need_it_one_asks(grant, server):
    server.hold.clear()
    got = []

    def work():
        try:
            got.append(oauth.access_token(grant))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    until(lambda: server.asked)
    server.hold.set()
    for thread in threads:
        thread.join()
    assert len(got) == 4
    assert len(set(got)) == len(server.asked) == 1


def test_a_revoked_grant_is_final_and_noted(grant, server):
    server.refresh_tokens.clear()
    with pytest.raises(oauth.OAuthFailed, match="expired or revoked") as caught:
        oauth.access_token(grant)
    assert caught.value.is_final
    assert "expired or revoked" in now(grant).last_error
    server.refresh_tokens.add("canary-refresh")
    oauth.access_token(grant)
    assert now(grant).last_error == ""


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"access_token": ""}', b"\xff"])
def test_an_answer_that_is_none_is_told_and_may_be_tried_again(grant, server, body):
    server.body = body
    with pytest.raises(oauth.OAuthFailed, match="HTTP status 200") as caught:
        oauth.access_token(grant)
    assert not caught.value.is_final


@pytest.mark.parametrize("expires_in", [None, "soon", -5, 10**12])
def test_a_life_that_makes_no_sense_is_taken_for_a_sensible_one(grant, server, expires_in):
    server.lives = expires_in
    oauth.access_token(grant)
    assert timedelta(0) < now(grant).expires_at - timezone.now() <= timedelta(days=1)


def test_nobody_there_is_told(grant, server):
    OAuthGrant.objects.update(token_url="http://127.0.0.1:1/token")
    with pytest.raises(oauth.OAuthFailed, match="could not be reached"):
        oauth.access_token(grant)


def test_a_redirect_is_not_followed_with_the_secrets(grant, server, monkeypatch):
    monkeypatch.setattr(server, "answer", lambda asked: server.asked.append(asked) or (307, {}))
    with pytest.raises(oauth.OAuthFailed, match="307"):
        oauth.access_token(grant)
    assert len(server.asked) == 1


def test_secrets_never_travel_in_the_open(grant):
    OAuthGrant.objects.update(token_url="http://mail.example/token")
    with pytest.raises(oauth.OAuthFailed, match="https://"):
        oauth.access_token(grant)


def test_an_account_that_was_never_connected_says_what_to_do(grant):
    OAuthGrant.objects.update(refresh_token="")
    with pytest.raises(oauth.OAuthFailed, match="not connected yet"):
        oauth.access_token(grant)


@pytest.mark.parametrize("name", ["refresh_token", "client_secret"])
def test_a_lost_key_says_what_to_do(grant, name):
    OAuthGrant.objects.update(**{name: "sealed by another desk"})
    with pytest.raises(oauth.OAuthFailed, match="SECRET_KEY has changed"):
        oauth.access_token(grant)


def test_no_secret_stands_in_what_is_said_or_logged(grant, server, caplog):
    caplog.set_level("DEBUG")
    server.refuse = {"error": "invalid_grant"}
    with pytest.raises(oauth.OAuthFailed) as caught:
        oauth.access_token(grant)
    assert "canary" not in caplog.text + str(caught.value) + now(grant).last_error


@pytest.mark.parametrize(
    ("provider", "host", "scope"),
    [("google", "accounts.google.com", "mail.google.com"), ("microsoft", "login.microsoftonline.com", "IMAP.Access")],
)
def test_the_large_providers_need_no_endpoints(provider, host, scope):
    grant = OAuthGrant(provider=provider, client_id="desk", account="support@desk.example")
    grant.clean()
    url = oauth.authorization_url(grant, redirect_uri="https://desk.example/back", state="s", verifier="v")
    asked = parse_qs(urlsplit(url).query)
    assert urlsplit(url).hostname == host
    assert scope in asked["scope"][0]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["login_hint"] == ["support@desk.example"]
