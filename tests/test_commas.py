"""Lists typed with the comma of whatever keyboard."""

from __future__ import annotations

import pytest

from tickets import commas, recipients


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("urgent, vip", ["urgent", "vip"]),
        ("عاجل، مهم", ["عاجل", "مهم"]),
        (" a ,،b, ", ["a", "b"]),
        ("one", ["one"]),
        ("", []),
    ],
)
def test_commas_of_both_scripts_part_a_list(text: str, parts: list[str]) -> None:
    assert commas.split(text) == parts


def test_addresses_are_parted_by_them_too() -> None:
    assert recipients.read("ana@example.org، Bo <bo@example.org>; c@example.org", "to") == [
        "ana@example.org", "bo@example.org", "c@example.org",
    ]  # fmt: skip
