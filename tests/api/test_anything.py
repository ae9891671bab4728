"""Random JSON under the right names never makes a server error."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import factories

pytestmark = pytest.mark.django_db
NAMES = [
    "subject", "body", "requester", "email", "name", "help_topic", "department", "priority", "fields", "status",
    "agent", "team", "tags", "add", "remove", "reason",
]  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES) | st.text(), inner, max_size=3),
    max_leaves=8,
)
BODIES = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=5)
PATHS = ["", "reply/", "note/", "assign/", "resolve/", "reopen/", "tags/", "PATCH"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=BODIES, path=st.sampled_from(PATHS))
def test_no_body_breaks_an_address(calling, agent, department, body, path):
    ticket, caller = factories.ticket(department=department), calling(agent)
    text = json.dumps(body)
    if path == "PATCH":
        answer = caller.send("patch", f"{ticket.number}/", text)
    else:
        answer = caller.send("post", f"{ticket.number}/{path}" if path else "", text)
    assert answer.status_code < 500
    answer.json()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(max_size=60)
    | st.lists(
        st.sampled_from(["is:open", "-", '"', "created:", ">", "due:<4h", "priority:", "9", "a*", ":", "'", "\\", "&"]),
        max_size=6,
    ).map("".join)
)
def test_no_query_breaks_the_list(calling, agent, department, text):
    assert calling(agent).get(q=text).status_code in (200, 400)
