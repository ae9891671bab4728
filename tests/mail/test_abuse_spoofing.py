"""Abuse 9 at length: ways to write another author than the one whom the mail servers checked, by the published kinds
(several fields, several addresses, quotes, comments, encoded words, routes, NUL, line breaks), each written by us.

Whatever stands there, a mail is mallory's, or it is held back; and no field that the sender brought proves anybody.
"""

from __future__ import annotations

import html
import re
from xml.etree import ElementTree

import pytest

from tests import people
from tests.mail import post
from tickets.mail import identity
from tickets.mail.authentication import judge, trusted
from tickets.mail.parse import parse

MX = "mx.desk.example"
LEGIT, MALLORY = "legit@customers.example", "mallory@evil.example"
HELD_BACK = {"several_from", "bad_from", "no_from", "malformed", "headers_too_large"}

# The header's first lines; %(legit)s is the account attacked, %(mallory)s whose server sent it.
FROM = {
    "two fields": "From: %(legit)s\r\nFrom: %(mallory)s",
    "two fields, the other order": "From: %(mallory)s\r\nFrom: %(legit)s",
    "three fields": "From: %(mallory)s\r\nFrom: %(legit)s\r\nFrom: %(mallory)s",
    "second field in capitals": "From: %(mallory)s\r\nFROM: %(legit)s",
    "a field with a space before its colon": "From: %(mallory)s\r\nFrom : %(legit)s",
    "a field with a tab before its colon": "From\t: %(legit)s\r\nFrom: %(mallory)s",
    "a field behind white space": "Subject: a\r\n From: %(legit)s\r\nFrom: %(mallory)s",
    "a field that begins with white space on top": " From: %(legit)s\r\nFrom: %(mallory)s",
    "a field behind a bare line feed": "X-A: b\nFrom: %(legit)s\r\nFrom: %(mallory)s",
    "a field behind a bare carriage return": "X-A: b\rFrom: %(legit)s\r\nFrom: %(mallory)s",
    "an empty field first": "From:\r\nFrom: %(legit)s\r\nFrom: %(mallory)s",
    "a field with a sign nobody sees": "From\u200b: %(legit)s\r\nFrom: %(mallory)s",
    "a field cut by NUL": "From\x00: %(legit)s\r\nFrom: %(mallory)s",
    "two addresses": "From: %(legit)s, %(mallory)s",
    "two addresses, the other order": "From: %(mallory)s, %(legit)s",
    "two in angle brackets": "From: <%(legit)s>, <%(mallory)s>",
    "two with names": "From: Legit <%(legit)s>, Mallory <%(mallory)s>",
    "a comma in the local part": "From: <legit,%(mallory)s>",
    "an empty one first": "From: , %(legit)s, %(mallory)s",
    "two joined by a semicolon": "From: <%(legit)s>; <%(mallory)s>",
    "two joined by a space": "From: %(legit)s %(mallory)s",
    "two brackets without a comma": "From: <%(legit)s> <%(mallory)s>",
    "brackets in brackets": "From: <<%(legit)s>%(mallory)s>",
    "brackets in brackets, closed twice": "From: <%(mallory)s<%(legit)s>>",
    "an address behind the brackets": "From: <%(mallory)s> %(legit)s",
    "an address before the brackets": "From: %(legit)s<%(mallory)s>",
    "an unclosed bracket": "From: <%(legit)s\r\n <%(mallory)s>",
    "a bracket closed only": "From: %(legit)s> <%(mallory)s>",
    "a name that is an address": 'From: "%(legit)s" <%(mallory)s>',
    "a name that is an address in brackets": 'From: "Legit <%(legit)s>" <%(mallory)s>',
    "a name with an escaped quote": 'From: "\\"<%(legit)s>\\"" <%(mallory)s>',
    "a quote that is not closed": 'From: "<%(legit)s> <%(mallory)s>',
    "a quote that ends in a backslash": 'From: "Legit\\" <%(legit)s>" <%(mallory)s>',
    "a quoted local part": 'From: "%(legit)s"@evil.example',
    "a quoted local part with brackets": 'From: "<%(legit)s>"@evil.example',
    "a quoted local part with a comma": 'From: "legit@customers.example,"@evil.example',
    "a quoted local part with a space": 'From: <"legit@customers.example mallory"@evil.example>',
    "a comment that is an address": "From: (%(legit)s) <%(mallory)s>",
    "a comment behind": "From: <%(mallory)s> (%(legit)s)",
    "a comment inside the address": "From: mallory(%(legit)s)@evil.example",
    "a comment before the domain": "From: legit@customers.example(@evil.example)",
    "a comment that never ends": "From: (<%(mallory)s> %(legit)s",
    "comments in comments": "From: ((%(legit)s)(<%(legit)s>)) <%(mallory)s>",
    "an escaped end of a comment": "From: (a\\) <%(legit)s>) <%(mallory)s>",
    "a group": "From: Customers: %(legit)s;, %(mallory)s",
    "a group of two": "From: Customers: %(legit)s, %(mallory)s;",
    "an empty group": "From: Customers:; %(mallory)s",
    "a group that never ends": "From: Customers: %(legit)s, %(mallory)s",
    "a route": "From: <@customers.example:%(mallory)s>",
    "a route with an address in it": "From: <%(legit)s:%(mallory)s>",
    "a route with two hosts": "From: <@customers.example,@legit.example:%(mallory)s>",
    "a path of the old kind": "From: customers.example!legit@evil.example",
    "a percent sign": "From: legit%%customers.example@evil.example",
    "two at signs": "From: legit@customers.example@evil.example",
    "two at signs in brackets": "From: <legit@customers.example@evil.example>",
    "an encoded address as a name": "From: =?utf-8?q?legit=40customers.example?= <%(mallory)s>",
    "an encoded bracket": "From: =?utf-8?q?=3Clegit=40customers.example=3E?= <%(mallory)s>",
    "an encoded address and a comma": "From: =?utf-8?b?bGVnaXRAY3VzdG9tZXJzLmV4YW1wbGUs?= <%(mallory)s>",
    "an encoded word in the local part": "From: =?utf-8?q?legit?=@customers.example, <%(mallory)s>",
    "an encoded word in brackets": "From: <=?utf-8?q?legit=40customers.example=3E?= <%(mallory)s>",
    "an encoded line break": "From: =?utf-8?q?a=0D=0AFrom:_legit=40customers.example?= <%(mallory)s>",
    "an encoded NUL": "From: =?utf-8?q?legit=40customers.example=00?= <%(mallory)s>",
    "an encoded word of another charset": "From: =?utf-7?q?legit+AEA-customers.example?= <%(mallory)s>",
    "NUL behind the address": "From: <legit@customers.example\x00@evil.example>",
    "NUL behind the brackets": "From: <%(legit)s>\x00 <%(mallory)s>",
    "a bell in the domain": "From: <legit@customers.example\x07.evil.example>",
    "a line break in the address": "From: <legit@\r\n customers.example>,\r\n\t<%(mallory)s>",
    "folded before the address": "From:\r\n\t%(legit)s\r\n\t<%(mallory)s>",
    "a very long name": "From: " + "%(legit)s " + "a" * 2000 + " <%(mallory)s>",
    "very many spaces": "From: %(legit)s" + " " * 3000 + "<%(mallory)s>",
    "the wide at sign": "From: legit\uff20customers.example <%(mallory)s>",
    "the wide comma": "From: %(legit)s\uff0c <%(mallory)s>",
    "a name written from right to left": "From: \u202eelpmaxe.sremotsuc@tigel\u202c <%(mallory)s>",
    "Sender says another": "From: %(mallory)s\r\nSender: %(legit)s",
    "Sender alone": "Sender: %(legit)s",
    "Resent-From says another": "Resent-From: %(legit)s\r\nResent-Sender: %(legit)s\r\nFrom: %(mallory)s",
    "Reply-To says another": "From: %(mallory)s\r\nReply-To: Legit <%(legit)s>",
    "Return-Path says another": "Return-Path: <%(legit)s>\r\nFrom: %(mallory)s",
    "X-Original-From says another": "X-Original-From: %(legit)s\r\nX-Sender: %(legit)s\r\nFrom: %(mallory)s",
    "Apparently-From says another": "Apparently-From: %(legit)s\r\nFrom: %(mallory)s",
}  # fmt: skip


def with_header(lines: str) -> bytes:
    return post.raw(sender="X", body="Hello").replace(b"From: X", lines.encode())


@pytest.mark.django_db
@pytest.mark.parametrize("name", FROM)
def test_whoever_is_named_it_is_mallorys_or_held_back(mailbox, settings, name):
    settings.MAIL_AUTHSERV_ID = MX
    victim = people.customer("Legit", email=LEGIT)
    row = post.arrive(with_header(FROM[name] % {"legit": LEGIT, "mallory": MALLORY}))
    if row.state == "suspended":
        assert row.reason in HELD_BACK
        return
    assert row.ticket.requester != victim
    assert row.sender.endswith("@evil.example")
    assert row.message.origin["address"] == row.sender
    assert row.verdict == "unknown"
    if "legit@" in row.message.author_name.lower():  # who poses as an address is not called so
        pytest.fail(row.message.author_name)


# Above a mail in the victim's name: results that the sender brought, or that a server was made to write.
RESULTS = {
    "below our Received": "Received: from evil.example by mx.desk.example\r\nAuthentication-Results: %(pass)s",
    "two of them below": "Received: by mx.desk.example\r\nAuthentication-Results: %(pass)s\r\n"
    "Authentication-Results: %(pass)s",
    "another server's word": "Authentication-Results: mail.evil.example; dmarc=pass header.from=customers.example",
    "our name as a comment": "Authentication-Results: mail.evil.example (mx.desk.example);"
    " dmarc=pass header.from=customers.example",
    "our name as the beginning of another": "Authentication-Results: mx.desk.example.evil.example;"
    " dmarc=pass header.from=customers.example",
    "our name as the end of another": "Authentication-Results: evil-mx.desk.example;"
    " dmarc=pass header.from=customers.example",
    "a field of another name": "X-Authentication-Results: %(pass)s",
    "ARC's results": "ARC-Authentication-Results: i=1; %(pass)s\r\nARC-Seal: i=1; cv=none; d=customers.example; b=x\r\n"
    "ARC-Message-Signature: i=1; d=customers.example; b=x",
    "ARC's verdict by our server": "Authentication-Results: mx.desk.example; arc=pass (i=1 dmarc=pass) header.d="
    "customers.example",
    "only SPF": "Authentication-Results: mx.desk.example; spf=pass smtp.mailfrom=customers.example",
    "SPF of HELO": "Authentication-Results: mx.desk.example; spf=pass smtp.helo=customers.example",
    "a signature of the sender's own": "Authentication-Results: mx.desk.example; dkim=pass header.d=evil.example",
    "a signature of a domain that contains ours": "Authentication-Results: mx.desk.example;"
    " dkim=pass header.d=customers.example.evil.example",
    "a signature of a domain that ends alike": "Authentication-Results: mx.desk.example;"
    " dkim=pass header.d=not-customers.example",
    "a signature of the top domain": "Authentication-Results: mx.desk.example; dkim=pass header.d=example",
    "a bracket in the signer's name": "Authentication-Results: mx.desk.example;"
    " dkim=pass header.d=evil.example(.customers.example)",
    "a comment that speaks": "Authentication-Results: mx.desk.example;"
    " dkim=fail (dkim=pass header.d=customers.example) header.d=customers.example",
    "a quoted result": 'Authentication-Results: mx.desk.example; spf=pass smtp.mailfrom="a; dmarc=pass'
    ' header.from=customers.example"@evil.example',
    "a result about another author": "Authentication-Results: mx.desk.example; dmarc=pass header.from=evil.example",
    "a result about nobody": "Authentication-Results: mx.desk.example; dmarc=pass",
    "passes and fails": "Authentication-Results: mx.desk.example; dmarc=pass header.from=customers.example;"
    " dmarc=fail header.from=customers.example",
    "a sign-in as another": "Authentication-Results: mx.desk.example; auth=pass smtp.auth=mallory@evil.example",
    "a DKIM-Signature and nothing else": "DKIM-Signature: v=1; a=rsa-sha256; d=customers.example; s=x; b=AAAA",
    "Received-SPF": "Received-SPF: pass (mx.desk.example: domain of legit@customers.example)",
    "a result in a folded line of another field": "X-A: b\r\n Authentication-Results: %(pass)s",
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", RESULTS)
def test_what_a_sender_brings_proves_nobody(mailbox, settings, name):
    """The mail names a ticket of the victim's; nothing of it comes there as the victim's word."""
    settings.MAIL_AUTHSERV_ID = MX
    people.customer("Legit", email=LEGIT)
    ticket = post.arrive(post.raw(sender=LEGIT)).ticket
    said = {"pass": f"{MX}; dmarc=pass header.from=customers.example"}
    lines = f"{RESULTS[name] % said}\r\nFrom: {LEGIT}"
    mail = with_header(lines).replace(b"Subject: ", f"Subject: [#{ticket.number}] ".encode())
    row = post.arrive(mail.replace(b"Hello", b"Hello, close my account."))
    assert row.verdict != "verified"
    assert not ticket.messages.filter(body__contains="close my account", kind="customer").exists()


def addresses(corpora) -> list[str]:
    """Those that other people's parsers are tried with, good and bad."""
    tree = ElementTree.parse(corpora / "addr" / "isemail" / "test" / "tests.xml")
    found = [html.unescape(one.findtext("address") or "") for one in tree.iter("test")]
    found = [re.sub("[\u2400-\u241f]", lambda sign: chr(ord(sign[0]) - 0x2400), one) for one in found]
    for path in (corpora / "addr" / "flanker" / "fixtures").glob("*_*valid.txt"):
        if path.stem.startswith(("mailbox", "abridged")):
            lines = path.read_text(errors="replace").splitlines()
            found += [line for line in lines if line and not line.startswith("#")]
    return found


@pytest.mark.parametrize("form", ["%s", "<%s>", '"Legit" <%s>', "%s (legit@customers.example)"])
def test_no_address_of_the_parsers_test_sets_is_read_as_another(corpora, form):
    found = addresses(corpora)
    assert len(found) > 250
    for address in found:
        mail = with_header("From: " + (form % address).replace("\r", "").replace("\n", ""))
        parsed = parse(mail)
        if parsed.from_ is None or parsed.problem or identity.is_ambiguous(parsed):
            continue
        plain = re.sub(r'["\\\s]|\([^()]*\)', "", address.lower())  # quotes, folding and comments say nothing
        assert parsed.from_.key.partition("@")[0] in plain, address
        assert parsed.from_.domain in plain, address
        assert parsed.from_.key != LEGIT, address


def test_mails_made_to_try_servers_prove_nothing_to_us(corpora):
    paths = [path for path in (corpora / "auth" / "authheaders" / "test").iterdir() if "message" in path.name]
    assert len(paths) >= 11
    for path in paths:
        parsed = parse(path.read_bytes())
        address = parsed.from_.email if parsed.from_ else ""
        assert judge(parsed.headers, address, trusted(MX)).value == "unknown", path.name
        if "nofrom" in path.name or "multi" in path.name or "comma" in path.name:
            assert parsed.problem in HELD_BACK or identity.is_ambiguous(parsed) or parsed.from_, path.name
