"""Delivery news that providers mail as JSON (Amazon SES through SNS), put into the fields of RFC 3464."""

from __future__ import annotations

import json
from typing import Any

_KINDS = {"bounce": "bouncedRecipients", "complaint": "complainedRecipients", "delivery": "recipients"}
_READ = 256 * 1024


def kind_of(text: str) -> str:
    """bounce, complaint or delivery; empty when the text is no such report."""
    found = _report(text)
    return next((kind for kind in _KINDS if isinstance(found.get(kind), dict)), "")


def fields(text: str) -> list[dict[str, str]]:
    """The fields of each recipient, by their lower-case names."""
    found, kind = _report(text), kind_of(text)
    if not kind:
        return []
    about = found[kind]
    rows = about.get(_KINDS[kind])
    return [_row(row, kind, about) for row in rows if isinstance(row, str | dict)] if isinstance(rows, list) else []


def _row(row: Any, kind: str, about: dict[str, Any]) -> dict[str, str]:
    if kind == "bounce" and isinstance(row, dict):
        failed = "delayed" if about.get("bounceType") == "Transient" else "failed"
        return {
            "final-recipient": str(row.get("emailAddress", "")),
            "action": str(row.get("action") or failed),
            "status": str(row.get("status", "")),
            "diagnostic-code": str(row.get("diagnosticCode", "")),
        }
    address = row.get("emailAddress", "") if isinstance(row, dict) else row
    said = str(about.get("smtpResponse", ""))
    return {
        "final-recipient": str(address),
        "action": "delivered" if kind == "delivery" else kind,
        "status": next((word for word in said.split() if word[:2] in ("2.", "4.", "5.")), ""),
        "diagnostic-code": said,
    }


def _report(text: str) -> dict[str, Any]:
    """The report itself, which a notification of SNS carries once more as text."""
    found = _object(text)
    inner = found.get("Message")
    return _object(inner) if isinstance(inner, str) else found


def _object(text: str) -> dict[str, Any]:
    start = text[:_READ].lstrip()
    if not start.startswith("{"):
        return {}
    try:
        found, _end = json.JSONDecoder().raw_decode(start.replace("!\n ", "").replace("\n", " "))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
