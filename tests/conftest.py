from importlib import import_module

import pytest
from django.apps import apps

from tickets import brand, rulebook, sla
from tickets.mail import dkim, health
from tickets.models import Desk, Status

shipped = import_module("tickets.migrations.0002_desk")


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    """What a process remembers for some seconds must not outlive the test that wrote it."""
    Desk.forget()
    brand.forget()
    sla.forget_calendars()
    rulebook.forget_rules()
    health.forget()
    dkim.forget()


@pytest.fixture(autouse=True)
def _what_every_desk_starts_with(request: pytest.FixtureRequest) -> None:
    """Tests that commit empty every table behind them, what the migrations put there too."""
    if request.node.get_closest_marker("django_db") or {"db", "transactional_db"} & set(request.fixturenames):
        request.getfixturevalue("db")
        if not Status.objects.exists():
            shipped.add_defaults(apps, None)
        Desk.objects.filter(pk=1).exclude(undo_seconds=0).update(undo_seconds=0)  # replies leave at once


@pytest.fixture
def undo_window(db: None) -> None:
    """Replies can be taken back for a minute."""
    Desk.objects.update(undo_seconds=60)
    Desk.forget()
