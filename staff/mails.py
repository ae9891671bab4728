"""Incoming mail as the templates take it: the tabs, the rows, and one mail with its header and original text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from staff import senders
from staff.times import Clock
from tickets import blobs, permissions, queries
from tickets.mail import addresses, identity, inbound, reasons
from tickets.mail.authentication import Verdict
from tickets.mail.headers import Headers, decode_words
from tickets.mail.mime import Limits, split
from tickets.models import InboundEmail, User
from tickets.sizes import size

SHOWN = 50
RAW_SHOWN = 100_000  # bytes
_FIELDS, _FIELD_LENGTH = 200, 2000
_HEADER = 256 * 1024
_COUNTED = 1000
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")
State = InboundEmail.State
TABS = {
    State.SUSPENDED: gettext_lazy("Held back"),
    State.FAILED: gettext_lazy("Failed"),
    State.REJECTED: gettext_lazy("Rejected"),
    State.STORED: gettext_lazy("Waiting"),
    State.APPLIED: gettext_lazy("On tickets"),
}
_CHIPS = {State.SUSPENDED: "warn", State.FAILED: "danger", State.REJECTED: "neutral", State.APPLIED: "ok"}
_VERDICTS = {"verified": "ok", "failed": "danger"}


def visible(user: User) -> QuerySet[InboundEmail]:
    """The rows an agent may know of: mail on tickets that are their work, and what came to mailboxes of their
    departments and lies on no ticket. Mail that belongs to no department is for admins."""
    rows = InboundEmail.objects.select_related("mailbox", "ticket")
    if user.is_superuser:
        return rows
    boxes = Q(ticket=None, mailbox__department__in=queries.departments_of(user).order_by())
    return rows.filter(boxes | Q(ticket__in=queries.work_of(user).order_by().values("pk")))


def page(user: User, wanted: Mapping[str, str]) -> dict[str, Any]:
    """`wanted` may give state, q (words of sender or subject, or a Message-ID) and before (an id)."""
    state = wanted.get("state", "")
    state = state if state in TABS else State.SUSPENDED
    text = wanted.get("q", "").replace("\0", "").strip()[:200]
    rows = _matching(visible(user).filter(state=state), text).order_by("-pk")
    if (before := wanted.get("before", "")).isascii() and before.isdigit() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    found, clock = list(rows[: SHOWN + 1]), Clock(user)
    more = urlencode({"state": state, "q": text, "before": found[SHOWN - 1].pk}) if len(found) > SHOWN else ""
    return {
        "tabs": tabs(user, state),
        "state": state,
        "query": text,
        "mails": [row(mail, clock) for mail in found[:SHOWN]],
        "next_url": f"{reverse('staff:mail')}?{more}" if more else "",
    }


def _matching(rows: QuerySet[InboundEmail], text: str) -> QuerySet[InboundEmail]:
    if not text:
        return rows
    return rows.filter(Q(sender__icontains=text) | Q(subject__icontains=text) | Q(rfc_message_id=text))


def tabs(user: User, active: str) -> list[dict[str, Any]]:
    """What is in trouble is counted; of the rest there is too much, and nobody needs to know."""
    trouble = visible(user).filter(state__in=[State.SUSPENDED, State.FAILED, State.STORED]).select_related(None)
    counts = dict(trouble.order_by().values_list("state").annotate(Count("pk")))
    found = [
        {
            "label": label,
            "url": f"{reverse('staff:mail')}?state={state}",
            "active": state == active,
            "count": f"{_COUNTED}+" if (count := counts.get(state, 0)) > _COUNTED else count or "",
        }
        for state, label in TABS.items()
    ]
    blocked = {"label": _("Blocked senders"), "url": reverse("staff:mail_blocked"), "active": active == "blocked"}
    outgoing = {"label": _("Outgoing mail"), "url": reverse("staff:mail_outgoing"), "active": active == "outgoing"}
    brought = {"label": _("Import"), "url": reverse("staff:mail_import"), "active": active == "import"}
    return [*found, blocked, outgoing, *([brought] if permissions.can_open_for(user, None) else [])]


def row(mail: InboundEmail, clock: Clock) -> dict[str, Any]:
    return {
        "url": reverse("staff:mail_arrived", args=[mail.pk]),
        "who": mail.sender or mail.envelope_from or _("nobody named"),
        "subject": mail.subject or _("(no subject)"),
        "reason": reasons.sentence(mail.reason),
        "ticket": _ticket(mail),
        "when": clock.ago(mail.received_at),
        "when_iso": mail.received_at.isoformat(),
    }


def _ticket(mail: InboundEmail) -> dict[str, str] | None:
    if mail.ticket is None:
        return None
    return {"number": mail.ticket.number, "url": reverse("staff:ticket", args=[mail.ticket.number])}


def one(mail: InboundEmail, user: User) -> dict[str, Any]:
    """The mail with its header fields and the beginning of its original text."""
    raw = _raw(mail)
    header = _header(raw)
    writer = next(iter(addresses.read(header.raw("from"), limit=1)), None)
    return {
        **row(mail, Clock(user)),
        "state": {"text": str(TABS[State(mail.state)]), "kind": _CHIPS.get(State(mail.state), "info")},
        "verdict": {"text": mail.get_verdict_display(), "kind": _VERDICTS.get(mail.verdict, "neutral")},
        "detail": mail.detail,
        "warnings": senders.warnings(identity.origin(writer, Verdict(), mail.flags)),
        "facts": _facts(mail, Clock(user)),
        "fields": _fields(header),
        "raw": _CONTROLS.sub("�", raw[:RAW_SHOWN].decode("utf-8", "replace").replace("\r\n", "\n")),
        "is_whole": mail.raw_size <= RAW_SHOWN,
        "is_there": bool(raw) or mail.raw_size == 0,
        "urls": {name: reverse(f"staff:mail_{name}", args=[mail.pk]) for name in ("raw", "retry", "release", "block")},
        "may": _may(mail, user),
        "domain": f"@{mail.sender.rpartition('@')[2]}" if "@" in mail.sender else "",
        "sender": mail.sender,
    }


def _may(mail: InboundEmail, user: User) -> dict[str, bool]:
    """What the page offers; the views ask again."""
    here = permissions.can_release(user, inbound.department_of(mail))
    return {
        "release": here and inbound.is_releasable(mail),
        "retry": user.is_superuser and mail.state in (State.SUSPENDED, State.FAILED),
        "block": "@" in mail.sender and here and permissions.can_block(user, mail.sender),
        "block_domain": "@" in mail.sender and user.is_superuser,
    }


def _facts(mail: InboundEmail, clock: Clock) -> list[tuple[Any, str]]:
    found = [
        (_("Arrived"), clock.at(mail.received_at)),
        (_("By"), str(mail.get_source_display())),
        (_("Mailbox"), str(mail.mailbox or "")),
        (_("Envelope sender"), mail.envelope_from),
        (_("Envelope recipients"), ", ".join(mail.envelope_to[:20])),
        (_("Message-ID"), mail.rfc_message_id),
        (_("Size"), size(mail.raw_size)),
    ]
    return [(label, value) for label, value in found if value]


def _header(raw: bytes) -> Headers:
    head = re.split(rb"\r?\n\r?\n", raw[:_HEADER], maxsplit=1)[0]
    return split(head + b"\r\n\r\n", Limits(parts=1)).root.headers


def _fields(header: Headers) -> list[tuple[str, str]]:
    """Header fields as read, in their order; what is too long is cut here, never in the original."""
    shown = header.fields[:_FIELDS]
    return [(name.title(), _CONTROLS.sub("�", decode_words(value))[:_FIELD_LENGTH]) for name, value in shown]


def _raw(mail: InboundEmail) -> bytes:
    """The beginning; empty when the bytes are no longer there."""
    try:
        with blobs.open_blob(mail.raw_sha256) as file:
            return file.read(_HEADER)
    except FileNotFoundError:
        return b""
