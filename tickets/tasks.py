"""What Celery runs. Each task loads and delegates; arguments are ids; everything may run twice.

Imports stand inside the functions because everything that enqueues, at any level, imports this module.
"""

from celery import shared_task


@shared_task
def handle_event(pk: int) -> None:
    from tickets import notifications

    notifications.handle(pk)


@shared_task
def deliver(pk: int) -> None:
    from tickets.mail import outbound

    outbound.deliver(pk)


@shared_task
def apply_inbound(pk: int) -> None:
    from tickets.mail import inbound

    inbound.apply(pk)


@shared_task
def sweep_events() -> None:
    from tickets import notifications

    notifications.sweep()


@shared_task
def sweep_inbound() -> None:
    from tickets.mail import inbound

    inbound.sweep()


@shared_task
def sweep_outbound() -> None:
    from tickets.mail import outbound

    outbound.sweep()


@shared_task
def tell_of_delayed_mail() -> None:
    from tickets.mail import outbound

    outbound.tell_of_delays()


@shared_task
def sweep_sla() -> None:
    from tickets.actions import timers

    timers.sweep_sla()


@shared_task
def sweep_quiet() -> None:
    from tickets.actions import timers

    timers.sweep_quiet()


@shared_task
def sweep_snoozed() -> None:
    from tickets.actions import snoozing

    snoozing.sweep_snoozed()


@shared_task
def run_export(pk: int) -> None:
    from tickets.actions import exporting

    exporting.run(pk)


@shared_task
def sweep_exports() -> None:
    from tickets.actions import exporting

    exporting.sweep()


@shared_task
def sweep_held_uploads() -> None:
    from tickets.actions import holding

    holding.sweep()


@shared_task
def sweep_tasks() -> None:
    from tickets.actions import checklist

    checklist.sweep_tasks()


@shared_task
def sweep_holidays() -> None:
    from tickets.actions import holidays

    holidays.sweep_holidays()


@shared_task
def refresh_holidays(pk: int) -> None:
    from tickets.actions import holidays

    holidays.refresh(pk)


@shared_task
def call_webhook(pk: int) -> None:
    from tickets import webhooks

    webhooks.call(pk)


@shared_task
def sweep_webhooks() -> None:
    from tickets import webhooks

    webhooks.sweep()


@shared_task
def sweep_rules() -> None:
    from tickets.automation import sweeping

    sweeping.sweep()


@shared_task
def sweep_rule_records() -> None:
    from tickets.automation import sweeping

    sweeping.sweep_records()


@shared_task
def sweep_retention() -> None:
    from tickets.actions import timers

    timers.sweep_retention()


@shared_task
def sweep_digests() -> None:
    from tickets import digests

    digests.sweep()


@shared_task
def sweep_recurring() -> None:
    from tickets.actions import recurring

    recurring.sweep_recurring()


@shared_task
def heartbeat() -> None:
    from django.utils import timezone

    from tickets.models import Heartbeat

    Heartbeat.objects.update_or_create(name="worker", defaults={"seen_at": timezone.now()})


@shared_task
def run_bulk(pk: int) -> None:
    from tickets.actions import bulk

    bulk.run(pk)


@shared_task
def sweep_bulk() -> None:
    from tickets.actions import bulk

    bulk.sweep()


@shared_task
def forget_viewed() -> None:
    from tickets.actions import desk_habits

    desk_habits.forget_viewed()


@shared_task
def run_back_test(pk: int, days: int) -> None:
    from tickets.automation import trying

    trying.run(pk, days)


@shared_task
def send_scheduled() -> None:
    from tickets.actions import drafts

    drafts.send_due()


@shared_task
def make_data_export(pk: int) -> None:
    from tickets.actions import data_exports

    data_exports.make(pk)


@shared_task
def sweep_data_exports() -> None:
    from tickets.actions import data_exports

    data_exports.sweep()
