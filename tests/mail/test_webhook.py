"""What mail providers post, signed as they sign it: stored once, or refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings as live
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError
from django.test import Client

from tests import factories
from tests.mail import post
from tickets import blobs
from tickets.mail import fetch, webhook
from tickets.models import HookToken, InboundEmail, MailSource
from tickets.secrets import seal

pytestmark = pytest.mark.django_db
KEY = "canary-signing-key"
MAIL = post.raw(body="caf\u00e9, and bytes").replace(b"and bytes", b"and \xe9\xff bytes")


def source(mailbox, provider: str, **fields: Any) -> MailSource:
    given = {"kind": "webhook", "provider": provider, "password": seal(KEY), **fields}
    return MailSource.objects.create(mailbox=mailbox, **given)


@pytest.fixture
def mailgun(mailbox):
    return source(mailbox, "mailgun")


def signed(key: str = KEY, at: float | None = None, token: str = "t" * 50) -> dict[str, str]:
    stamp = str(int(time.time() if at is None else at))
    return {"timestamp": stamp, "token": token,
            "signature": hmac.new(key.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()}  # fmt: skip


def send(fields: dict[str, Any], path: str = "/hooks/mail/mailgun/mime", **more: Any) -> int:
    """As a form with files: every field with its own bytes, as providers send raw mail."""
    boundary = b"xYzZY"
    body = b""
    for name, value in fields.items():
        content = value if isinstance(value, bytes) else str(value).encode()
        body += b'--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (boundary, name.encode(), content)
    kind = "multipart/form-data; boundary=xYzZY"
    return Client(**more).post(path, body + b"--xYzZY--\r\n", content_type=kind).status_code


def mail_of(mail: bytes = MAIL, **more: Any) -> dict[str, Any]:
    return {"recipient": "support@desk.example", "sender": "tomas@customers.example", "body-mime": mail, **more}


def test_a_signed_mail_is_stored_byte_by_byte(mailgun, mailbox):
    assert send({**mail_of(), **signed()}) == 200
    row = InboundEmail.objects.get()
    assert blobs.read(row.raw_sha256) == MAIL
    assert (row.source, row.origin, row.mailbox) == ("webhook", mailgun, mailbox)
    assert (row.envelope_from, row.envelope_to) == ("tomas@customers.example", ["support@desk.example"])
    assert MailSource.objects.get().stored_count == 1
    assert MailSource.objects.get().last_success_at


def test_an_encoded_form_is_read_as_well(mailgun):
    body = urlencode({**mail_of(), **signed()})
    kind = "application/x-www-form-urlencoded"
    assert Client().post("/hooks/mail/mailgun/mime", body, content_type=kind).status_code == 200
    assert blobs.read(InboundEmail.objects.get().raw_sha256) == MAIL


def test_a_large_mail_is_taken_and_a_too_large_one_is_not(mailgun, monkeypatch):
    large = post.raw(body="x" * 70 + "\r\n" + "y" * 5_000_000)
    assert send({**mail_of(large), **signed()}) == 200
    assert InboundEmail.objects.get().raw_size == len(large)
    monkeypatch.setattr(webhook, "LONGEST", 1000)
    assert send({**mail_of(large), **signed(token="other")}) == 413


def test_pieces_are_put_together_where_the_raw_mail_does_not_come(mailgun):
    headers = [["From", "Tomás <tomas@customers.example>"], ["To", "support@desk.example"], ["Subject", "Käse"]]
    fields = {
        "recipient": "support@desk.example", "sender": "tomas@customers.example", "body-plain": "Grüße",
        "message-headers": json.dumps(headers), "attachment-count": "1", **signed(),
        "attachment-1": SimpleUploadedFile("käse.txt", b"holes", "text/plain"),
    }  # fmt: skip
    assert Client().post("/hooks/mail/mailgun/", fields).status_code == 200
    row = InboundEmail.objects.get()
    post.inbound.apply(row.pk)
    row.refresh_from_db()
    assert (row.state, row.subject) == ("applied", "Käse")
    assert row.message.body.strip() == "Grüße"
    assert [(file.name, blobs.read(file.sha256)) for file in row.message.attachments.all()] == [("käse.txt", b"holes")]


def test_mail_goes_to_the_mailbox_it_was_sent_to(mailgun, mailbox):
    sales = factories.mailbox(mailbox.department, address="sales@desk.example")
    assert send({**mail_of(recipient="Sales+abc@desk.example"), **signed()}) == 200
    assert send({**mail_of(recipient="else@desk.example"), **signed(token="2")}) == 200
    assert [row.mailbox for row in InboundEmail.objects.order_by("pk")] == [sales, mailbox]


# -- refusals --


@pytest.mark.parametrize(
    "spoil",
    [
        {"signature": "0" * 64}, {"signature": ""}, {"timestamp": "1"}, {"timestamp": ""}, {"token": "another"},
        signed(key="somebody-else"), signed(at=time.time() + 3600), {"signature": "ü"},
    ],
    ids=range(8),
)  # fmt: skip
def test_what_the_provider_did_not_sign_is_refused(mailgun, spoil):
    assert send({**mail_of(), **signed(), **spoil}) == 403
    assert not InboundEmail.objects.exists()


def test_a_request_without_a_signature_is_refused(mailgun):
    assert send(mail_of()) == 403


@pytest.mark.parametrize(("age", "status"), [(4 * 60, 200), (6 * 60, 403), (-4 * 60, 200), (-6 * 60, 403)])
def test_a_signature_is_good_for_five_minutes(mailgun, age, status):
    assert send({**mail_of(), **signed(at=time.time() - age)}) == status
    assert InboundEmail.objects.count() == (status == 200)


def test_replayed_after_six_minutes_it_is_refused(mailgun, monkeypatch):
    request = {**mail_of(), **signed()}
    assert send(request) == 200
    later = time.time() + 6 * 60
    monkeypatch.setattr(webhook.time, "time", lambda: later)
    assert send(request) == 403
    assert InboundEmail.objects.count() == 1


def test_the_same_again_is_the_same_mail(mailgun):
    """A provider that did not hear our answer repeats itself, with the old signature or with a new one."""
    request = {**mail_of(), **signed()}
    assert [send(request), send(request), send({**request, **signed(token="new")})] == [200, 200, 200]
    assert InboundEmail.objects.count() == 1


def test_a_token_carries_no_other_mail(mailgun):
    assert send({**mail_of(), **signed()}) == 200
    assert send({**mail_of(post.raw(subject="forged")), **signed()}) == 403
    assert InboundEmail.objects.count() == 1


def test_old_tokens_are_forgotten(mailgun):
    send({**mail_of(), **signed()})
    HookToken.objects.update(expires_at="2020-01-01T00:00Z")
    send({**mail_of(), **signed(token="2")})
    assert HookToken.objects.count() == 1


@pytest.mark.parametrize("trouble", [DatabaseError("gone"), OSError("full")])
def test_our_own_trouble_is_503_and_spends_no_token(mailgun, monkeypatch, trouble):
    def fails(*args, **fields):
        raise trouble

    request = {**mail_of(), **signed()}
    with monkeypatch.context() as patch:
        patch.setattr(webhook, "_store", fails)
        assert send(request) == 503
    assert not HookToken.objects.exists()
    assert send(request) == 200
    assert InboundEmail.objects.count() == 1


@pytest.mark.parametrize("change", [{"is_enabled": False}, {"provider": "postmark"}, {"kind": "imap"}])
def test_who_is_not_set_up_is_not_there(mailgun, change):
    MailSource.objects.update(**change)
    assert send({**mail_of(), **signed()}) == 404
    assert Client().post("/hooks/mail/nobody/").status_code == 404


@pytest.mark.parametrize("password", ["", "sealed by another desk"])
def test_without_a_secret_nothing_is_taken(mailgun, password):
    MailSource.objects.update(password=password)
    assert send({**mail_of(), **signed(key="")}) == 403


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"--x\r\nnonsense", "multipart/form-data; boundary=x"), (b"", "multipart/form-data"), (b"\xff\x00", "text/plain"),
     (b"{", "application/json"), (b"%", "application/x-www-form-urlencoded")],
)  # fmt: skip
def test_nonsense_is_not_taken(mailgun, body, kind):
    assert Client().post("/hooks/mail/mailgun/", body, content_type=kind).status_code in {400, 403}


def test_a_provider_may_look_whether_the_address_exists(mailgun):
    assert Client().head("/hooks/mail/mailgun/").status_code == 200


def test_no_secret_is_logged(mailgun, caplog):
    caplog.set_level("DEBUG")
    send({**mail_of(), **signed(), "signature": "0" * 64})
    assert "refused" in caplog.text
    assert KEY not in caplog.text
    assert "caf" not in caplog.text


def test_forms_need_no_token_of_ours_here(mailgun):
    assert send({**mail_of(), **signed()}, enforce_csrf_checks=True) == 200


def test_testing_the_settings_says_which_address_to_give(mailgun):
    assert f"{live.BASE_URL}/hooks/mail/mailgun/mime" in fetch.test(mailgun)
    assert str(mailgun) == "Mailgun"


# -- the others --


def with_password(password: str = KEY) -> dict[str, str]:
    return {"HTTP_AUTHORIZATION": "Basic " + base64.b64encode(f"desk:{password}".encode()).decode()}


def send_json(path: str, payload: Any, **headers: str) -> int:
    return Client(**headers).post(path, json.dumps(payload), content_type="application/json").status_code


POSTMARK = {
    "MessageID": "73e6d360-66eb-11e1-8e72-a8904824019b", "OriginalRecipient": "support@desk.example",
    "FromFull": {"Email": "tomas@customers.example", "Name": "Tomás"},
    "ToFull": [{"Email": "support@desk.example", "Name": ""}], "Subject": "Käse", "TextBody": "Grüße",
    "Headers": [{"Name": "Return-Path", "Value": "<tomas@customers.example>"}], "Attachments": [],
}  # fmt: skip


@pytest.mark.parametrize("is_raw", [True, False])
def test_postmark(mailbox, is_raw):
    source(mailbox, "postmark", password=seal(f"desk:{KEY}"))
    raw = post.raw(body="Grüße")
    payload = {**POSTMARK, **({"RawEmail": raw.decode()} if is_raw else {})}
    assert send_json("/hooks/mail/postmark/", payload, **with_password()) == 200
    assert send_json("/hooks/mail/postmark/", payload, **with_password()) == 200
    row = InboundEmail.objects.get()
    assert row.provider_id == f"id:{POSTMARK['MessageID']}"
    if is_raw:
        assert blobs.read(row.raw_sha256) == raw
    post.inbound.apply(row.pk)
    row.refresh_from_db()
    assert (row.state, row.message.body.strip()) == ("applied", "Grüße")


@pytest.mark.parametrize("headers", [{}, with_password("wrong"), {"HTTP_AUTHORIZATION": "Basic x"}])
def test_a_wrong_password_is_refused_before_the_body_is_read(mailbox, headers, monkeypatch):
    source(mailbox, "postmark", password=seal(f"desk:{KEY}"))
    monkeypatch.setattr(webhook.posted, "read", None)
    assert send_json("/hooks/mail/postmark/", POSTMARK, **headers) == 403


def test_another_kind_of_event_is_not_taken(mailbox):
    source(mailbox, "postmark", password=seal(f"desk:{KEY}"))
    assert send_json("/hooks/mail/postmark/", {"RecordType": "Bounce"}, **with_password()) == 400


def test_mandrill(mailbox):
    source(mailbox, "mandrill")
    raw = post.raw(body="Grüße")
    message = {"raw_msg": raw.decode(), "email": "support@desk.example", "sender": None, "headers": {}}
    events = json.dumps([{"event": "inbound", "ts": 1, "msg": message}])
    url = f"{live.BASE_URL}/hooks/mail/mandrill/"
    digest = hmac.new(KEY.encode(), f"{url}mandrill_events{events}".encode(), hashlib.sha1).digest()
    signature = {"HTTP_X_MANDRILL_SIGNATURE": base64.b64encode(digest).decode()}
    for _ in range(2):
        assert send({"mandrill_events": events}, "/hooks/mail/mandrill/", **signature) == 200
    assert blobs.read(InboundEmail.objects.get().raw_sha256) == raw
    assert send({"mandrill_events": events.replace("fire", "ice")}, "/hooks/mail/mandrill/", **signature) == 403


@pytest.mark.parametrize("is_base64", [True, False])
def test_sparkpost(mailbox, is_base64):
    source(mailbox, "sparkpost", password=seal(f"desk:{KEY}"))
    raw = MAIL if is_base64 else post.raw(body="Grüße")
    content = {
        "email_rfc822": base64.b64encode(raw).decode() if is_base64 else raw.decode(),
        "email_rfc822_is_base64": is_base64,
    }
    relay = {"content": content, "protocol": "smtp", "msg_from": "a@b.example", "rcpt_to": "support@desk.example"}
    for _ in range(2):
        payload = [{"msys": {"relay_message": relay}}]
        assert send_json("/hooks/mail/sparkpost/", payload, **with_password()) == 200
    assert blobs.read(InboundEmail.objects.get().raw_sha256) == raw


@pytest.mark.filterwarnings("ignore:django-anymail has dropped")
def test_sendgrid(mailbox):
    source(mailbox, "sendgrid", password=seal(f"desk:{KEY}"))
    envelope = json.dumps({"from": "tomas@customers.example", "to": ["support@desk.example"]})
    fields = {"email": MAIL, "envelope": envelope}
    for _ in range(2):
        assert send(fields, "/hooks/mail/sendgrid/", **with_password()) == 200
    row = InboundEmail.objects.get()
    assert blobs.read(row.raw_sha256) == MAIL
    assert row.envelope_from == "tomas@customers.example"
