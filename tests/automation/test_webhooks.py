"""Webhooks: signed, tried again, never to the inside of the network."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
from django.utils import timezone

from tests import factories, people
from tests.automation.making import handled, trigger
from tickets import outward, webhooks
from tickets.actions import conversation
from tickets.models import RuleRun, Webhook, WebhookDelivery
from tickets.secrets import seal

pytestmark = pytest.mark.django_db


class Receiver:
    """The other side: writes down what it gets, and answers what it is told to."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.status, self.drops = 200, False
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                if receiver.drops:
                    self.connection.close()
                    return
                self.send_response(receiver.status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hook"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.server.shutdown()
    made.thread.join()
    made.server.server_close()


@pytest.fixture
def reachable(monkeypatch, receiver):
    """Its private address is allowed for once."""
    monkeypatch.setattr(outward, "is_public", lambda address: True)
    return receiver


def hook(url: str) -> Webhook:
    return Webhook.objects.create(name="Tracker", url=url, sealed_secret=seal("canary-secret"))


def called(webhook: Webhook) -> WebhookDelivery:
    trigger("Tell", {}, {"do": "webhook", "webhook": webhook.pk})
    factories.ticket(people.customer(email="grace@customers.example"), subject="Fire")
    handled()
    row = WebhookDelivery.objects.get()
    webhooks.call(row.pk)
    row.refresh_from_db()
    return row


def test_a_rule_tells_the_other_side_and_signs_it(reachable):
    row = called(hook(reachable.url))
    assert (row.state, row.last_status, row.attempts) == ("sent", 200, 1)
    headers, body = reachable.got[0]
    said = json.loads(body)
    assert (said["rule"], said["event"], said["ticket"]["subject"]) == ("Tell", "opened", "Fire")
    assert said["ticket"]["requester"]["email"] == "grace@customers.example"
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mac = base64.b64encode(hmac.digest(b"canary-secret", signed, hashlib.sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{mac}"
    webhooks.call(row.pk)
    assert len(reachable.got) == 1
    assert RuleRun.objects.get().effects[0]["refused"] == ""


def test_abuse_46_a_webhook_says_nothing_of_what_agents_write_among_themselves(reachable):
    ticket = factories.ticket(subject="Fire")
    handled()
    trigger("Tell", {}, {"do": "webhook", "webhook": hook(reachable.url).pk}, on=["note", "updated"])
    conversation.note(ticket, by=people.admin(), body="CANARY-46 the customer must not read this")
    handled()
    webhooks.call(WebhookDelivery.objects.get().pk)
    assert json.loads(reachable.got[0][1])["event"] == "noted"
    assert b"CANARY-46" not in b"".join(body for _headers, body in reachable.got)


@pytest.mark.parametrize("trouble", ["500", "302", "drops"])
def test_abuse_62_trouble_over_there_is_tried_again_as_the_same_call(reachable, trouble):
    reachable.drops = trouble == "drops"
    reachable.status = 200 if reachable.drops else int(trouble)
    row = called(hook(reachable.url))
    assert row.state == "queued"
    assert row.next_attempt_at > timezone.now()
    webhooks.call(row.pk)
    assert len(reachable.got) == 1  # not before its time
    reachable.drops, reachable.status = False, 200
    WebhookDelivery.objects.update(next_attempt_at=timezone.now())
    assert webhooks.sweep() == 1
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("sent", 2)
    assert len({headers["webhook-id"] for headers, _body in reachable.got}) == 1


def test_after_a_day_it_is_given_up(reachable):
    reachable.status = 500
    row = called(hook(reachable.url))
    assert sum(webhooks.DELAYS, timedelta()) > timedelta(hours=24)
    for _time in range(20):
        WebhookDelivery.objects.filter(next_attempt_at__isnull=False).update(next_attempt_at=timezone.now())
        webhooks.sweep()
    row.refresh_from_db()
    assert (row.state, row.next_attempt_at) == ("failed", None)
    assert len(reachable.got) == len(webhooks.DELAYS) + 1


def test_a_worker_that_died_leaves_the_call_to_the_next(reachable, monkeypatch):
    row = WebhookDelivery.objects.create(webhook=hook(reachable.url), body="{}")
    monkeypatch.setattr(webhooks, "_post", lambda row: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        webhooks.call(row.pk)
    monkeypatch.undo()
    monkeypatch.setattr(outward, "is_public", lambda address: True)
    assert webhooks.sweep() == 0  # somebody may still be at it
    WebhookDelivery.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=1))
    assert webhooks.sweep() == 1
    assert len(reachable.got) == 1


@pytest.mark.parametrize("host", [
    "127.0.0.1", "localhost", "10.0.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]", "0177.0.0.1", "2130706433", "0x7f.1", "127.1", "[64:ff9b::7f00:1]",
    "[fe80::1]", "[2002:7f00:1::]",
])  # fmt: skip
def test_abuse_58_nothing_inside_the_network_is_reached(receiver, host):
    row = called(hook(f"http://{host}:{receiver.server.server_port}/hook"))
    assert (row.state, row.last_status) == ("queued", None)
    assert row.last_error
    assert receiver.got == []


def test_abuse_58_a_name_that_resolves_elsewhere_the_second_time_gains_nothing(receiver, monkeypatch):
    """Looked up once, and the connection goes to the address that was checked."""
    answers, connected = ["203.0.113.5", "127.0.0.1"], []
    monkeypatch.setattr(outward, "is_public", lambda address: address == "203.0.113.5")  # which stands for a public one
    monkeypatch.setattr(
        socket, "getaddrinfo",
        lambda host, port, *_a, **_k: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers.pop(0), port))],
    )  # fmt: skip

    def connect(address: tuple[str, int], *_a: object, **_k: object) -> socket.socket:
        connected.append(address)
        raise OSError("no route")

    monkeypatch.setattr(socket, "create_connection", connect)
    row = called(hook(f"http://rebinding.example:{receiver.server.server_port}/hook"))
    assert (row.state, row.last_status) == ("queued", None)
    assert connected == [("203.0.113.5", receiver.server.server_port)]
    row.refresh_from_db()
    WebhookDelivery.objects.update(next_attempt_at=timezone.now())
    webhooks.sweep()  # the next attempt looks again, and finds the inside
    row.refresh_from_db()
    assert "private network" in row.last_error
    assert len(connected) == 1
    assert receiver.got == []


@pytest.mark.parametrize("port", [22, 25, 110, 143, 587, 993])
def test_abuse_58_ports_that_are_not_of_the_web(port):
    with pytest.raises(outward.Unreachable, match="Port"):
        outward.post(f"http://example.org:{port}/", b"", {})


def test_the_secret_stands_nowhere(reachable):
    called(hook(reachable.url))
    assert "canary-secret" not in str(Webhook.objects.values().get())
    assert all("canary-secret" not in str(part) for part in reachable.got)
