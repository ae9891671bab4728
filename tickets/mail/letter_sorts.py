"""The mails that customers get and that a company may word itself: what each may name, and what it must."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from tickets.models import MailWording

Kind = MailWording.Kind
MESSAGE = "message.text"
LINK, CODE, ADDRESS, BEFORE, CHANGE, REASON, SIZE, MOST = (
    "mail.link", "mail.code", "mail.address", "mail.address_before", "mail.change", "mail.reason", "mail.size",
    "mail.most",
)  # fmt: skip
OWN: dict[str, Any] = {
    LINK: _("where the reader follows the ticket, or does what the mail is about"),
    CODE: _("the code to sign in"),
    ADDRESS: _("the address that the mail is about"),
    BEFORE: _("the address as it was before"),
    CHANGE: _("what was changed, as a sentence without its full stop"),
    REASON: _("why, as it was written to the person"),
    SIZE: _("how large the mail was, in MB"),
    MOST: _("how large mails may be, in MB"),
}
"""What only these mails have, and what people read about it."""


class Sort(NamedTuple):
    """`needs`: what its text must name. `by_strangers`: a stranger can make us send it to anybody."""

    gives: tuple[str, ...] = (LINK,)
    needs: str = ""
    has_ticket: bool = True
    by_strangers: bool = False


def _account(*gives: str, needs: str = "") -> Sort:
    return Sort(gives, needs, has_ticket=False)


SORTS: dict[str, Sort] = {
    Kind.AUTO_RESPONSE: Sort(by_strangers=True),
    Kind.REPLY: Sort(needs=MESSAGE),
    Kind.CONFIRMATION: Sort(),
    Kind.CLOSED: Sort(),
    Kind.RATING: Sort(needs=LINK),
    Kind.FRESH_LINK: Sort(needs=LINK, by_strangers=True),
    Kind.TOO_LARGE: _account(LINK, SIZE, MOST),
    Kind.VERIFY: _account(LINK, ADDRESS, needs=LINK),
    Kind.KNOWN: _account(LINK, ADDRESS, needs=LINK),
    Kind.CODE: _account(CODE, ADDRESS, needs=CODE),
    Kind.NO_CODE: _account(ADDRESS),
    Kind.PASSWORD: _account(LINK, ADDRESS, needs=LINK),
    Kind.NO_ACCOUNT: _account(ADDRESS),
    Kind.PASSWORD_CHANGED: _account(ADDRESS),
    Kind.ADDRESS_CHANGED: _account(ADDRESS, BEFORE),
    Kind.ADDRESS_REMOVED: _account(ADDRESS),
    Kind.JOIN: _account(LINK, ADDRESS, needs=LINK),
    Kind.SIGN_IN: _account(CHANGE, ADDRESS, needs=CHANGE),
    Kind.DATA_READY: _account(LINK, needs=LINK),
    Kind.NOT_ERASED: _account(REASON, needs=REASON),
}

ACCOUNT: dict[str, str] = {
    "email_confirmation": Kind.VERIFY,
    "email_confirmation_signup": Kind.VERIFY,
    "account_already_exists": Kind.KNOWN,
    "login_code": Kind.CODE,
    "unknown_code": Kind.NO_CODE,
    "password_reset_key": Kind.PASSWORD,
    "unknown_account": Kind.NO_ACCOUNT,
    "password_changed": Kind.PASSWORD_CHANGED,
    "password_set": Kind.PASSWORD_CHANGED,
    "password_reset": Kind.PASSWORD_CHANGED,
    "email_changed": Kind.ADDRESS_CHANGED,
    "email_deleted": Kind.ADDRESS_REMOVED,
    "totp_activated": Kind.SIGN_IN,
    "totp_deactivated": Kind.SIGN_IN,
    "recovery_codes_generated": Kind.SIGN_IN,
    "webauthn_added": Kind.SIGN_IN,
    "webauthn_removed": Kind.SIGN_IN,
}
"""Template of a mail about an account -> its kind."""


def about_account(template: str, address: str, context: dict[str, Any]) -> dict[str, Any]:
    """What a queued mail keeps so that it can leave in the company's words: nothing for one that has none."""
    if template not in ACCOUNT:
        return {}
    given = {
        "link": context.get("activate_url") or context.get("password_reset_url") or "",
        "code": context.get("code", ""),
        "address": context.get("to_email") or context.get("deleted_email") or address,
        "address_before": context.get("from_email", ""),
        "change": context.get("change", ""),
    }
    return {"letter": str(ACCOUNT[template]), "given": {name: str(value) for name, value in given.items() if value}}
