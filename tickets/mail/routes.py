"""By which relay a mail leaves."""

from __future__ import annotations

from django.conf import settings
from django.db.models import QuerySet

from tickets.mail import oauth, relay
from tickets.models import MailRelay, OAuthGrant, OutboundEmail
from tickets.secrets import Unreadable, unseal

DEFAULT = "settings"


def route(row: OutboundEmail) -> relay.Route | None:
    """The relay of the mail's mailbox, else the one that SMTP_URL names; None where mails become files."""
    chosen = row.mailbox.relay if row.mailbox else None
    return to(chosen) if chosen else default()


def default() -> relay.Route | None:
    return relay.route_of(settings.SMTP_URL, DEFAULT) if settings.SMTP_URL else None


def to(chosen: MailRelay) -> relay.Route:
    grant = chosen.grant
    if grant is not None:
        return relay.Route(
            chosen.key, chosen.host, chosen.port, chosen.security, chosen.user, proof=lambda: _proof(grant)
        )
    try:
        password, problem = unseal(chosen.password), ""
    except Unreadable as error:
        password, problem = "", str(error)
    return relay.Route(chosen.key, chosen.host, chosen.port, chosen.security, chosen.user, password, problem=problem)


def _proof(grant: OAuthGrant) -> str:
    try:
        return oauth.xoauth2(grant)
    except oauth.OAuthFailed as error:
        raise relay.Trouble(str(error), relay.Kind.OURS if error.is_final else relay.Kind.SILENT) from error


def by_relay(rows: QuerySet[OutboundEmail], key: str) -> QuerySet[OutboundEmail]:
    """Those of the mails that leave by the relay whose health has this key."""
    if key == DEFAULT:
        return rows.filter(mailbox__relay=None)
    return rows.filter(mailbox__relay=int(key.rpartition(" ")[2]))
