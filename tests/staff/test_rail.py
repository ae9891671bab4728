from __future__ import annotations

import pytest

from tests import people
from tickets.models import User

pytestmark = pytest.mark.django_db


def test_admins_find_the_settings_in_the_rail(client) -> None:
    client.force_login(people.admin(), backend="django.contrib.auth.backends.ModelBackend")
    assert 'href="/admin/"' in client.get("/staff/", follow=True).content.decode()


def test_agents_see_no_door_that_is_closed_to_them(client, agent: User) -> None:
    client.force_login(agent, backend="django.contrib.auth.backends.ModelBackend")
    assert 'href="/admin/"' not in client.get("/staff/", follow=True).content.decode()
