"""/healthz: this process answers. /readyz: everything it needs answers too. /metrics: figures for Prometheus."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import cache
from importlib.util import find_spec
from pkgutil import iter_modules

import redis
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Count, Min
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from tickets.models import Heartbeat, InboundEmail, OutboundEmail, RelayHealth, TicketEvent

Figure = tuple[str, float]
_SILENCE = timedelta(seconds=60)


class HealthMiddleware:
    """Answers /healthz before anything else can fail: no session, no host check, no database."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return alive(request) if request.path in {"/healthz", "/healthz/"} else self.get_response(request)


def alive(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


def ready(request: HttpRequest) -> HttpResponse:
    """200 when the desk can work, else 503 with one reason per thing that is wrong."""
    reasons = list(_reasons())
    return JsonResponse({"ready": not reasons, "reasons": reasons}, status=503 if reasons else 200)


def _reasons() -> Iterator[str]:
    try:
        if _migrations() - MigrationRecorder(connection).applied_migrations().keys():
            yield "migrations: not all are applied; run manage.py migrate"
        else:
            yield from _worker_reasons()
    except DatabaseError:
        yield "database: PostgreSQL does not answer"
    try:
        redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1).ping()
    except redis.RedisError:
        yield "broker: Valkey does not answer"


@cache
def _migrations() -> set[tuple[str, str]]:
    """App and name of everything that should be applied. Only names: Django's own plan loads every migration, which
    costs each web process 15 MiB and each question a second."""
    found = set()
    for app in apps.get_app_configs():
        spec = find_spec(f"{app.name}.migrations")
        places = spec.submodule_search_locations if spec else None
        found |= {(app.label, module.name) for module in iter_modules(places or [])}
    return found


def _worker_reasons() -> Iterator[str]:
    seen = Heartbeat.objects.filter(name="worker").values_list("seen_at", flat=True).first()
    if seen is None or seen < timezone.now() - _SILENCE:
        yield "worker: no sign of life for a minute; is the Celery worker running, and beat?"


def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text. Needs `Authorization: Bearer <METRICS_TOKEN>`; without that setting there is no such page."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not settings.METRICS_TOKEN or not hmac.compare_digest(given.encode(), settings.METRICS_TOKEN.encode()):
        return HttpResponse("not found\n", status=404, content_type="text/plain")
    lines = [f"helpdesk_{name} {value}\n" for name, value in _figures()]
    return HttpResponse("".join(lines), content_type="text/plain; version=0.0.4")


def _figures() -> Iterator[Figure]:
    now = timezone.now()
    waiting = TicketEvent.objects.unhandled()
    yield "events_unhandled", waiting.count()
    yield "mail_relays_paused", RelayHealth.objects.filter(paused_until__gt=now).count()
    for model, name in ((InboundEmail, "inbound"), (OutboundEmail, "outbound")):
        due = model.objects.filter(next_attempt_at__isnull=False)
        yield f"mail_{name}_waiting", due.count()
        oldest = due.order_by("next_attempt_at").values_list("next_attempt_at", flat=True).first()
        yield f"mail_{name}_overdue_seconds", max((now - oldest).total_seconds(), 0) if oldest else 0
    for model, direction in ((InboundEmail, "in"), (OutboundEmail, "out")):
        yield from _mail_by_state(model, direction, now)


def _mail_by_state(model: type[InboundEmail | OutboundEmail], direction: str, now: datetime) -> Iterator[Figure]:
    """How many mails are in each state, and for how long the oldest has been that is not at its end."""
    counts = dict(model.objects.order_by().values_list("state").annotate(Count("pk")))
    for state in model.State.values:
        yield f'mail_messages{{direction="{direction}",state="{state}"}}', counts.get(state, 0)
    moment = "received_at" if direction == "in" else "created_at"
    due = model.objects.filter(next_attempt_at__isnull=False).order_by().values_list("state").annotate(Min(moment))
    for state, oldest in due:
        yield f'mail_oldest_seconds{{direction="{direction}",state="{state}"}}', (now - oldest).total_seconds()
