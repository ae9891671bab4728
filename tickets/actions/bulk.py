"""Doing one verb to many tickets: a job that was confirmed is done once for each ticket, by whoever takes it up, and
tells for each what came of it."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from tickets import reading
from tickets.actions.bulk_verbs import BULK, offered
from tickets.models import BulkItem, BulkJob, Ticket, User
from tickets.refusals import Invalid, NotAllowed, Refused
from tickets.tasks import run_bulk

MOST = 10_000
AT_ONCE = 20  # so few are done while the person waits
_SLICE = 20.0  # seconds that one task works before the next goes on
_LEASE = timedelta(seconds=90)
_DRAFT_DAYS, _DONE_DAYS = 1, 30
_log = logging.getLogger(__name__)


def prepare(*, by: User, verb: str, tickets: Iterable[int], back: str = "", is_cut: bool = False) -> BulkJob:
    """Chooses the tickets; nothing happens before `start`. Ids that are not the person's to see are left out."""
    if verb not in offered(by):
        raise NotAllowed(_("You are not allowed to do this to many tickets."))
    wanted = list(dict.fromkeys(tickets))[:MOST]
    seen = set(Ticket.objects.inside(by).filter(pk__in=wanted).values_list("pk", flat=True))
    chosen = [pk for pk in wanted if pk in seen]
    if not chosen:
        raise Invalid(ticket=_("Choose at least one ticket."))
    with transaction.atomic():
        job = BulkJob.objects.create(by=by, verb=verb, total=len(chosen), back=back[:900], is_cut=is_cut)
        items = [BulkItem(job=job, ticket_id=pk) for pk in chosen]
        BulkItem.objects.bulk_create(items, batch_size=2000)
    return job


def start(job: BulkJob, *, by: User, params: dict[str, Any]) -> BulkJob:
    """Confirms it; again changes nothing. A few tickets are done before this returns, many by the workers."""
    drafts = BulkJob.objects.filter(pk=job.pk, by=by, progress=BulkJob.State.DRAFT)
    with transaction.atomic():
        is_new = drafts.update(progress=BulkJob.State.RUNNING, params=params, started_at=timezone.now())
        if is_new and job.total > AT_ONCE:
            transaction.on_commit(lambda: run_bulk.delay(job.pk), robust=True)
    if is_new and job.total <= AT_ONCE:
        run(job.pk)
    return BulkJob.objects.get(pk=job.pk)


def cancel(job: BulkJob, *, by: User) -> BulkJob:
    """Stops it after the ticket that is being done; what was done stays done."""
    now = timezone.now()
    rows = BulkJob.objects.filter(pk=job.pk, by=by, progress__in=[BulkJob.State.RUNNING, BulkJob.State.DRAFT])
    rows.update(progress=BulkJob.State.CANCELLED, finished_at=now)
    return BulkJob.objects.get(pk=job.pk)


def run(pk: int, *, seconds: float = _SLICE) -> None:
    """Works on the job until it is done, stopped, or the time is over; then the next task goes on. Two at once do no
    ticket twice: the second finds the job leased, or each item locked."""
    now = timezone.now()
    running = BulkJob.objects.filter(pk=pk, progress=BulkJob.State.RUNNING)
    if not running.filter(Q(leased_until__isnull=True) | Q(leased_until__lt=now)).update(leased_until=now + _LEASE):
        return
    job = BulkJob.objects.select_related("by").get(pk=pk)
    end = time.monotonic() + seconds
    with reading.read_by(job.by):
        while more := _next(job):
            if time.monotonic() > end:
                break
    running.update(leased_until=None)
    if more:
        run_bulk.delay(pk)
    else:
        _finish(pk)


def _next(job: BulkJob) -> bool:
    """Does one ticket; False when none waits or the job was stopped. Verb, result and counts are one transaction."""
    with transaction.atomic():
        waiting = BulkItem.objects.filter(job=job, result=BulkItem.Result.WAITING, job__progress=BulkJob.State.RUNNING)
        item = waiting.select_for_update(skip_locked=True, of=("self",)).order_by("id").first()
        if item is None:
            return False
        item.error = _act(job, item)
        item.result = BulkItem.Result.FAILED if item.error else BulkItem.Result.DONE
        item.save(update_fields=["result", "error"])
        name = "failed_count" if item.error else "done_count"
        BulkJob.objects.filter(pk=job.pk).update(**{name: F(name) + 1})
    return True


def _act(job: BulkJob, item: BulkItem) -> str:
    """What went wrong, in words; empty when nothing did. What a verb did before it failed is undone."""
    try:
        with transaction.atomic():
            ticket = Ticket.objects.inside(job.by).get(pk=item.ticket_id)
            BULK[job.verb].act(ticket, job.by, job.params)
    except Ticket.DoesNotExist:
        return _("It is no longer there, or no longer yours to see.")
    except (Refused, PermissionDenied) as refusal:
        return str(refusal) or _("You are not allowed to do this.")
    except Exception:
        _log.exception("Bulk job %s failed at ticket %s", job.pk, item.ticket_id)
        return _("Something went wrong; nothing was changed. The administrator finds more in the log.")
    return ""


def _finish(pk: int) -> None:
    """Done when nothing waits; a ticket that another worker has in hand ends the job itself."""
    if not BulkItem.objects.filter(job=pk, result=BulkItem.Result.WAITING).exists():
        BulkJob.objects.filter(pk=pk, progress=BulkJob.State.RUNNING).update(
            progress=BulkJob.State.DONE, finished_at=timezone.now()
        )


def sweep() -> None:
    """Goes on with jobs whose worker is gone, and forgets old ones."""
    now = timezone.now()
    late = Q(leased_until__isnull=True, started_at__lt=now - timedelta(seconds=30)) | Q(leased_until__lt=now)
    for pk in BulkJob.objects.filter(late, progress=BulkJob.State.RUNNING).values_list("pk", flat=True)[:100]:
        run_bulk.delay(pk)
    old = Q(progress=BulkJob.State.DRAFT, created_at__lt=now - timedelta(days=_DRAFT_DAYS))
    old |= ~Q(progress=BulkJob.State.RUNNING) & Q(created_at__lt=now - timedelta(days=_DONE_DAYS))
    for job in BulkJob.objects.filter(old).order_by("created_at")[:20]:
        job.delete()
