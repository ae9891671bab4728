"""What the requester thinks of a ticket that was closed."""

from __future__ import annotations

from django.utils.translation import gettext as _

from tickets.actions.door import opened
from tickets.actions.writing import seen
from tickets.events import record
from tickets.models import Rating, Score, Ticket, User
from tickets.refusals import Invalid

LONGEST = 2000


def rate(ticket: Ticket, *, by: User, score: int, comment: str = "") -> Rating:
    """Keeps the requester's rating of this closing; rating again changes it. Raises Invalid."""
    with opened("rate", ticket, by) as (fresh, now):
        if score not in Score.values:
            raise Invalid(score=_("Please choose one of the answers."))
        comment = seen(comment).strip()
        if len(comment) > LONGEST:
            words = {"has": len(comment), "max": LONGEST}
            raise Invalid(comment=_("This is too long: %(has)d characters, %(max)d fit.") % words)
        old = of(fresh)
        if old is not None and (old.score, old.comment) == (score, comment):
            return old
        given = {"score": score, "comment": comment, "rated_by": by, "rated_at": now, "agent": fresh.assignee}
        row, _new = Rating.objects.update_or_create(ticket=fresh, round=fresh.reopen_count, defaults=given)
        label = Score(score).label
        record(fresh, "rated", by=by, label=label, score=score, old=old.score if old else None, comment=comment[:400])
    return row


def of(ticket: Ticket) -> Rating | None:
    """The rating of the ticket's last closing."""
    return Rating.objects.filter(ticket=ticket, round=ticket.reopen_count).first()
