"""How far the mails of a reply got, in words, and what can be done about it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from html import escape
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from staff.times import Clock
from tickets.actions.undo import can_undo
from tickets.compiled import AnyOf, Compiled
from tickets.models import Message, OutboundEmail, User

State = OutboundEmail.State
_LONGEST = 160  # characters of what a mail server said
_FIELDS = ("message_id", "state", "recipient", "last_error", "attempt", "next_attempt_at", "created_at")

_mails: Compiled[OutboundEmail] = Compiled(
    lambda replies: OutboundEmail.objects.filter(AnyOf("message", replies), kind="reply").only(*_FIELDS).order_by("pk")
)


def of(replies: Iterable[Message]) -> dict[int, list[OutboundEmail]]:
    """The mails of these messages; one query."""
    found: dict[int, list[OutboundEmail]] = defaultdict(list)
    for mail in _mails.all([reply.pk for reply in replies]):
        found[mail.message_id].append(mail)  # type: ignore[index]
    return found


def said(
    message: Message, number: str, mails: list[OutboundEmail], user: User, clock: Clock, *, may_reply: bool
) -> dict[str, Any]:
    """{"word": in short beside the time, "lines": [{text, is_problem, action}] below}. An action is {url, label}."""
    if may_reply and message.author_id == user.pk and can_undo(mails, clock.now):
        undo = {"url": reverse("staff:undo", args=[number, message.pk]), "label": _("Undo")}
        return {"word": "", "lines": [{"text": _("Leaves in a few seconds."), "is_problem": False, "action": undo}]}
    lines = [_line(mail, clock, may_reply) for mail in mails if mail.state in (State.FAILED, State.RETRY)]
    return {"word": "" if lines else _word(mails), "lines": lines}


def _word(mails: list[OutboundEmail]) -> str:
    states = {mail.state for mail in mails}
    for state, word in ((State.SENDING, _("sending")), (State.QUEUED, _("queued")), (State.SENT, _("sent"))):
        if state in states:
            return word
    return _("cancelled") if states else ""


def _line(mail: OutboundEmail, clock: Clock, may_reply: bool) -> dict[str, Any]:
    words = {"who": mail.recipient, "why": shortened(mail.last_error), "since": clock.at(mail.created_at)}
    resend = {"url": reverse("staff:mail_resend", args=[mail.pk]), "label": _("Resend")} if may_reply else None
    if mail.state == State.FAILED:
        text = _("Not delivered to %(who)s: %(why)s") % words
        return {"text": text, "is_problem": True, "action": resend}
    text = _("Waiting to be delivered to %(who)s since %(since)s.") % words
    return {"text": f"{text} {waiting(mail, clock)}", "is_problem": False, "action": resend}


def waiting(mail: OutboundEmail, clock: Clock) -> str:
    """Why a mail waits, and when it is tried again."""
    words = {"why": shortened(mail.last_error), "next": _next(mail.next_attempt_at, clock)}
    return _("Tried again %(next)s: %(why)s") % words


def _next(moment: datetime | None, clock: Clock) -> str:
    return clock.at(moment) if moment and moment > clock.now else _("now")


def shortened(error: str) -> str:
    line = " ".join(error.split()) or _("refused")
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def drawn(lines: list[dict[str, Any]], token: str) -> str:
    """The lines as HTML. `token` is the request's against forgery; each action works without scripts."""
    return "".join(_drawn(line, token) for line in lines)


def _drawn(line: dict[str, Any], token: str) -> str:
    problem, action = " message__problem" if line["is_problem"] else "", line["action"]
    form = ""
    if action:
        url = escape(action["url"])
        form = (
            f'<form method="post" action="{url}" hx-post="{url}" hx-disabled-elt="find button">'
            f'<input type="hidden" name="csrfmiddlewaretoken" value="{token}">'
            '<input type="hidden" name="back" value="ticket">'
            f'<button class="button button--small">{escape(action["label"])}</button></form>'
        )
    return f'<div class="message__delivery{problem}"><span>{escape(line["text"])}</span>{form}</div>'
