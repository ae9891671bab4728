"""`field.KEY:value`: what forms asked, as conditions on `Ticket.fields`. Equality is answered by its index."""

from __future__ import annotations

import difflib
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import JSONField, Q, Value
from django.db.models.fields.json import KeyTransform, KeyTransformGt, KeyTransformGte, KeyTransformLt, KeyTransformLte
from django.utils.translation import gettext as _

from tickets.models import Field
from tickets.models.forms import FieldKind
from tickets.search_moments import FilterError, Missing, split_sign
from tickets.search_names import Scope, missing

PREFIX = "field."
_COMPARE: dict[str, Any] = {"<": KeyTransformLt, "<=": KeyTransformLte, ">": KeyTransformGt, ">=": KeyTransformGte}
_ORDERED = {FieldKind.NUMBER, FieldKind.DATE, FieldKind.DATE_TIME}
_YES = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


def condition(key: str, value: str, scope: Scope) -> Q:
    name = key[len(PREFIX) :]
    field = scope.fields.get(name)
    if field is None:
        close = difflib.get_close_matches(name, scope.fields, n=1, cutoff=0.6)
        raise Missing(missing("field", name, close, dict(zip(scope.fields, scope.fields, strict=True))))
    if value.lower() in {"none", "any"}:
        has = Q(fields__has_key=name)
        return ~has if value.lower() == "none" else has
    sign, bare = split_sign(value)
    if sign not in _COMPARE:
        return _equal(field, bare)
    if field.kind not in _ORDERED:
        raise FilterError(_("“%(key)s:” cannot be compared, only be equal.") % {"key": key})
    return Q(_COMPARE[sign](KeyTransform(name, "fields"), Value(_typed(field, bare), JSONField())))


def _equal(field: Field, value: str) -> Q:
    typed = _typed(field, value)
    return Q(fields__contains={field.key: [typed] if field.kind == FieldKind.MULTI_CHOICE else typed})


def _typed(field: Field, value: str) -> Any:
    """The value as a ticket holds it."""
    if field.kind == FieldKind.NUMBER:
        try:
            number = Decimal(value)
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite():
            raise FilterError(_("“field.%(key)s:” needs a number.") % {"key": field.key})
        return int(number) if number == number.to_integral_value() else float(number)
    if field.kind == FieldKind.CHECKBOX:
        if value.lower() not in _YES:
            raise FilterError(_("“field.%(key)s:” is yes or no.") % {"key": field.key})
        return _YES[value.lower()]
    for choice in field.choices:
        if value.lower() in {str(choice["value"]).lower(), str(choice["label"]).lower()}:
            return choice["value"]
    return value
