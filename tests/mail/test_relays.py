"""Relays of single mailboxes: TLS with a certificate that is checked, sign-in by password and OAuth."""

import datetime
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.core.exceptions import ValidationError
from django.utils import timezone

from tests import factories, people
from tests.mail import post
from tests.mail.sink import Sink
from tests.mail.token_server import TokenServer
from tickets.actions import conversation
from tickets.mail import health, outbound, relay, routes, trial
from tickets.models import MailRelay, OAuthGrant, OutboundEmail, RelayHealth
from tickets.secrets import seal

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """(file of certificate and key for localhost)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    file = tmp_path_factory.mktemp("tls") / "localhost.pem"
    file.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return file


@pytest.fixture
def sink():
    sink = Sink().start()
    yield sink
    relay.hang_up()
    sink.stop()


@pytest.fixture
def safe(certificate):
    """Insists on STARTTLS, and on a password or token."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    sink = Sink(users={"desk": "secret"}, tokens=True, tls_context=context, require_starttls=True).start()
    yield sink
    relay.hang_up()
    sink.stop()


@pytest.fixture
def trusted(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


def relay_to(sink: Sink, **fields: object) -> MailRelay:
    given = {"name": "Shop", "host": "localhost", "port": sink.port, "security": "none", **fields}
    return MailRelay.objects.create(**given)


@pytest.fixture
def reply(mailbox):
    """Writes and sends a reply from the mailbox; its row afterwards."""

    def send() -> OutboundEmail:
        ticket = factories.ticket(department=mailbox.department, auto_response=False)
        conversation.reply(ticket, by=people.agent(mailbox.department), body="Hello")
        post.settle()
        return OutboundEmail.objects.get(ticket=ticket, kind="reply")

    return send


def use(mailbox, relay: MailRelay) -> None:
    mailbox.relay = relay
    mailbox.save()


def test_each_mailbox_has_its_own(mailbox, sink, reply, settings):
    other = Sink().start()
    settings.SMTP_URL = other.url
    reply()
    use(mailbox, relay_to(sink))
    reply()
    relay.hang_up()
    other.stop()
    assert (len(sink.mails), len(other.mails)) == (1, 1)


def test_one_in_trouble_holds_up_no_other(mailbox, sink, reply, settings):
    settings.SMTP_URL = sink.url
    broken = MailRelay.objects.create(name="Broken", host="127.0.0.1", port=1, security="none")
    health.failed(broken.key, "Who are you?", is_refusal=True)
    use(mailbox, broken)
    waiting = reply()
    mailbox.relay = None
    mailbox.save()
    assert reply().state == "sent"
    assert (waiting.state, waiting.attempt) == ("retry", 0)


def test_the_sweep_holds_back_only_what_leaves_there(mailbox, sink, settings):
    settings.SMTP_URL = sink.url
    broken = MailRelay.objects.create(name="Broken", host="127.0.0.1", port=1, security="none")
    mails = OutboundEmail.objects.order_by("pk")
    for number, box in enumerate((None, mailbox)):
        mail = {"kind": "account", "recipient": "a@x.example", "rfc_message_id": f"<{number}@x>"}
        OutboundEmail.objects.create(mailbox=box, **mail)
    use(mailbox, broken)
    assert list(routes.by_relay(mails, "settings")) == [mails[0]]
    assert list(routes.by_relay(mails, broken.key)) == [mails[1]]


def test_signs_in_over_tls_whose_certificate_is_known(mailbox, safe, reply, trusted):
    use(mailbox, relay_to(safe, security="starttls", user="desk", password=seal("secret")))
    assert reply().state == "sent"
    assert len(safe.mails) == 1


def test_an_unknown_certificate_is_refused_and_nothing_sent(mailbox, safe, reply):
    chosen = relay_to(safe, security="starttls", user="desk", password=seal("secret"))
    use(mailbox, chosen)
    row = reply()
    assert (row.state, safe.mails) == ("retry", [])
    assert "certificate" in row.last_error.lower()
    assert health.pause_of(chosen.key).is_refused


def test_a_certificate_for_another_name_is_refused(mailbox, safe, reply, trusted):
    use(mailbox, relay_to(safe, host="127.0.0.1", security="starttls", user="desk", password=seal("secret")))
    assert reply().state == "retry"
    assert safe.mails == []


@pytest.mark.parametrize("is_readable", [True, False])
def test_a_wrong_password_pauses_and_says_so(mailbox, safe, reply, trusted, is_readable):
    password = seal("wrong") if is_readable else "sealed under a key that is gone"
    chosen = relay_to(safe, security="starttls", user="desk", password=password)
    use(mailbox, chosen)
    row = reply()
    assert (row.state, row.attempt, safe.mails) == ("retry", 0, [])
    assert health.pause_of(chosen.key).is_refused
    assert "wrong" not in row.last_error


def test_oauth_signs_in_without_a_password(mailbox, safe, reply, trusted):
    server = TokenServer()
    grant = OAuthGrant.objects.create(
        name="Post", provider="other", account="support@desk.example", client_id="desk", token_url=server.url,
        authorize_url="https://id.example/authorize", scope="mail", client_secret=seal("canary-secret"),
        refresh_token=seal("canary-refresh"),
    )  # fmt: skip
    use(mailbox, relay_to(safe, security="starttls", user="", grant=grant))
    row = reply()
    server.close()
    assert row.state == "sent"
    ((proof, _token),) = safe.proofs
    assert proof == "support@desk.example"


def test_no_secret_travels_in_the_clear():
    for fields in ({"host": "smtp.desk.example", "user": "desk"},):
        with pytest.raises(ValidationError):
            MailRelay(name="Shop", port=25, security="none", **fields).full_clean()
    MailRelay(name="Shop", port=25, security="none", host="localhost", user="desk").full_clean()


class TestTrial:
    def test_it_arrives_and_ends_a_pause(self, mailbox, sink, reply):
        chosen = relay_to(sink)
        use(mailbox, chosen)
        health.failed(chosen.key, "Who are you?", is_refusal=True)
        assert reply().state == "retry"
        outcome = trial.send(routes.to(chosen), "support@desk.example", "ana@desk.example")
        assert outcome.is_sent
        assert sink.mails[0][1] == "ana@desk.example"
        assert not RelayHealth.objects.exists()
        assert OutboundEmail.objects.get(state="retry").next_attempt_at <= timezone.now()
        outbound.sweep()
        assert len(sink.mails) == 2

    @pytest.mark.parametrize(
        ("fields", "words"),
        [
            ({"port": 1}, "could not be reached"),
            ({"security": "starttls"}, "does not take our mail"),
            ({"user": "desk", "password": "x"}, "Type it again"),
        ],
    )
    def test_what_is_wrong_is_said_in_plain_words(self, sink, fields, words):
        outcome = trial.send(routes.to(relay_to(sink, **fields)), "support@desk.example", "ana@desk.example")
        assert not outcome.is_sent
        assert words in outcome.text

    def test_a_refusal_is_told_as_it_was_said(self, sink):
        sink.answers["RCPT"] = "550 5.1.1 No such person"
        outcome = trial.send(routes.to(relay_to(sink)), "support@desk.example", "ana@desk.example")
        assert outcome.text.endswith("No such person")
