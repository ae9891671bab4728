"""What /metrics says of mail: how much in which state, and since when it waits; no word of anybody's."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.mail import post
from tickets.models import InboundEmail

pytestmark = pytest.mark.django_db


@pytest.fixture
def figures(client, settings):
    settings.METRICS_TOKEN = "token for the figures"

    def read() -> dict[str, float]:
        response = client.get("/metrics", headers={"Authorization": f"Bearer {settings.METRICS_TOKEN}"})
        lines = (line.rpartition(" ") for line in response.content.decode().splitlines())
        return {name: float(value) for name, _space, value in lines}

    return read


def test_every_state_is_counted_both_ways(mailbox, figures):
    post.arrive(post.raw())
    post.arrive(post.raw(sender="no-reply@shop.example"))
    post.settle()
    found = figures()
    assert found['helpdesk_mail_messages{direction="in",state="applied"}'] == 1
    assert found['helpdesk_mail_messages{direction="in",state="suspended"}'] == 1
    assert found['helpdesk_mail_messages{direction="in",state="failed"}'] == 0
    assert found['helpdesk_mail_messages{direction="out",state="sent"}'] == 1
    assert not any("@" in name or "oldest" in name for name in found)


def test_the_oldest_that_waits_tells_its_age(mailbox, figures):
    row = post.store(post.raw(), source="smtp", envelope_to=["support@desk.example"])
    InboundEmail.objects.filter(pk=row.pk).update(received_at=timezone.now() - timedelta(hours=1))
    age = figures()['helpdesk_mail_oldest_seconds{direction="in",state="stored"}']
    assert 3600 <= age < 4200
