"""What a form asks and takes: the pure rules."""

from __future__ import annotations

from typing import Any

import pytest

from tests.forms import DEVICE, DEVICES
from tickets import branching
from tickets.field_values import Files, Unreadable, read, words
from tickets.fields import by_key, check, in_text, missing_to_close, told

CASES = [
    ({"field": "a", "op": "is", "value": "x"}, {"a": "X"}, True),
    ({"field": "a", "op": "is", "value": "x"}, {}, False),
    ({"field": "a", "op": "is", "value": "x"}, {"a": ["x"]}, True),
    ({"field": "a", "op": "is", "value": 3}, {"a": 3}, True),
    ({"field": "a", "op": "is", "value": True}, {"a": True}, True),
    ({"field": "a", "op": "is", "value": False}, {}, True),
    ({"field": "a", "op": "is_not", "value": "x"}, {}, True),
    ({"field": "a", "op": "is_not", "value": "x"}, {"a": "x"}, False),
    ({"field": "a", "op": "contains", "value": "x"}, {"a": ["w", "x"]}, True),
    ({"field": "a", "op": "contains", "value": "OX"}, {"a": "boxes"}, True),
    ({"field": "a", "op": "contains", "value": "ox"}, {}, False),
    ({"field": "a", "op": "answered"}, {"a": 0}, True),
    ({"field": "a", "op": "answered"}, {"a": False}, False),
    ({"field": "a", "op": "empty"}, {"a": []}, True),
    ({"field": "a", "op": "at_least", "value": 3}, {"a": 3}, True),
    ({"field": "a", "op": "at_least", "value": 3}, {"a": "3"}, False),
    ({"field": "a", "op": "at_most", "value": "2026-11-24"}, {"a": "2026-11-23"}, True),
    ({"field": "a", "op": "at_most", "value": 3}, {}, False),
    ({"all": [{"field": "a", "op": "answered"}, {"field": "b", "op": "answered"}]}, {"a": "1"}, False),
    ({"any": [{"field": "a", "op": "answered"}, {"field": "b", "op": "answered"}]}, {"a": "1"}, True),
    ({"not": {"field": "a", "op": "answered"}}, {"a": "1"}, False),
    (None, {}, True),
]


@pytest.mark.parametrize(("condition", "values", "expected"), CASES)
def test_conditions(condition: Any, values: dict[str, Any], expected: bool) -> None:
    assert branching.holds(condition, values) is expected


def test_a_condition_is_told_in_words() -> None:
    condition = {
        "all": [{"field": "device", "op": "is", "value": "laptop"}, {"field": "age", "op": "at_least", "value": 3}]
    }
    assert branching.sentence(condition, by_key(DEVICE)) == "Device is Laptop and Age in years is at least 3"


@pytest.mark.parametrize(
    ("item", "raw", "kept"),
    [
        ({"kind": "text"}, "  a \n b ", "a b"),
        ({"kind": "long_text"}, "a\r\nb", "a\nb"),
        ({"kind": "text"}, "a\0\u202eb", "ab"),
        ({"kind": "text"}, "<b>", "<b>"),
        ({"kind": "text"}, " ", None),
        ({"kind": "number"}, "1,5", 1.5),
        ({"kind": "number"}, "3.0", 3),
        ({"kind": "number"}, 7, 7),
        ({"kind": "date"}, "2026-11-24", "2026-11-24"),
        ({"kind": "date_time"}, "2026-11-24T09:30", "2026-11-24T09:30:00+00:00"),
        ({"kind": "choice", "choices": DEVICES}, "LAPTOP", "laptop"),
        ({"kind": "multi_choice", "choices": DEVICES}, ["phone", "Laptop"], ["laptop", "phone"]),
        ({"kind": "multi_choice", "choices": DEVICES}, "phone, laptop", ["laptop", "phone"]),
        ({"kind": "multi_choice", "choices": DEVICES}, "phone، laptop", ["laptop", "phone"]),
        ({"kind": "multi_choice", "choices": DEVICES}, [], None),
        ({"kind": "checkbox"}, "on", True),
        ({"kind": "checkbox"}, "", False),
        ({"kind": "checkbox"}, False, False),
        ({"kind": "email"}, "Grace@Customers.example", "grace@customers.example"),
        ({"kind": "phone"}, "+44 20 7946 0000", "+44 20 7946 0000"),
        ({"kind": "url"}, "desk.example/a", "https://desk.example/a"),
        ({"kind": "file"}, Files([{"name": "a.png", "key": "k"}]), [{"name": "a.png", "key": "k"}]),
        ({"kind": "user"}, "ana@desk.example", "ana@desk.example"),
    ],
)
def test_what_can_be_read(item: dict[str, Any], raw: Any, kept: Any) -> None:
    assert read(item, raw) == kept


@pytest.mark.parametrize(
    ("item", "raw"),
    [
        ({"kind": "text"}, "x" * 501),
        ({"kind": "text", "max": 3}, "four"),
        ({"kind": "text"}, {"a": 1}),
        ({"kind": "text"}, True),
        ({"kind": "number"}, "one"),
        ({"kind": "number"}, "NaN"),
        ({"kind": "number"}, "1e999"),
        ({"kind": "number", "min": 2}, "1"),
        ({"kind": "number", "max": 2}, "3"),
        ({"kind": "date"}, "24.11.2026"),
        ({"kind": "date_time"}, "0001-01-01T00:00+14:00"),
        ({"kind": "choice", "choices": DEVICES}, "tablet"),
        ({"kind": "multi_choice", "choices": DEVICES}, ["phone", "tablet"]),
        ({"kind": "multi_choice", "choices": DEVICES}, 3),
        ({"kind": "checkbox"}, "perhaps"),
        ({"kind": "email"}, "grace"),
        ({"kind": "phone"}, "call me"),
        ({"kind": "url"}, "javascript:alert(1)"),
        ({"kind": "url"}, "ftp://desk.example"),
        ({"kind": "file"}, [{"name": "a", "key": "b"}]),
        ({"kind": "user"}, "ana"),
    ],
)
def test_what_cannot_be_read_is_a_sentence(item: dict[str, Any], raw: Any) -> None:
    with pytest.raises(Unreadable) as refusal:
        read(item, raw)
    assert str(refusal.value).endswith((".", "?")) or "Example" in str(refusal.value)


def test_only_shown_fields_are_asked_and_kept() -> None:
    phone = check(DEVICE, {"device": "phone", "serial": "4711"})
    assert (phone.values, phone.errors) == ({"device": "phone"}, {})
    assert phone.shown == {"device", "age"}
    laptop = check(DEVICE, {"device": "laptop"})
    assert laptop.errors == {"serial": "Please answer this."}
    assert laptop.required == {"device", "serial"}


def test_an_answer_that_cannot_be_read_shows_no_branch() -> None:
    found = check(DEVICE, {"device": "toaster", "serial": "4711"})
    assert set(found.errors) == {"device"}
    assert found.values == {}


def test_customers_do_not_fill_in_what_is_for_agents() -> None:
    given = {"device": "phone", "vendor_case": "V1", "repair": "soon"}
    assert check(DEVICE, given).values == {"device": "phone"}
    assert check(DEVICE, given, inside=True).values == given


def test_incomplete_answers_will_do_where_nobody_could_be_asked() -> None:
    assert check(DEVICE, {}, complete=False).errors == {}


def test_defaults_stand_where_nothing_is_given() -> None:
    items = [{"kind": "text", "key": "a", "label": "A", "default": "x"}]
    assert check(items, {}).values == {"a": "x"}
    assert check(items, {"a": ""}).values == {}
    assert check(items, {}, before={}).values == {}


def test_what_is_missing_to_close() -> None:
    assert missing_to_close(DEVICE, {"device": "phone"}) == ["Cause"]
    assert missing_to_close(DEVICE, {"cause": "Broken"}) == []


def test_customers_see_their_answers_and_what_is_for_them_to_read() -> None:
    values = {"device": "laptop", "serial": "4711", "repair": "Monday", "cause": "Coffee"}
    assert [one["words"] for one in told(DEVICE, values, inside=False)] == ["Laptop", "4711", "Monday"]
    labels = [one["item"]["label"] for one in told(DEVICE, values, inside=True)]
    assert labels == ["Device", "Serial number", "Age in years", "Vendor case", "Repair date", "Cause"]


def test_answers_are_found_in_a_mail() -> None:
    text = "Hello,\n\nDevice: Laptop\n* serial: 4711\nAge in years: old\nVendor case: V1\nNote: see above\n"
    assert in_text(DEVICE, text) == {"device": "Laptop", "serial": "4711"}
    assert in_text(DEVICE, "Device: toaster") == {}


def test_words_for_people() -> None:
    assert words({"kind": "checkbox"}, False) == "No"
    assert words({"kind": "multi_choice", "choices": DEVICES}, ["laptop", "phone"]) == "Laptop, Phone"
    assert words({"kind": "date"}, "2026-11-24") == "Nov. 24, 2026"
    assert words({"kind": "file"}, [{"name": "a.png", "key": "k"}]) == "a.png"
