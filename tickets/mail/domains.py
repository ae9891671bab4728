"""What the DNS says about a domain that sends our mail: SPF (RFC 7208), DKIM (RFC 6376), DMARC (RFC 7489), MX."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from tickets.models import DkimKey, Mailbox

if TYPE_CHECKING:
    from dns.resolver import Resolver

_SECONDS = 4.0  # for one question, all servers and tries together
_MOST = 20  # domains


class Unreachable(Exception):
    """No DNS server answers."""


@dataclass(frozen=True)
class Finding:
    """`status` is ok, missing, wrong or unknown. `name` and `value` are the record to add, empty when there is none."""

    topic: str
    status: str
    text: str
    name: str = ""
    value: str = ""


def ours() -> list[str]:
    """The domains that our mail comes from."""
    boxes = Mailbox.objects.filter(is_enabled=True).annotate(lower=Lower("address")).values_list("lower", flat=True)
    addresses = [*boxes, settings.DEFAULT_FROM_EMAIL.lower()]
    found = dict.fromkeys(address.rpartition("@")[2] for address in addresses)
    return [domain for domain in found if "." in domain][:_MOST]


def check(domain: str) -> list[Finding]:
    """Asks the DNS; at most some seconds. Raises Unreachable."""
    resolver = _resolver()
    return [_spf(resolver, domain), _dkim(resolver, domain), _dmarc(resolver, domain), _mx(resolver, domain)]


def _spf(resolver: Resolver, domain: str) -> Finding:
    found = [text for text in _texts(resolver, domain) if re.match(r"v=spf1(?: |$)", text, re.I)]
    if not found:
        text = _("No SPF record: anybody may send in the name of %(domain)s, and large providers distrust such mail. "
                 "Name the servers that send for you.") % {"domain": domain}  # fmt: skip
        return Finding("SPF", "missing", text, domain, "v=spf1 mx ~all")
    if len(found) > 1:
        return Finding("SPF", "wrong", _("There are several SPF records, which counts as none. Join them into one."))
    rule = found[0]
    if re.search(r"(?:^|\s)\+?all(?:\s|$)", rule):
        text = _("The SPF record lets everybody send: %(rule)s. End it with ~all or -all.") % {"rule": rule}
        return Finding("SPF", "wrong", text)
    text = _("%(rule)s. See that your relay is among these.") % {"rule": rule}
    return Finding("SPF", "ok", text)


def _dkim(resolver: Resolver, domain: str) -> Finding:
    key = DkimKey.objects.filter(domain__iexact=domain).first()
    if key is None:
        text = _("The desk has no key for this domain. Make one here, unless your relay signs.")
        return Finding("DKIM", "unknown", text)
    found = [text for text in _texts(resolver, str(key)) if "p=" in text]
    if not found:
        return Finding("DKIM", "missing", _("The key is not in the DNS yet."), str(key), key.record)
    if not any(_public(text) == key.public_key for text in found):
        return Finding("DKIM", "wrong", _("The DNS has another key than the desk."), str(key), key.record)
    if not key.is_enabled:
        return Finding("DKIM", "ok", _("The key is in the DNS. Switch signing on at the key."))
    return Finding("DKIM", "ok", _("Mail is signed, and the key is in the DNS."))


def _public(record: str) -> str:
    found = re.search(r"(?:^|;)\s*p=([^;]*)", record)
    return re.sub(r"\s", "", found[1]) if found else ""


def _dmarc(resolver: Resolver, domain: str) -> Finding:
    labels = domain.split(".")
    for at in range(len(labels) - 1):
        name = "_dmarc." + ".".join(labels[at:])
        found = [text for text in _texts(resolver, name) if re.match(r"v=DMARC1\s*(?:;|$)", text)]
        if len(found) > 1:
            text = _("There are several DMARC records at %(name)s, which counts as none.") % {"name": name}
            return Finding("DMARC", "wrong", text)
        if found:
            return Finding("DMARC", "ok" if re.search(r"\bs?p=\w+", found[0]) else "wrong", found[0])
    text = _("No DMARC record: large providers want one. This one only watches; make it stricter when mail arrives.")
    return Finding("DMARC", "missing", text, f"_dmarc.{domain}", f"v=DMARC1; p=none; rua=mailto:postmaster@{domain}")


def _mx(resolver: Resolver, domain: str) -> Finding:
    hosts = sorted(_ask(resolver, domain, "MX", lambda answer: answer.exchange.to_text(omit_final_dot=True)))
    if not hosts:
        return Finding(
            "MX", "missing", _("No server takes mail for %(domain)s: no answer comes in.") % {"domain": domain}
        )
    return Finding("MX", "ok", ", ".join(hosts))


def _texts(resolver: Resolver, name: str) -> list[str]:
    """The TXT records; the pieces of a long one are joined."""
    return _ask(resolver, name, "TXT", lambda answer: b"".join(answer.strings).decode("utf-8", "replace"))


def _ask(resolver: Resolver, name: str, kind: str, read: Callable[..., str]) -> list[str]:
    import dns.exception
    import dns.resolver

    try:
        return [read(answer) for answer in resolver.resolve(name, kind, search=False)]
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except dns.exception.DNSException as error:
        raise Unreachable(str(error) or type(error).__name__) from error


def _resolver() -> Resolver:
    import dns.resolver  # only this page needs it

    given = settings.DNS_RESOLVER
    try:
        resolver = dns.resolver.Resolver(configure=not given)
    except dns.resolver.NoResolverConfiguration as error:
        raise Unreachable(str(error)) from error
    if given:
        host, _colon, port = given.rpartition(":")
        resolver.nameservers, resolver.port = [host.strip("[]")], int(port)
    resolver.lifetime, resolver.timeout = _SECONDS, _SECONDS / 2
    return resolver
