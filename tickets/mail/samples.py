"""Every kind of mail with made-up data, to look at before a customer does. Nothing is stored or sent."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from tickets import brand, wording
from tickets.mail import letters, own_words
from tickets.mail.letter_sorts import SORTS
from tickets.models import Attachment, Department, Desk, Message, Ticket, TicketEvent, User
from tickets.states import State

KINDS = letters.KINDS


def render(kind: str) -> tuple[str, str, str]:
    """(subject, text part, HTML part)."""
    context = _context()
    if kind not in letters.NOTICES:
        context["unsubscribe"] = ""
    given = {**context, "number": context["ticket"].number, "ticket": context["ticket"].subject}
    subject = str(KINDS[kind].subject % given)
    return subject, render_to_string(f"mail/{kind}.txt", context), render_to_string(f"mail/{kind}.html", context)


_SAMPLES = {"code": "BCDF-GHJK", "address": "rosa@customers.example", "address_before": "r.okonkwo@customers.example"}


def in_own_words(kind: str, subject: str, body: str) -> tuple[str, str, str]:
    """As `render`, in words that somebody is writing. Raises Unfit."""
    context = _context()
    mail = {name: context[name] for name in ("link", "size", "most")} | _SAMPLES | _sentences()
    words = own_words.fill(subject, body, wording.samples(), mail)
    context |= {"own": words, "text": words.text, "unsubscribe": "", "left_out": []}
    template = "own" if kind not in SORTS or SORTS[kind].has_ticket else "account"
    text, html = (render_to_string(f"mail/{template}.{end}", context) for end in ("txt", "html"))
    return words.subject, text, html


def _sentences() -> dict[str, str]:
    return {"change": _("An authenticator app was set up"), "reason": _("An invoice of yours is still open.")}


def _context() -> dict[str, Any]:
    person = User(email="rosa@customers.example", name="Rosa Okonkwo")
    agent = User(email="ana@desk.example", name="Ana Moreira", signature=_("Ana, second floor"), is_agent=True)
    department = Department(name=_("Support"), signature=Desk.current().name)
    ticket = Ticket(
        number="482913", subject=_("The card reader at the side door"), state=State.RESOLVED, requester=person,
        requester_name=person.name, department=department, assignee=agent,
    )  # fmt: skip
    body = _(
        "Hello Rosa,\n\nthe reader was changed this morning. Please hold the badge flat against it.\n\nDoes it work?"
    )
    message = Message(ticket=ticket, kind=Message.Kind.REPLY, author=agent, author_name=agent.name, body=body)
    data = {
        "team": _("Night shift"), "target": _("Resolution"), "recipient": person.email, "days": 5, "reason": "",
        "error": "550 5.1.1 No such person here", "agent": agent.name,
        "why": _("The relay could not prove who sent it."),
    }  # fmt: skip
    event = TicketEvent(ticket=ticket, kind="replied", actor_name=agent.name, data=data, created_at=timezone.now())
    return {
        "desk": Desk.current(), "logo": brand.mail_logo(Desk.current()),
        "ticket": ticket, "message": message, "event": event, "person": person,
        "link": f"{settings.BASE_URL}/t/example/", "excerpt": body, "enclosed": [], "answer": "",
        "left_out": [Attachment(name=_("plan.pdf"), size=31_457_280)],
        "unsubscribe": f"{settings.BASE_URL}/notices/example/", "subject": _("Your link"),
        "text": _("Follow this link to set your password:") + f"\n\n{settings.BASE_URL}/accounts/example/",
        "url": f"{settings.BASE_URL}/t/example/", "domain": "customers.example", "mailbox": "support@desk.example",
        "lines": [{"number": "482913", "subject": ticket.subject, "text": _("Rosa Okonkwo wrote"), "url": "#"}],
        "count": 1, "more": 0, "to": "support@desk.example", "size": 31, "most": 25,
        "headline": _("A ticket that waits"), "rule": _("Night shift"), "ticket_number": "482913",
        **data,
    }  # fmt: skip
