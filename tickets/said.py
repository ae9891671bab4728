"""Sentences of the desk that are kept now and read later by others: written down as the sources say them, together
with what stands in them, and put into the reader's language when they are shown."""

from __future__ import annotations

import json
from typing import Any

from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext

_SAYS, _WITH = "says", "with"
_SIGN = f'{{"{_SAYS}":'
_LONGEST = 300
"""Of each name in a sentence."""


def keep(sentence: Promise | str, **words: Any) -> str:
    """A sentence not yet translated (a gettext_lazy) and what stands in it, as a text column or an event keeps them.
    Words may be lazy too, or kept sentences."""
    with translation.override(None):
        kept: dict[str, Any] = {_SAYS: str(sentence)}
        if words:
            kept[_WITH] = {name: _word(value) for name, value in words.items()}
        return json.dumps(kept, ensure_ascii=False)


def told(text: str) -> str:
    """What was kept, in the language of the page. Any other text stays as it is: names people gave, and sentences that
    were written down before they were kept like this."""
    if not text.startswith(_SIGN):
        return text
    try:
        return _told(json.loads(text))
    except (ValueError, TypeError, KeyError, AttributeError):
        return text


def _word(value: Any) -> Any:
    if isinstance(value, Promise):
        return {_SAYS: str(value)}
    if isinstance(value, str) and value.startswith(_SIGN):
        return json.loads(value)
    return value[:_LONGEST] if isinstance(value, str) else value


def _told(kept: dict[str, Any]) -> str:
    words = {name: _told(value) if isinstance(value, dict) else value for name, value in kept.get(_WITH, {}).items()}
    sentence = gettext(kept[_SAYS])
    return sentence % words if words else sentence
