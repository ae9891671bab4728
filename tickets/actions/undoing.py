"""Taking back what one has just done. The event keeps what the verb changed (tickets.reversal); undone, those columns
are as before, unless somebody has changed one of them since."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from tickets import reversal, sla
from tickets.actions import checklist, linking, merging, splitting
from tickets.actions.undo import undo_reply
from tickets.events import EVENTS, kept_sentence, record, sentence
from tickets.models import (
    BlockedSender,
    Follower,
    Message,
    OutboundEmail,
    SlaPause,
    Tag,
    Task,
    Ticket,
    TicketEvent,
    User,
)
from tickets.refusals import Invalid, NotAllowed, TooLate

WINDOW = timedelta(minutes=10)
_JUST = timedelta(seconds=10)
_LOOKED_AT = 30  # events, more than a macro causes
_MOMENT = timedelta(seconds=1)  # between a deed's own clock and its event, where the event does not say it
_TOLD = ("confirmation", "closed")  # mails that tell the customer what would be taken back

Inverse = Callable[[Ticket, TicketEvent, User], None]


def last_deed(ticket: Ticket, *, by: User) -> int | None:
    """The event that `by` has caused just now, if it can be taken back: what a notice offers to undo."""
    columns = ("pk", "kind", "actor", "created_at", "data__deeds")
    rows = list(ticket.events.order_by("-pk").values_list(*columns)[:_LOOKED_AT])
    if not rows or rows[0][2] != by.pk or rows[0][3] < timezone.now() - _JUST:
        return None
    for pk, kind, _actor, _at, caused in rows:  # of a macro all that it did
        if kind == "macro_run" and rows[0][0] in (caused or ()):
            return int(pk)
    return int(rows[0][0]) if rows[0][1] in UNDOABLE else None


def undo(event: TicketEvent, *, by: User) -> Ticket:
    """Takes back one's own deed within ten minutes; answers the ticket it was done to. Raises NotAllowed, or TooLate
    when it took effect or somebody did something in between; then nothing is changed."""
    event = _where_it_was_done(event)
    with transaction.atomic():
        ticket = Ticket.objects.select_for_update(of=("self",)).get(pk=event.ticket_id)
        if event.actor_id != by.pk or not by.is_active or event.kind not in UNDOABLE:
            raise NotAllowed(_("Only who did it can take it back."))
        now = timezone.now()
        if event.created_at < now - WINDOW:
            raise TooLate(_("This was too long ago to be taken back."))
        if ticket.events.filter(kind__startswith="undone", data__event_id=event.pk).exists():
            raise TooLate(_("This was taken back already."))
        _recall_mails(event)
        _INVERSES.get(event.kind, _restore)(ticket, event, by)
        fresh = Ticket.objects.get(pk=ticket.pk)
        fresh.updated_at = now
        kind = "undone_openly" if EVENTS[event.kind].is_public else "undone"
        record(fresh, kind, by=by, what=kept_sentence(event), event_id=event.pk)
    return fresh


def _where_it_was_done(event: TicketEvent) -> TicketEvent:
    """A ticket that was split off is taken back from the ticket that it came from."""
    if event.kind != "split_from":
        return event
    return TicketEvent.objects.get(kind="split", ticket__number=event.data["number"], data__made_id=event.ticket_id)


def _restore(ticket: Ticket, event: TicketEvent, by: User) -> None:
    changed: dict[str, list[Any]] = event.data.get("changed", {})
    for name, (_old, new) in changed.items():
        if name in reversal.DECIDED and reversal.plain(getattr(ticket, name)) != new:
            raise TooLate(_since(ticket, event))
    fields: dict[str, Any] = {field.attname: field for field in Ticket._meta.concrete_fields}
    values = {name: fields[name].to_python(old) for name, (old, _new) in changed.items() if name != "tag_names"}
    if "tag_names" in changed:
        values["tag_names"] = changed["tag_names"][0]
        ticket.tags.set(Tag.objects.filter(name__in=values["tag_names"]))
    Ticket.objects.filter(pk=ticket.pk).update(**values)
    _set_clock(ticket, event, values, by)


def _set_clock(ticket: Ticket, event: TicketEvent, values: dict[str, Any], by: User) -> None:
    """What the deed wrote about the clock is gone with it, then the clock follows the ticket as it is again."""
    begun = parse_datetime(event.data.get("at", "")) or event.created_at - _MOMENT
    ticket.sla_runs.filter(ended_at__gte=begun).delete()
    SlaPause.objects.filter(ticket=ticket, started_at__range=(begun, event.created_at)).delete()
    if event.kind == "reopened" and (stopped := values.get("resolved_at")):
        SlaPause.objects.filter(ticket=ticket, started_at=stopped).delete()
    fresh = Ticket.objects.select_related("department", "help_topic", "status", "sla_policy").get(pk=ticket.pk)
    now = timezone.now()
    sla.follow_status(fresh, now, by)
    fresh.updated_at = now
    fresh.save(update_fields=["updated_at", *sla.STAMPED])


def _since(ticket: Ticket, event: TicketEvent) -> str:
    """Says who did what in between."""
    later = ticket.events.filter(pk__gt=event.pk).exclude(kind__in=("noted", "task_due")).order_by("-pk").first()
    if later is None:
        return _("The ticket went on meanwhile. Nothing was taken back.")
    return _("Meanwhile: %(what)s. Nothing was taken back.") % {"what": sentence(later)}


def _recall_mails(event: TicketEvent) -> None:
    mails = list(OutboundEmail.objects.select_for_update().filter(event=event))
    gone = [mail for mail in mails if mail.state != OutboundEmail.State.QUEUED or mail.attempt]
    if any(mail.kind in _TOLD for mail in gone):
        raise TooLate(_("The customer has been told by mail already, so it cannot be taken back silently."))
    left = [mail.pk for mail in mails if mail not in gone]
    OutboundEmail.objects.filter(pk__in=left).update(state=OutboundEmail.State.CANCELLED, next_attempt_at=None)
    TicketEvent.objects.filter(pk=event.pk, handled_at__isnull=True).update(handled_at=timezone.now())


def _followed(ticket: Ticket, event: TicketEvent, by: User) -> None:
    if not ticket.followers.filter(user=event.data.get("person_id")).delete()[0]:
        raise TooLate(_since(ticket, event))


def _unfollowed(ticket: Ticket, event: TicketEvent, by: User) -> None:
    kept = event.data.get("kept", {})
    sees_from = parse_datetime(kept["sees_from"]) if kept.get("sees_from") else None
    person = User.objects.filter(pk=event.data.get("person_id")).first()
    if person is None or ticket.followers.filter(user=person).exists():
        raise TooLate(_since(ticket, event))
    Follower.objects.create(ticket=ticket, user=person, role=kept.get("role", "reply"), sees_from=sees_from)


def _role_changed(ticket: Ticket, event: TicketEvent, by: User) -> None:
    row = ticket.followers.filter(user=event.data["person_id"]).exclude(role=event.data["old"])
    if not row.update(role=event.data["old"]):
        raise TooLate(_since(ticket, event))


def _requester_changed(ticket: Ticket, event: TicketEvent, by: User) -> None:
    _restore(ticket, event, by)
    if event.data.get("kept_id"):
        ticket.followers.filter(pk=event.data["kept_id"]).delete()


def _spam(ticket: Ticket, event: TicketEvent, by: User) -> None:
    _restore(ticket, event, by)
    if blocked := event.data.get("blocked"):
        BlockedSender.objects.filter(pattern=blocked, created_by=by).delete()


def _linked(ticket: Ticket, event: TicketEvent, by: User) -> None:
    _check_other(ticket, event)
    linking.unlink(ticket, by=by, other=Ticket(pk=event.data["other_id"]), relation=event.data["word"])


def _unlinked(ticket: Ticket, event: TicketEvent, by: User) -> None:
    other = _check_other(ticket, event)
    try:
        linking.link(ticket, by=by, other=other, relation=event.data["word"])
    except Invalid as refusal:
        raise TooLate(str(refusal)) from None


def _check_other(ticket: Ticket, event: TicketEvent) -> Ticket:
    other = Ticket.objects.kept().filter(pk=event.data["other_id"]).first()
    if other is None:
        raise TooLate(_since(ticket, event))
    return other


def _task(done: bool | None) -> Inverse:
    def inverse(ticket: Ticket, event: TicketEvent, by: User) -> None:
        task = ticket.tasks.filter(pk=event.data["task_id"]).first()
        if task is None:
            raise TooLate(_since(ticket, event))
        if done is None:
            Task.objects.filter(pk=task.pk).delete()
            Ticket.objects.filter(pk=ticket.pk).update(task_count=ticket.tasks.count())
        else:
            checklist.set_done(task, by=by, done=done)

    return inverse


def _task_removed(ticket: Ticket, event: TicketEvent, by: User) -> None:
    checklist.put_back(ticket, event.data["kept"])


def _merged_here(ticket: Ticket, event: TicketEvent, by: User) -> None:
    rows = Ticket.objects.filter(pk__in=event.data["source_ids"], merged_into=ticket)
    if rows.count() != len(event.data["source_ids"]):
        raise TooLate(_since(ticket, event))
    for one in rows:
        merging.unmerge(one, by=by)


def _split(ticket: Ticket, event: TicketEvent, by: User) -> None:
    made = Ticket.objects.kept().filter(pk=event.data["made_id"]).first()
    if made is None or not splitting.undo_split(ticket, by=by, made=made):
        raise TooLate(_since(made or ticket, event))


def _macro_run(ticket: Ticket, event: TicketEvent, by: User) -> None:
    """All that the macro did, the last thing first; notes stay. Raises TooLate when one of them cannot be taken back,
    for example because its reply has left."""
    caused = event.data.get("deeds", ())
    deeds = list(TicketEvent.objects.filter(pk__in=caused, ticket=ticket).order_by("-pk"))
    taken = set(ticket.events.filter(data__event_id__in=caused).values_list("data__event_id", flat=True))
    replies = {deed.message_id for deed in deeds if deed.kind == "replied"}
    withdrawn: set[int | None] = set()
    for deed in deeds:
        if deed.pk in taken or deed.message_id in withdrawn:
            continue
        if deed.message_id in replies:
            message = Message.objects.get(pk=deed.message_id)
            undo_reply(message, by=by, among=(event.pk, *caused))
            withdrawn.add(deed.message_id)
        elif deed.kind in UNDOABLE:
            _recall_mails(deed)
            _INVERSES.get(deed.kind, _restore)(Ticket.objects.get(pk=ticket.pk), deed, by)


_INVERSES: dict[str, Inverse] = {
    "macro_run": _macro_run,
    "followed": _followed,
    "unfollowed": _unfollowed,
    "role_changed": _role_changed,
    "requester_changed": _requester_changed,
    "spam": _spam,
    "linked": _linked,
    "unlinked": _unlinked,
    "task_added": _task(None),
    "task_done": _task(False),
    "task_undone": _task(True),
    "task_removed": _task_removed,
    "merged_here": _merged_here,
    "split": _split,
}
UNDOABLE = reversal.KEPT | _INVERSES.keys() | {"split_from"}


def deeds(ticket: Ticket, now: datetime) -> list[TicketEvent]:
    """What was done in the last minutes and could be taken back, the newest first."""
    rows = ticket.events.filter(kind__in=UNDOABLE, created_at__gte=now - WINDOW)
    return list(rows.order_by("-pk")[:20])
