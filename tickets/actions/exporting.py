"""Files of long lists, made by the workers: by whoever takes one up, once, as the person who asked may see them."""

from __future__ import annotations

import logging
import zoneinfo
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from tickets import blobs, exports, limits, worklists
from tickets.actions.holding import forget_bytes
from tickets.models import Export, Ticket, User
from tickets.refusals import Invalid
from tickets.tasks import run_export
from tickets.worklists import Worklist

AT_ONCE = 2_000  # so few are sent while the person waits
MOST = 200_000
LASTS = timedelta(days=7)
_LEASE = timedelta(minutes=15)
_BY_PERSON = [(20, limits.HOUR)]
_log = logging.getLogger(__name__)


def start(*, by: User, worklist: Worklist, columns: list[str]) -> Export:
    """Asks for the file of a list. Raises Invalid for a list that is not understood in full, TooMany."""
    if worklist.mistakes:
        raise Invalid(query=_("The query of this list is not understood in full."))
    limits.check(f"export:{by.pk}", _BY_PERSON)
    place = {"view": worklist.slug, "q": "" if worklist.slug else worklist.query, "sort": worklist.order}
    with transaction.atomic():
        made = Export.objects.create(by=by, place=place, label=worklist.label[:200], columns=columns)
        transaction.on_commit(lambda: run_export.delay(made.pk), robust=True)
    return made


def run(pk: int) -> None:
    """Makes the file. Two at once do it once: the second finds it leased."""
    now = timezone.now()
    running = Export.objects.filter(pk=pk, progress=Export.State.RUNNING)
    if not running.filter(Q(leased_until__isnull=True) | Q(leased_until__lt=now)).update(leased_until=now + _LEASE):
        return
    job = Export.objects.select_related("by").get(pk=pk)
    try:
        with translation.override(job.by.language or None):
            done = _make(job)
    except Exception:
        _log.exception("Export %s failed", pk)
        done = {"progress": Export.State.FAILED}
    running.update(leased_until=None, **done)


def _make(job: Export) -> dict[str, object]:
    worklist = _worklist(job)
    if worklist is None or worklist.mistakes or not job.by.is_active:
        return {"progress": Export.State.FAILED}
    ids = worklists.ids(worklist, job.by, most=MOST)
    zone = zoneinfo.ZoneInfo(job.by.time_zone) if job.by.time_zone in zoneinfo.available_timezones() else None
    lines = exports.lines(Ticket.objects.inside(job.by), ids, exports.for_agents(job.columns), zone)
    sha256, size = blobs.put(line.encode() for line in lines)
    return {"progress": Export.State.DONE, "rows": len(ids), "sha256": sha256, "size": size}


def _worklist(job: Export) -> Worklist | None:
    text = job.place.get("q", "")
    found = worklists.of_query(text, job.by) if text else worklists.find(job.by, job.place.get("view", ""))
    return found.arranged(order=job.place.get("sort", "")) if found else None


def sweep() -> None:
    """Goes on with files whose worker is gone, and forgets old ones with their bytes."""
    now = timezone.now()
    late = Q(leased_until__isnull=True, created_at__lt=now - timedelta(seconds=60)) | Q(leased_until__lt=now)
    for pk in Export.objects.filter(late, progress=Export.State.RUNNING).values_list("pk", flat=True)[:20]:
        run_export.delay(pk)
    old = dict(Export.objects.filter(created_at__lt=now - LASTS).values_list("pk", "sha256")[:100])
    Export.objects.filter(pk__in=old).delete()
    forget_bytes({sha256 for sha256 in old.values() if sha256})
