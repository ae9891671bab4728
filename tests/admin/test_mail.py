"""How mail leaves, as an admin sets it up."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests import factories
from tests.admin.test_pages import address
from tests.mail.dns_stub import DnsStub
from tests.mail.sink import Sink
from tickets.mail import domains, health, letters, relay
from tickets.models import DkimKey, MailRelay
from tickets.secrets import unseal


@pytest.fixture
def sink() -> Any:
    sink = Sink().start()
    yield sink
    relay.hang_up()
    sink.stop()


def fields(**changed: Any) -> dict[str, Any]:
    return {"name": "Shop", "host": "smtp.shop.example", "port": "587", "security": "starttls", "user": "desk",
            "password": "canary-password", "grant": "", **changed}  # fmt: skip


class TestRelay:
    def test_its_password_is_kept_and_never_shown(self, at_work: Client) -> None:
        at_work.post(address("mailrelay", "add"), fields())
        made = MailRelay.objects.get()
        assert unseal(made.password) == "canary-password"
        assert "canary" not in at_work.get(address("mailrelay", "change", made.pk)).content.decode()
        at_work.post(address("mailrelay", "change", made.pk), fields(password="", port="2525"))
        made.refresh_from_db()
        assert (made.port, unseal(made.password)) == (2525, "canary-password")

    @pytest.mark.parametrize(
        ("changed", "words"), [({"security": "none"}, "readable by all"), ({"host": "smtp shop"}, "no host name")]
    )
    def test_what_would_be_unsafe_is_refused(self, at_work: Client, changed: dict[str, str], words: str) -> None:
        page = at_work.post(address("mailrelay", "add"), fields(**changed))
        assert words in page.content.decode()
        assert not MailRelay.objects.exists()

    def test_one_in_use_stays(self, at_work: Client) -> None:
        used = MailRelay.objects.create(name="Shop", host="smtp.shop.example")
        factories.mailbox(factories.department(), relay=used)
        page = at_work.post(address("mailrelay", "delete", used.pk), {"post": "yes"}, follow=True)
        assert "Let these mailboxes send by another relay first." in page.content.decode()

    def test_a_change_ends_its_pause(self, at_work: Client) -> None:
        made = MailRelay.objects.create(name="Shop", host="smtp.shop.example")
        health.failed(made.key, "535 Who are you?", is_refusal=True)
        assert "535 Who are you?" in at_work.get(address("mailrelay", "changelist")).content.decode()
        at_work.post(address("mailrelay", "change", made.pk), fields())
        assert health.pause_of(made.key) is None

    def test_a_test_mail_tells_what_became_of_it(self, at_work: Client, sink: Sink) -> None:
        made = MailRelay.objects.create(name="Shop", host="localhost", port=sink.port, security="none")
        url = address("mailrelay", "test", made.pk)
        assert url in at_work.get(address("mailrelay", "change", made.pk)).content.decode()
        page = at_work.post(url, {"recipient": "ana@desk.example"}).content.decode()
        assert "has taken the mail to ana@desk.example" in page
        assert sink.mails[0][1] == "ana@desk.example"
        sink.answers["RCPT"] = "550 5.1.1 No <such> person"
        assert "No &lt;such&gt; person" in at_work.post(url, {"recipient": "ana@desk.example"}).content.decode()
        assert at_work.get(address("mailrelay", "test", "999")).status_code == 404

    def test_the_one_of_the_settings_too(self, at_work: Client, sink: Sink, settings: Any) -> None:
        settings.SMTP_URL = ""
        url = address("mailrelay", "test", "settings")
        assert "no relay to test" in at_work.get(url).content.decode()
        settings.SMTP_URL = sink.url
        at_work.post(url, {"recipient": "ana@desk.example"})
        assert len(sink.mails) == 1


class TestKeys:
    def test_a_key_is_made_and_its_record_shown(self, at_work: Client) -> None:
        at_work.post(address("dkimkey", "add"), {"domain": "Shop.example", "selector": "desk1"})
        made = DkimKey.objects.get()
        assert (made.domain, made.is_enabled) == ("shop.example", False)
        assert "PRIVATE KEY" in unseal(made.private_key)
        page = at_work.get(address("dkimkey", "change", made.pk)).content.decode()
        assert "desk1._domainkey.shop.example" in page
        assert made.record in page
        assert made.private_key not in page
        at_work.post(address("dkimkey", "change", made.pk), {"is_enabled": "on", "domain": "x.example"})
        kept = DkimKey.objects.get()
        assert (kept.domain, kept.public_key, kept.is_enabled) == ("shop.example", made.public_key, True)

    @pytest.mark.parametrize("typed", [{"domain": "no domain"}, {"selector": "a b"}, {"selector": "a;b"}])
    def test_names_that_cannot_be_in_the_dns_are_refused(self, at_work: Client, typed: dict[str, str]) -> None:
        at_work.post(address("dkimkey", "add"), {"domain": "shop.example", "selector": "desk1", **typed})
        assert not DkimKey.objects.exists()


class TestDomains:
    def test_it_says_what_to_add(self, at_work: Client, settings: Any) -> None:
        stub = DnsStub()
        settings.DNS_RESOLVER = stub.address
        factories.mailbox(factories.department(), address="support@shop.example")
        page = at_work.get("/admin/tickets/dkimkey/domains/").content.decode()
        stub.stop()
        assert "_dmarc.shop.example" in page
        assert "v=spf1 mx ~all" in page

    def test_without_a_network_it_says_so(self, at_work: Client, settings: Any, monkeypatch: Any) -> None:
        monkeypatch.setattr(domains, "_SECONDS", 0.2)
        settings.DNS_RESOLVER = "127.0.0.1:9"
        factories.mailbox(factories.department(), address="support@shop.example")
        assert "cannot be asked from here" in at_work.get("/admin/tickets/dkimkey/domains/").content.decode()


class TestSamples:
    @pytest.mark.parametrize("kind", sorted(letters.KINDS))
    def test_every_kind_can_be_looked_at(self, at_work: Client, kind: str) -> None:
        page = at_work.get("/admin/tickets/dkimkey/samples/", {"kind": kind})
        assert page.context["subject"]
        assert "%(" not in page.context["subject"]
        frame = at_work.get("/admin/tickets/dkimkey/samples/", {"kind": kind, "frame": "1"})
        assert frame.content.decode().strip().startswith("<!DOCTYPE html>")
        assert "sandbox" in frame["Content-Security-Policy"]
        assert "script-src" not in frame["Content-Security-Policy"]

    def test_of_others_there_is_none(self, at_work: Client) -> None:
        assert at_work.get("/admin/tickets/dkimkey/samples/", {"kind": "../base"}).status_code == 404
