import re

import pytest
from django.test import Client
from jsonschema import Draft202012Validator

from tickets.api.views import docs as page

pytestmark = pytest.mark.django_db


def test_the_schema_is_valid_and_names_every_operation_once():
    schema = Client().get("/api/schema/?format=json").json()
    ids = [one["operationId"] for item in schema["paths"].values() for one in item.values()]
    assert len(ids) == len(set(ids))
    assert set(ids) >= {"listTickets", "addTickets", "readOneTicket", "changeOneTicket", "reply", "resolve"}
    Draft202012Validator.check_schema(schema["components"]["schemas"]["TicketShape"])


def test_the_page_shows_every_operation_and_needs_no_script_of_its_own():
    answer = Client().get("/api/docs/")
    text = answer.content.decode()
    for operation in page.operations():
        assert f'id="{operation["id"]}"' in text
        assert operation["text"]
    assert "style=" not in text
    assert "<script>" not in text
    assert "unsafe-inline" not in answer["Content-Security-Policy"]


def test_links_on_the_page_lead_somewhere():
    text = Client().get("/api/docs/").content.decode()
    for anchor in re.findall(r'href="#([^"]+)"', text):
        assert f'id="{anchor}"' in text
