"""The tasks of a ticket: added, done, opened again, changed, moved, removed, and told of when they are due."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from tickets.actions.door import opened
from tickets.actions.writing import check_text
from tickets.events import record
from tickets.models import SYSTEM, Permission, Task, Ticket, User
from tickets.permissions import Actor
from tickets.reading import quoted
from tickets.refusals import Invalid

log = logging.getLogger(__name__)

MOST = 100
_NAMED = 5
_BATCH = 200
_FARTHEST = timedelta(days=3653)


def add_task(
    ticket: Ticket, *, by: Actor, title: str, assignee: User | None = None, due_at: datetime | None = None
) -> Task:
    with opened("plan", ticket, by) as (fresh, now):
        if fresh.task_count >= MOST:
            raise Invalid(title=_("At most %(max)d tasks fit.") % {"max": MOST})
        _check(fresh, assignee, due_at, now)
        last = fresh.tasks.aggregate(last=Max("position"))["last"] or 0
        task = Task.objects.create(
            ticket=fresh, title=check_text("title", title, 200), assignee=assignee, due_at=due_at, position=last + 1
        )
        fresh.task_count += 1
        fresh.save(update_fields=["task_count", "updated_at"])
        _tell(fresh, "task_added", task, by, agent_id=assignee.pk if assignee else None)
    return task


def change_task(task: Task, *, by: Actor, title: str, assignee: User | None, due_at: datetime | None) -> Task:
    """Sets all three. Somebody new is told of it; a new due moment is told of anew."""
    with opened("plan", task.ticket, by) as (fresh, now):
        row = _locked(fresh, task.pk)
        before = (row.title, row.assignee_id, row.due_at)
        if due_at != row.due_at:
            _check(fresh, assignee, due_at, now)
            row.told_at = None
        else:
            _check(fresh, assignee, None, now)
        row.title, row.assignee, row.due_at = check_text("title", title, 200), assignee, due_at
        if before == (row.title, row.assignee_id, row.due_at):
            return row
        row.save(update_fields=["title", "assignee", "due_at", "told_at"])
        given = assignee.pk if assignee and assignee.pk != before[1] else None
        _tell(fresh, "task_changed", row, by, agent_id=given)
    return row


def set_done(task: Task, *, by: Actor, done: bool) -> Task:
    with opened("plan", task.ticket, by) as (fresh, now):
        row = _locked(fresh, task.pk)
        if (row.done_at is not None) == done:
            return row
        row.done_at, row.done_by = (now, by if isinstance(by, User) else None) if done else (None, None)
        row.save(update_fields=["done_at", "done_by"])
        _tell(fresh, "task_done" if done else "task_undone", row, by)
    return row


def move_up(task: Task, *, by: Actor) -> Task:
    """One place up in the list; the first stays where it is."""
    with opened("plan", task.ticket, by) as (fresh, _now):
        rows = list(fresh.tasks.select_for_update())
        place = next((place for place, row in enumerate(rows) if row.pk == task.pk), None)
        if place is None:
            raise Task.DoesNotExist
        if place:
            rows[place - 1], rows[place] = rows[place], rows[place - 1]
            for position, row in enumerate(rows, 1):
                row.position = position
            Task.objects.bulk_update(rows, ["position"])
    return rows[max(place - 1, 0)]


def remove_task(task: Task, *, by: Actor) -> Ticket:
    with opened("plan", task.ticket, by) as (fresh, _now):
        row = fresh.tasks.filter(pk=task.pk).first()
        if row is not None:
            _tell(fresh, "task_removed", row, by, kept=_kept(row))
            row.delete()
            fresh.task_count = fresh.tasks.count()
            fresh.save(update_fields=["task_count", "updated_at"])
    return fresh


def put_back(ticket: Ticket, kept: dict[str, Any]) -> None:
    """A task that was removed, as it was; for undoing, whose door is open."""
    moments = {name: datetime.fromisoformat(kept[name]) if kept[name] else None for name in ("due_at", "done_at")}
    Task.objects.create(
        ticket=ticket, title=kept["title"], position=kept["position"],
        assignee=User.objects.filter(pk=kept["assignee_id"]).first(), **moments,
    )  # fmt: skip
    ticket.task_count = ticket.tasks.count()
    ticket.save(update_fields=["task_count"])


def check_all_done(ticket: Ticket) -> None:
    """Raises Invalid, naming them, while tasks are open. Asks nothing of a ticket that has none."""
    if not ticket.task_count:
        return
    left = list(ticket.tasks.filter(done_at__isnull=True).values_list("title", flat=True)[: _NAMED + 1])
    if left:
        names = ", ".join(quoted(title) for title in left[:_NAMED]) + (", …" if len(left) > _NAMED else "")
        raise Invalid(tasks=_("Tasks are still open: %(names)s. Do or remove them first.") % {"names": names})


def sweep_tasks() -> int:
    """Tells who has a task that it is due, once. Safe to run twice."""
    due = Task.objects.filter(done_at__isnull=True, told_at__isnull=True, due_at__lte=timezone.now())
    pks = list(due.order_by("due_at").values_list("pk", flat=True)[:_BATCH])
    for pk in pks:
        try:
            _tell_of_due(pk)
        except Exception:
            log.exception("nobody could be told of task %s", pk)
            Task.objects.filter(pk=pk).update(told_at=timezone.now())
    return len(pks)


@transaction.atomic
def _tell_of_due(pk: int) -> None:
    rows = Task.objects.select_for_update(skip_locked=True, of=("self",)).select_related("ticket")
    task = rows.filter(pk=pk, done_at__isnull=True, told_at__isnull=True).first()
    if task is None:
        return
    task.told_at = timezone.now()
    task.save(update_fields=["told_at"])
    if task.ticket.is_active and task.ticket.deleted_at is None:
        _tell(task.ticket, "task_due", task, SYSTEM, agent_id=task.assignee_id or task.ticket.assignee_id)


def _locked(ticket: Ticket, pk: int) -> Task:
    return ticket.tasks.select_for_update(of=("self",)).get(pk=pk)


def _check(ticket: Ticket, assignee: User | None, due_at: datetime | None, now: datetime) -> None:
    if due_at is not None and not now < due_at < now + _FARTHEST:
        raise Invalid(due_at=_("The task must be due in the future, within ten years."))
    if assignee is None:
        return
    works_there = assignee.is_superuser or Permission.VIEW in assignee.grants.get(ticket.department_id, frozenset())
    if not (assignee.is_active and assignee.is_agent and works_there):
        words = {"agent": assignee.display_name, "department": ticket.department.name}
        raise Invalid(assignee=_("%(agent)s does not work in %(department)s.") % words)


def _kept(task: Task) -> dict[str, Any]:
    due, done = task.due_at, task.done_at
    return {
        "title": task.title, "assignee_id": task.assignee_id, "position": task.position,
        "due_at": due.isoformat() if due else None, "done_at": done.isoformat() if done else None,
    }  # fmt: skip


def _tell(ticket: Ticket, kind: str, task: Task, by: Actor, **more: Any) -> None:
    record(ticket, kind, by=by, title=task.title, task_id=task.pk, **more)
