"""The Celery app and the whole beat schedule.

The broker only nudges. Every entry here is a sweep that finds its work in PostgreSQL, may run twice and may come late.
"""

import os

from celery import Celery
from celery.signals import task_postrun, task_prerun, worker_ready
from django.db import close_old_connections

from tickets.tasks import heartbeat

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")

app = Celery("helpdesk")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# Celery would hang up on PostgreSQL before and after each task, and connecting costs ten times what a task needs.
# Instead connections are kept as the web keeps them: checked before use, made anew when broken or old.
app.conf["CELERY_DB_REUSE_MAX"] = 2**62


@task_prerun.connect
@task_postrun.connect
def _keep_connections(**_: object) -> None:
    close_old_connections()


app.conf.beat_schedule = {
    "heartbeat": {"task": "tickets.tasks.heartbeat", "schedule": 15.0, "options": {"expires": 30}},
    "events": {"task": "tickets.tasks.sweep_events", "schedule": 15.0, "options": {"expires": 15}},
    "inbound mail": {"task": "tickets.tasks.sweep_inbound", "schedule": 15.0, "options": {"expires": 15}},
    "outbound mail": {"task": "tickets.tasks.sweep_outbound", "schedule": 15.0, "options": {"expires": 15}},
    "scheduled replies": {"task": "tickets.tasks.send_scheduled", "schedule": 20.0, "options": {"expires": 20}},
    "delayed mail": {"task": "tickets.tasks.tell_of_delayed_mail", "schedule": 300.0, "options": {"expires": 300}},
    "sla": {"task": "tickets.tasks.sweep_sla", "schedule": 60.0, "options": {"expires": 60}},
    "quiet tickets": {"task": "tickets.tasks.sweep_quiet", "schedule": 60.0, "options": {"expires": 60}},
    "snoozed tickets": {"task": "tickets.tasks.sweep_snoozed", "schedule": 60.0, "options": {"expires": 60}},
    "tasks due": {"task": "tickets.tasks.sweep_tasks", "schedule": 60.0, "options": {"expires": 60}},
    "digests": {"task": "tickets.tasks.sweep_digests", "schedule": 60.0, "options": {"expires": 60}},
    "bulk": {"task": "tickets.tasks.sweep_bulk", "schedule": 30.0, "options": {"expires": 30}},
    "viewed tickets": {"task": "tickets.tasks.forget_viewed", "schedule": 3600.0, "options": {"expires": 3600}},
    "data exports": {"task": "tickets.tasks.sweep_data_exports", "schedule": 60.0, "options": {"expires": 60}},
    "exports": {"task": "tickets.tasks.sweep_exports", "schedule": 60.0, "options": {"expires": 60}},
    "held uploads": {"task": "tickets.tasks.sweep_held_uploads", "schedule": 900.0, "options": {"expires": 900}},
    "holidays": {"task": "tickets.tasks.sweep_holidays", "schedule": 900.0, "options": {"expires": 900}},
    "recurring tickets": {"task": "tickets.tasks.sweep_recurring", "schedule": 60.0, "options": {"expires": 60}},
    "rules": {"task": "tickets.tasks.sweep_rules", "schedule": 60.0, "options": {"expires": 60}},
    "rule records": {"task": "tickets.tasks.sweep_rule_records", "schedule": 3600.0, "options": {"expires": 3600}},
    "webhooks": {"task": "tickets.tasks.sweep_webhooks", "schedule": 15.0, "options": {"expires": 15}},
    "retention": {"task": "tickets.tasks.sweep_retention", "schedule": 3600.0, "options": {"expires": 3600}},
}


@worker_ready.connect
def _say_so_at_once(**_: object) -> None:
    """The first sign of life by a task, which proves the whole way; the beat's own would come 15 s later."""
    heartbeat.apply_async(expires=30)
