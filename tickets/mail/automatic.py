"""How much the desk may write to customers by itself. All counters stand in PostgreSQL.

Automatic mail is what no person wrote, about a ticket, to somebody who is no agent: not replies, not notices to agents,
not the links that people ask for to sign in.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tickets import limits, said, tasks
from tickets.compiled import Compiled
from tickets.mail import alerts
from tickets.mail.addresses import without_tag
from tickets.models import Mailbox, OutboundEmail, Ticket

PER_TICKET = [(1, 10 * limits.MINUTE), (3, limits.HOUR), (6, limits.DAY)]
IN_TOTAL = [(3, 10 * limits.MINUTE), (10, limits.HOUR), (30, limits.DAY)]
WINDOW = timedelta(minutes=10)
_ASKED_AGAIN = timedelta(minutes=5)
_RATE_OVER = timedelta(days=1)
_RATE_FROM = 20  # mails, below which a share says nothing
_MOST_BOUNCED = 0.2
_WAITING = (OutboundEmail.State.QUEUED, OutboundEmail.State.RETRY)


def wait_for(address: str, ticket: Ticket) -> int:
    """Counts one automatic mail to this address on this ticket; the seconds to wait with it, 0 when it may go. In total
    all addresses count that differ after a plus sign only: they are one mailbox."""
    alone = limits.hit(f"auto-ticket:{ticket.pk}:{address}", PER_TICKET)
    return max(alone, limits.hit(f"auto:{without_tag(address)}", IN_TOTAL))


def wait_after_deed(address: str, ticket: Ticket) -> int:
    """The same for mail that follows from what a person did. No machine can ask for it, so a ticket that is solved,
    confirmed and reopened within an hour still hears of all that; the limits of the day hold, and of the address."""
    alone = limits.hit(f"auto-ticket:{ticket.pk}:{address}", PER_TICKET[2:])
    return max(alone, limits.hit(f"auto:{without_tag(address)}", IN_TOTAL[1:]))


def wait_without_ticket(address: str) -> int:
    """The same for mail that belongs to no ticket."""
    return limits.hit(f"auto:{without_tag(address)}", IN_TOTAL)


def is_held(row: OutboundEmail, now: datetime) -> bool:
    """Whether the mail has to wait because its mailbox is paused, which may happen right here; it is put off then."""
    box = row.mailbox
    if box is None or not row.is_automatic or row.ticket_id is None or (row.user and row.user.is_agent):
        return False
    if box.automatic_paused_at is None:
        if not box.automatic_limit or not _reached(box.automatic_limit).first(box.pk, _since(box, now - WINDOW)):
            return False
        pause(box, said.keep(_("%(count)s mails in 10 minutes"), count=box.automatic_limit))
    OutboundEmail.objects.filter(pk=row.pk).update(next_attempt_at=now + _ASKED_AGAIN, lease_until=None)
    return True


def check_rate(box: Mailbox) -> None:
    """Pauses the mailbox when too much of its automatic mail came back within a day."""
    rows = _sent().filter(mailbox=box, sent_at__gte=_since(box, timezone.now() - _RATE_OVER))
    total = rows.count()
    bounced = rows.filter(bounced_at__isnull=False).count()
    if total >= _RATE_FROM and bounced > total * _MOST_BOUNCED:
        pause(box, said.keep(_("%(count)s of %(total)s mails came back"), count=bounced, total=total))


def pause(box: Mailbox, why: str) -> None:
    """Holds automatic mail of this mailbox back until an admin resumes it, and tells the admins. Nothing is lost.

    `why` as `said` keeps it."""
    running = Mailbox.objects.filter(pk=box.pk, automatic_paused_at=None)
    if running.update(automatic_paused_at=timezone.now(), automatic_pause_reason=why):
        alerts.tell_admins("mailbox_paused", mailbox=box.address, why=why)


def resume(box: Mailbox) -> bool:
    """Lets automatic mail of the mailbox go again: what waited leaves now. False when it was not paused."""
    now = timezone.now()
    paused = Mailbox.objects.filter(pk=box.pk, automatic_paused_at__isnull=False)
    if not paused.update(automatic_paused_at=None, automatic_pause_reason="", automatic_counted_from=now):
        return False
    held = OutboundEmail.objects.filter(
        mailbox=box, is_automatic=True, ticket__isnull=False, state__in=_WAITING, next_attempt_at__gt=now
    )
    held.update(next_attempt_at=now)
    transaction.on_commit(lambda: tasks.sweep_outbound.delay(), robust=True)
    return True


def _since(box: Mailbox, moment: datetime) -> datetime:
    return max(moment, box.automatic_counted_from) if box.automatic_counted_from else moment


def _sent() -> QuerySet[OutboundEmail]:
    to_customers = Q(user=None) | Q(user__is_agent=False)
    return OutboundEmail.objects.filter(to_customers, is_automatic=True, ticket__isnull=False).order_by("sent_at")


@lru_cache(maxsize=64)
def _reached(limit: int) -> Compiled[tuple[int]]:
    """Asked for each automatic mail: whether a mailbox sent that many since a moment."""
    return Compiled(
        lambda mailbox, since: _sent().filter(mailbox=mailbox, sent_at__gte=since).values_list("pk")[limit - 1 : limit]
    )
