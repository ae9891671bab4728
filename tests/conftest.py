import pytest

from tickets import sla
from tickets.models import Desk


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    """What a process remembers for some seconds must not outlive the test that wrote it."""
    Desk.forget()
    sla.forget_calendars()
