"""Signatures are checked here by the letter of RFC 6376, with the key taken from a DNS server."""

import base64
import hashlib
import re

import dns.resolver
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_der_public_key

from tests import factories, people
from tests.mail import post
from tests.mail.dns_stub import DnsStub
from tickets import blobs
from tickets.actions import conversation, lifecycle, triage
from tickets.mail import dkim
from tickets.models import DkimKey, OutboundEmail

pytestmark = pytest.mark.django_db


@pytest.fixture
def key():
    private, public = dkim.new_key()
    return DkimKey.objects.create(
        domain="desk.example", selector="s1", private_key=private, public_key=public, is_enabled=True
    )


@pytest.fixture
def published(key):
    stub = DnsStub()
    stub.txt(str(key), key.record)
    yield stub
    stub.stop()


@pytest.fixture
def agent(mailbox):
    return people.agent(mailbox.department)


@pytest.fixture
def ticket(mailbox):
    return factories.ticket(department=mailbox.department, auto_response=False)


def sent(kind: str) -> bytes:
    post.settle()
    return blobs.read(OutboundEmail.objects.filter(kind=kind).latest("pk").raw_sha256)


def lines_of(raw: bytes) -> list[tuple[bytes, bytes]]:
    found: list[list[bytes]] = []
    for line in raw.split(b"\r\n\r\n")[0].split(b"\r\n"):
        if line[:1] in b" \t":
            found[-1][1] += b"\r\n" + line
        else:
            name, _colon, value = line.partition(b":")
            found.append([name.lower(), value])
    return [(name, value) for name, value in found]


def relaxed(name: bytes, value: bytes) -> bytes:
    return name + b":" + b" ".join(value.replace(b"\r\n", b"").replace(b"\t", b" ").split())


def verified(raw: bytes, stub: DnsStub) -> list[str]:
    """The names of the signed fields. Raises InvalidSignature."""
    fields = lines_of(raw)
    name, value = fields[0]
    assert name == b"dkim-signature"
    tags = dict(tag.strip().split("=", 1) for tag in re.sub(r"\s+", " ", value.decode()).split(";"))
    body = raw.partition(b"\r\n\r\n")[2]
    lines = [b" ".join(re.split(rb"[ \t]+", line)).rstrip(b" ") for line in body.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    shown = b"".join(line + b"\r\n" for line in lines)
    if base64.b64encode(hashlib.sha256(shown).digest()).decode() != tags["bh"].replace(" ", ""):
        raise InvalidSignature
    names, left, signed = tags["h"].replace(" ", "").split(":"), fields[1:], b""
    for wanted in names:
        at = next((at for at in reversed(range(len(left))) if left[at][0].decode() == wanted), None)
        if at is not None:
            signed += relaxed(*left.pop(at)) + b"\r\n"
    signed += relaxed(b"dkim-signature", value[: value.rindex(b"b=") + 2])
    resolver = dns.resolver.Resolver(configure=False)
    host, _colon, port = stub.address.partition(":")
    resolver.nameservers, resolver.port = [host], int(port)
    answer = resolver.resolve(f"{tags['s']}._domainkey.{tags['d']}", "TXT")[0]
    record = b"".join(answer.strings).decode()
    public = load_der_public_key(base64.b64decode(record.partition("p=")[2]))
    public.verify(base64.b64decode(tags["b"].replace(" ", "")), signed, padding.PKCS1v15(), hashes.SHA256())
    return names


def test_a_reply_is_signed_whole(published, ticket, agent):
    conversation.reply(ticket, by=agent, body="Grüße,  \n\n.\n\n\n" + "x" * 2000 + "\n \n\n")
    raw = sent("reply")
    names = verified(raw, published)
    assert {"from", "to", "subject", "date", "message-id", "reply-to", "mime-version"} <= set(names)
    assert (names.count("from"), names.count("subject")) == (2, 2)
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def test_the_way_out_of_a_notice_is_signed_too(published, ticket, agent):
    lifecycle.resolve(ticket, by=agent)
    names = verified(sent("confirmation"), published)
    assert {"list-unsubscribe", "list-unsubscribe-post", "auto-submitted"} <= set(names)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Subject: ", b"Subject: Re: "),
        (b"From: ", b"From: Eve <eve@x.example>\r\nFrom: "),
        (b"Which", b"Witch"),
        (b"Reply-To: ", b"Reply-To: x"),
    ],
)
def test_whoever_changes_it_breaks_the_signature(published, ticket, agent, old, new):
    conversation.reply(ticket, by=agent, body="Which one?")
    raw = sent("reply")
    verified(raw, published)
    assert old in raw
    with pytest.raises(InvalidSignature):
        verified(raw.replace(old, new, 1), published)


def test_what_relays_do_to_a_mail_leaves_it_whole(published, ticket, agent):
    conversation.reply(ticket, by=agent, body="Which one?")
    raw = sent("reply").replace(b"Subject: ", b"SUBJECT:   ", 1)
    head, blank, body = raw.partition(b"\r\n\r\n")
    verified(head + b"\r\nX-Scanned: yes" + blank + body + b"\r\n\r\n", published)


def test_every_attempt_has_the_same_signature(published, ticket, agent):
    conversation.reply(ticket, by=agent, body="Which one?")
    raw = sent("reply")
    OutboundEmail.objects.update(state="retry", next_attempt_at="2026-01-01T00:00Z")
    assert sent("reply") == raw


@pytest.mark.parametrize("why", ["off", "other domain", "unreadable"])
def test_without_a_key_mail_goes_out_unsigned(key, ticket, agent, why):
    changes = {"off": {"is_enabled": False}, "other domain": {"domain": "x.org"}, "unreadable": {"private_key": "x"}}
    DkimKey.objects.update(**changes[why])
    conversation.reply(ticket, by=agent, body="Which one?")
    assert not sent("reply").lower().startswith(b"dkim")


def test_a_key_signs_for_the_domains_below(key, published, mailbox, ticket, agent):
    mailbox.address = "support@mail.desk.example"
    mailbox.save()
    conversation.reply(ticket, by=agent, body="Which one?")
    verified(sent("reply"), published)


def test_followers_mail_is_signed_with_its_way_out(published, ticket, agent):
    triage.follow(ticket, by=agent, person=people.customer("Bo"))
    conversation.reply(ticket, by=agent, body="Which one?")
    post.settle()
    copy = OutboundEmail.objects.filter(kind="reply").exclude(user=ticket.requester).get()
    assert "list-unsubscribe" in verified(blobs.read(copy.raw_sha256), published)
