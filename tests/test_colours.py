"""The company's colour: what is refused and why, and that all that follows from it can be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError

from tickets import colours
from tickets.colours import DARK, ENOUGH, LIGHT, contrast

TOKENS = (Path(__file__).parent.parent / "static" / "css" / "tokens.css").read_text()
HUES = ["#0b6e7f", "#a61b1b", "#6530b4", "#17652f", "#1f4bb5", "#555555", "#000000"]


@pytest.mark.parametrize(("one", "other", "ratio"), [("#000000", "#ffffff", 21.0), ("#777777", "#ffffff", 4.48)])
def test_contrast_is_that_of_wcag(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == contrast(other, one) == pytest.approx(ratio, abs=0.01)


def test_the_grounds_are_those_of_the_pages() -> None:
    for number, scheme in enumerate((LIGHT, DARK)):
        found = [
            re.search(rf"--p-{name}: light-dark\((#\w+), (#\w+)\)", TOKENS)[number + 1]
            for name in ("paper", "stone-1", "stone-2")
        ]
        assert tuple(found) == scheme.grounds


@pytest.mark.parametrize("value", ["", "red", "#12345", "#1234567", "#12345g", "url(x)", "#0b6e7f;}", "javascript:1"])
def test_nonsense_is_refused(value: str) -> None:
    with pytest.raises(ValidationError, match="six digits"):
        colours.check(value, LIGHT)


@pytest.mark.parametrize(("value", "scheme"), [("#ffd400", LIGHT), ("#777777", LIGHT), ("#0b6e7f", DARK)])
def test_what_cannot_be_read_is_refused_with_the_reason_and_a_way_out(value: str, scheme: colours.Scheme) -> None:
    with pytest.raises(ValidationError) as refused:
        colours.check(value, scheme)
    sentence = refused.value.messages[0]
    assert value in sentence
    assert "4.5 to 1" in sentence
    near = re.findall(r"#\w{6}", sentence)[-1]
    assert colours.check(near, scheme) == near


@pytest.mark.parametrize("hue", [*HUES, "#ffd400", "#00ff00", "#ff69b4"])
@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_every_pair_that_follows_can_be_read(hue: str, scheme: colours.Scheme) -> None:
    made = colours.shades(colours.nearest(hue, scheme), scheme)
    pairs = [(made["on-accent"], made["accent"]), (made["accent-strong"], made["accent-soft"])]
    pairs += [(made[name], ground) for name in ("accent", "accent-strong", "link") for ground in scheme.grounds]
    pairs += [(made["link"], made["accent-faint"])]
    assert {pair: round(contrast(*pair), 2) for pair in pairs if contrast(*pair) < ENOUGH} == {}
