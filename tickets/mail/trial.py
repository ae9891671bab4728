"""A mail that an admin sends to see whether a relay works. It goes past the outbox: it is asked for, seen, and over."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from tickets import signing
from tickets.mail import dkim, outbound, relay
from tickets.mail.addresses import Address
from tickets.mail.compose import Draft, UnsafeHeader, compose
from tickets.mail.relay import Kind, Route, Trouble
from tickets.models import Desk


@dataclass(frozen=True)
class Outcome:
    is_sent: bool
    text: str


def send(route: Route, sender: str, recipient: str) -> Outcome:
    """What became of it, in words for an admin. A success ends a pause of the relay, and its mail goes on."""
    try:
        raw = dkim.signed(_letter(sender, recipient), sender)
        relay.send(route, sender, recipient, raw, lambda: None)
    except UnsafeHeader as error:
        return Outcome(False, str(error))
    except Trouble as error:
        return Outcome(False, _explained(route, error))
    finally:
        relay.hang_up(route.key)
    outbound.resume(route.key)
    words = {"host": route.host, "recipient": recipient}
    return Outcome(True, _("%(host)s has taken the mail to %(recipient)s. Look whether it arrives.") % words)


def _letter(sender: str, recipient: str) -> bytes:
    now, desk = timezone.now(), Desk.current()
    return compose(
        Draft(
            from_=Address(desk.name, sender), to=[Address("", recipient)], date=now, automatic="auto-generated",
            subject=_("Test mail"), text=_("This relay sends the mail of the desk.") + "\n",
            message_id=signing.message_id(signing.key(), 0, 0, sender.rpartition("@")[2]),
            instance_mark=signing.instance_mark(signing.key(), settings.MAIL_DOMAIN),
        )
    )  # fmt: skip


def _explained(route: Route, error: Trouble) -> str:
    words = {"host": route.host, "port": route.port, "why": str(error) or str(error.code)}
    if error.kind == Kind.SILENT:
        return _("%(host)s, port %(port)s, could not be reached. Check both, and whether a firewall stands between: "
                 "%(why)s") % words  # fmt: skip
    if error.kind == Kind.OURS:
        return _("%(host)s does not take our mail. Check security, user and password: %(why)s") % words
    return _("%(host)s refused this mail: %(why)s") % words
