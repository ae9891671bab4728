"""Senders whose mail is kept back."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from tickets import permissions
from tickets.actions.people import check_email
from tickets.models import BlockedSender, Mailbox, User
from tickets.refusals import Invalid, NotAllowed

_DOMAIN = re.compile(r"@(?=.{4,253}\Z)[^\W_](?:[\w-]*\w)?(?:\.[\w-]*\w)+\Z")


def block(pattern: str, *, by: User) -> BlockedSender:
    """Keeps back all further mail of an address, or of a domain given as `@example.org`, which only admins may.

    Blocking again changes nothing. Raises Invalid, NotAllowed.
    """
    pattern = pattern.strip().lower()
    if pattern.startswith("@"):
        if not _DOMAIN.match(pattern):
            raise Invalid(pattern=_("This is not a domain: %(domain)s") % {"domain": pattern[:80]})
    else:
        pattern = check_email(pattern)
    if not permissions.can_block(by, pattern):
        raise NotAllowed(_("You are not allowed to block this sender."))
    if Mailbox.objects.filter(address__iendswith=pattern).exists():
        raise Invalid(pattern=_("The desk itself writes from there."))
    return BlockedSender.objects.get_or_create(pattern=pattern, defaults={"created_by": by})[0]


def unblock(pk: int, *, by: User) -> str:
    """Lets mail in again; returns what was blocked, or nothing if it was not any more. Raises NotAllowed."""
    row = BlockedSender.objects.filter(pk=pk).first()
    if row is None:
        return ""
    if not permissions.can_block(by, row.pattern):
        raise NotAllowed(_("You are not allowed to let this sender in again."))
    row.delete()
    return row.pattern
