"""What is wrong with a translation, told in plain words. Pure: texts in, sentences out."""

from __future__ import annotations

import re
from collections import Counter

Text = str | tuple[str, ...]

_MARK = re.compile(r"%\(\w+\)[a-z]|%[sd%]|\{\{.*?\}\}|\{%.*?%\}|\{\w*\}")
_NAMED = re.compile(r"%\(|\{")
_TAG = re.compile(r"</?[a-z][^<>]*>")
_AROUND = re.compile(r"^(\s*).*?(\s*)$", re.DOTALL)
# Forms that stand for a single number: their sentence may say it in words ("a ticket") instead of in figures.
_EXACT = {"ar": {0, 1, 2}}


def faults(source: Text, said: Text, code: str, forms: int) -> list[str]:
    """Why `said` cannot stand for `source` in the language; nothing when it can. What is empty is not translated yet,
    which is no fault here."""
    if isinstance(source, str):
        return _compared(source, str(said), may_omit=False) if said else []
    if not any(said):
        return []
    if len(said) != forms or not all(said):
        return [f"needs {forms} plural forms, none of them empty"]
    exact = _EXACT.get(code, {0})
    found = (_compared(source[-1], form, may_omit=number in exact) for number, form in enumerate(said))
    return list(dict.fromkeys(fault for one in found for fault in one))


def _compared(source: str, said: str, *, may_omit: bool) -> list[str]:
    wanted, has = Counter(_MARK.findall(source)), Counter(_MARK.findall(said))
    found = []
    if missing := [mark for mark in wanted if has[mark] < wanted[mark] and not (may_omit and _NAMED.match(mark))]:
        found.append(f"misses {', '.join(missing)}")
    if more := [mark for mark in has if has[mark] > wanted[mark]]:
        found.append(f"has {', '.join(more)} more often than the source")
    if _MARK.sub("", said).count("%") != _MARK.sub("", source).count("%"):
        found.append("has a lone % that the source has not, or the other way round")
    if Counter(_TAG.findall(source)) != Counter(_TAG.findall(said)):
        found.append("has other tags than the source")
    if _around(source) != _around(said):
        found.append("begins or ends with other white space than the source")
    if source.strip("\n").count("\n\n") != said.strip("\n").count("\n\n"):
        found.append("has other paragraphs than the source")
    return found


def _around(text: str) -> tuple[str, ...]:
    match = _AROUND.match(text)
    return match.groups() if match else ()
