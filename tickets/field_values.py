"""One answer of a form: read from what was typed or sent, and told in words. Pure; what cannot be read is a sentence.

Answers are JSON: text, a number, true or false, a list of texts; a date is 2026-11-24, a moment has its zone:
2026-11-24T09:30:00+00:00.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from tickets import commas
from tickets.models.forms import FieldKind

Item = dict[str, Any]

LONGEST = {FieldKind.TEXT: 500, FieldKind.LONG_TEXT: 20_000, FieldKind.RICH_TEXT: 20_000}
MOST_FILES = 10
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufeff]")
_PHONE = re.compile(r"\+?[\d\s()./-]{4,39}(?:\s*(?:x|ext\.?)\s*\d{1,6})?")
_YES = {"true", "yes", "on", "1", "x"}
_NO = {"false", "no", "off", "0", ""}
_is_url = URLValidator(schemes=["http", "https"])


class Unreadable(Exception):
    """The answer cannot be taken; `str()` is a sentence for the person."""


class Files(list[dict[str, str]]):
    """Files that came along with a form, as {"name", "key"}. A list in JSON is none."""


def read(item: Item, raw: Any) -> Any:
    """The answer as it is kept, or None for none. Raises Unreadable."""
    kind = item["kind"]
    if raw is None or (isinstance(raw, str) and not raw.strip() and kind != FieldKind.CHECKBOX):
        return None
    return _READERS[kind](item, raw)


def is_empty(value: Any) -> bool:
    """An unticked checkbox answers nothing: who must tick it has to."""
    return value is None or value == "" or value == [] or value is False


def words(item: Item, value: Any) -> str:
    """The answer as people read it; plain text, not escaped."""
    if value is None or value == "" or value == []:
        return ""
    labels = {choice["value"]: choice["label"] for choice in item.get("choices", ())}
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, list):
        return ", ".join(one.get("name", "") if isinstance(one, dict) else labels.get(one, str(one)) for one in value)
    if item["kind"] in _MOMENTS:
        return _MOMENTS[item["kind"]](str(value))
    return labels.get(value, str(value)) if isinstance(value, str) else str(value)


def _text(item: Item, raw: Any) -> str:
    if not isinstance(raw, str | int | float) or isinstance(raw, bool):
        raise Unreadable(_("This must be text."))
    text = _UNSEEN.sub("", str(raw).replace("\r\n", "\n").replace("\r", "\n")).strip()
    longest = min(item.get("max") or LONGEST[FieldKind.LONG_TEXT], LONGEST.get(item["kind"], 500))
    if len(text) > longest:
        raise Unreadable(_("This is too long: %(has)d characters, %(max)d fit.") % {"has": len(text), "max": longest})
    return text


def _line(item: Item, raw: Any) -> str:
    return " ".join(_text(item, raw).split())


def _number(item: Item, raw: Any) -> int | float:
    text = _text({"kind": FieldKind.TEXT}, raw).replace(" ", "").replace("\u00a0", "")
    if "," in text and "." not in text:
        text = text.replace(",", ".")
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise Unreadable(_("This is not a number.")) from None
    if not number.is_finite() or abs(number) >= 10**15:
        raise Unreadable(_("This number is too large."))
    if (least := item.get("min")) is not None and number < Decimal(str(least)):
        raise Unreadable(_("At least %(least)s, please.") % {"least": least})
    if (most := item.get("max")) is not None and number > Decimal(str(most)):
        raise Unreadable(_("At most %(most)s, please.") % {"most": most})
    return int(number) if number == number.to_integral_value() else float(number)


def _date(item: Item, raw: Any) -> str:
    try:
        return date.fromisoformat(_line({"kind": FieldKind.TEXT}, raw)).isoformat()
    except ValueError:
        raise Unreadable(_("This is not a date such as 2026-11-24.")) from None


def _moment(item: Item, raw: Any) -> str:
    try:
        moment = datetime.fromisoformat(_line({"kind": FieldKind.TEXT}, raw))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone.get_current_timezone())
        return moment.astimezone(UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError):
        raise Unreadable(_("This is not a date and time such as 2026-11-24 09:30.")) from None


def _choice(item: Item, raw: Any) -> str:
    text = _line({"kind": FieldKind.TEXT}, raw)
    for choice in item.get("choices", ()):
        if text.casefold() in (choice["value"].casefold(), choice["label"].casefold()):
            return choice["value"]
    known = ", ".join(choice["label"] for choice in item.get("choices", ())[:20])
    raise Unreadable(
        _("“%(text)s” is not one of the choices. Possible: %(known)s.") % {"text": text[:60], "known": known}
    )


def _choices(item: Item, raw: Any) -> list[str] | None:
    parts: Sequence[Any] = commas.split(raw) if isinstance(raw, str) else raw
    if not isinstance(parts, list | tuple):
        raise Unreadable(_("This must be a list."))
    if len(parts) > 200:
        raise Unreadable(_("These are too many."))
    chosen = {_choice(item, one) for one in parts if one != ""}
    return [choice["value"] for choice in item.get("choices", ()) if choice["value"] in chosen] or None


def _checkbox(item: Item, raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    text = str(raw).strip().casefold()
    if text not in _YES | _NO:
        raise Unreadable(_("Answer yes or no."))
    return text in _YES


def _email(item: Item, raw: Any) -> str:
    text = _line({"kind": FieldKind.TEXT}, raw).lower()
    try:
        validate_email(text)
    except ValidationError:
        raise Unreadable(_("This is not an e-mail address. Example: name@company.example")) from None
    return text


def _phone(item: Item, raw: Any) -> str:
    text = _line({"kind": FieldKind.TEXT}, raw)
    if not _PHONE.fullmatch(text) or sum(sign.isdecimal() for sign in text) < 4:
        raise Unreadable(_("This is not a phone number. Example: +44 20 7946 0000"))
    return text


def _url(item: Item, raw: Any) -> str:
    text = _line({"kind": FieldKind.TEXT}, raw)
    text = text if "://" in text else f"https://{text}"
    try:
        _is_url(text)
    except ValidationError:
        raise Unreadable(_("This is not a web address. Example: https://company.example")) from None
    return text


def _files(item: Item, raw: Any) -> list[dict[str, str]] | None:
    if not isinstance(raw, Files):
        raise Unreadable(_("Files cannot be sent here. Attach them to a message."))
    if len(raw) > MOST_FILES:
        raise Unreadable(_("At most %(max)d files fit.") % {"max": MOST_FILES})
    return list(raw) or None


_READERS: dict[str, Callable[[Item, Any], Any]] = {
    FieldKind.TEXT: _line,
    FieldKind.LONG_TEXT: _text,
    FieldKind.RICH_TEXT: _text,
    FieldKind.NUMBER: _number,
    FieldKind.DATE: _date,
    FieldKind.DATE_TIME: _moment,
    FieldKind.CHOICE: _choice,
    FieldKind.MULTI_CHOICE: _choices,
    FieldKind.CHECKBOX: _checkbox,
    FieldKind.EMAIL: _email,
    FieldKind.PHONE: _phone,
    FieldKind.URL: _url,
    FieldKind.FILE: _files,
    FieldKind.USER: _email,
}


def _day_in_words(value: str) -> str:
    return date_format(date.fromisoformat(value), "DATE_FORMAT")


def _moment_in_words(value: str) -> str:
    return date_format(timezone.localtime(datetime.fromisoformat(value)), "DATETIME_FORMAT")


_MOMENTS: dict[str, Callable[[str], str]] = {FieldKind.DATE: _day_in_words, FieldKind.DATE_TIME: _moment_in_words}
