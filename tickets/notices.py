"""How agents hear of what concerns them: in the workspace, by mail at once or together, or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta

from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tickets.compiled import Compiled
from tickets.models import Notice, NoticePreferences, Ticket, TicketEvent, User
from tickets.pushes import push
from tickets.reading import zone_of

BOTH, APP, MAIL, NONE = "both", "app", "mail", "none"
CHANNELS = {
    BOTH: _("In the workspace and by e-mail"),
    APP: _("In the workspace only"),
    MAIL: _("By e-mail only"),
    NONE: _("Not at all"),
}
# What can be chosen apart; a notice belongs to the group of its template.
GROUPS = {
    "assigned": _("A ticket is assigned to me"),
    "team": _("A ticket comes to my team"),
    "received": _("A customer writes on my ticket"),
    "mentioned": _("A colleague mentions me"),
    "reopened": _("My ticket is reopened"),
    "woken": _("The snooze of my ticket is over"),
    "tasks": _("A task is mine, or due"),
    "sides": _("A third party answers a side conversation"),
    "deadlines": _("A deadline is near or over"),
    "checks": _("A mail has to be looked at"),
    "delivery": _("My mail is late or was not delivered"),
    "rules": _("A rule tells me something"),
    "other": _("Anything else"),
}
_GROUP_OF = {
    "assigned": "assigned", "team": "team", "received": "received", "reopened": "reopened",
    "sla_warning": "deadlines", "sla_breach": "deadlines", "unverified": "checks", "mail_delayed": "delivery",
    "mail_failed": "delivery", "rule_mail": "rules", "mentioned": "mentioned",
    "task": "tasks", "woken": "woken", "side_answered": "sides",
}  # fmt: skip
# Whoever is told twice by one event has one notice; the counters are locked in the order of their keys.
_KEEP = """
WITH locked AS (SELECT id FROM tickets_user WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE),
wanted AS (SELECT * FROM unnest(%s::bigint[], %s::boolean[], %s::timestamptz[]) AS given (person, shown, mailed)),
made AS (
    INSERT INTO tickets_notice (user_id, event_id, is_shown, created_at, read_at, mail_at)
    SELECT person, %s, shown, %s, CASE WHEN shown THEN NULL ELSE %s END, mailed
    FROM wanted JOIN locked ON locked.id = person
    ON CONFLICT DO NOTHING RETURNING user_id, is_shown
)
UPDATE tickets_user SET unread_notices = unread_notices + 1
FROM made WHERE tickets_user.id = made.user_id AND made.is_shown RETURNING tickets_user.id
"""


def group_of(template: str) -> str:
    return _GROUP_OF.get(template, "other")


def tell(event: TicketEvent, template: str, people: Iterable[User]) -> list[tuple[User, datetime | None]]:
    """Keeps the notices of those who are agents, and returns who gets a mail of it now, or after which moment."""
    people = list(people)
    agents = [person for person in people if person.is_agent]
    if not agents:
        return [(person, None) for person in people]
    wishes = NoticePreferences.objects.in_bulk([person.pk for person in agents])
    now = timezone.now()
    mails: list[tuple[User, datetime | None]] = []
    kept: list[tuple[int, bool, datetime | None]] = []
    for person in people:
        if not person.is_agent:
            mails.append((person, None))
            continue
        wish = wishes.get(person.pk) or NoticePreferences(user=person)
        way = wish.channels.get(group_of(template), BOTH)
        together = way in (BOTH, MAIL) and bool(wish.digest)
        if way in (BOTH, MAIL) and not together:
            mails.append((person, quiet_until(wish, person, now)))
        if way in (BOTH, APP) or together:
            kept.append((person.pk, way != MAIL, digest_at(wish, person, now) if together else None))
    _keep(event, kept, now)
    return mails


def _keep(event: TicketEvent, kept: list[tuple[int, bool, datetime | None]], now: datetime) -> None:
    if not kept:
        return
    people, shown, mailed = (list(column) for column in zip(*kept, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, [people, people, shown, mailed, event.pk, now, now])
        told = [pk for (pk,) in cursor.fetchall()]
    for pk in told:
        push(f"user:{pk}", "notice", event=event.pk)


def quiet_until(wish: NoticePreferences, user: User, now: datetime) -> datetime | None:
    """When the time ends in which the agent does not want to be disturbed; None outside of it."""
    begin, end = wish.quiet_from, wish.quiet_until
    if begin is None or end is None or begin == end:
        return None
    local = now.astimezone(zone_of(user))
    here = local.time()
    if begin < end:
        return _next(local, end) if begin <= here < end else None
    return _next(local, end) if here >= begin or here < end else None


def digest_at(wish: NoticePreferences, user: User, now: datetime) -> datetime:
    """When the notices that come now are mailed together."""
    local = now.astimezone(zone_of(user))
    if wish.digest == NoticePreferences.Digest.DAILY:
        moment = _next(local, wish.digest_time)
    else:
        moment = local.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return quiet_until(wish, user, moment) or moment


def _next(local: datetime, wanted: time) -> datetime:
    """The next moment at which the clock on the wall says so."""
    moment = local.replace(hour=wanted.hour, minute=wanted.minute, second=0, microsecond=0)
    return moment if moment > local else moment + timedelta(days=1)


def shown_to(user: User) -> QuerySet[Notice]:
    """The agent's notices about tickets that they may still know of, newest first."""
    known = Ticket.objects.visible_to(user).order_by().values("pk")
    rows = Notice.objects.filter(user=user, is_shown=True, event__ticket__in=known)
    return rows.select_related("event__ticket").order_by("-pk")


_unread: Compiled[tuple[int]] = Compiled(
    lambda user, ticket: (
        Notice.objects.filter(user=user, read_at__isnull=True, event__ticket=ticket).order_by().values_list("pk")[:1]
    )
)


def read(user: User, *, ticket: Ticket | None = None) -> int:
    """Marks the agent's notices as read, all or those about one ticket. How many there were."""
    if ticket is not None and not _unread.all(user.pk, ticket.pk):
        return 0  # as nearly always: nothing to lock or to write
    return _mark_read(user, ticket)


@transaction.atomic
def _mark_read(user: User, ticket: Ticket | None) -> int:
    User.objects.select_for_update(no_key=True).only("pk").get(pk=user.pk)  # as whoever adds one
    rows = Notice.objects.filter(user=user, read_at__isnull=True)
    if ticket is not None:
        rows = rows.filter(event__in=TicketEvent.objects.filter(ticket=ticket).order_by().values("pk"))
    count = rows.update(read_at=timezone.now())
    if ticket is None:
        User.objects.filter(pk=user.pk).update(unread_notices=0)
    elif count:
        User.objects.filter(pk=user.pk).update(unread_notices=Greatest(F("unread_notices") - count, 0))
    user.unread_notices = 0 if ticket is None else max(user.unread_notices - count, 0)
    return count
