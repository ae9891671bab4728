"""Why a mail is where it is, in words: one sentence per reason code, and nothing but codes anywhere else."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from tickets import said

_MACHINE = _("A machine wrote it (%(sign)s).")
REASONS: dict[str, Any] = {
    # applied
    "new": _("It opened a ticket."),
    "address": _("It was sent to the ticket's own reply address."),
    "message_id": _("It answers a mail that the desk had sent."),
    "reference": _("It answers a mail that the desk had received from somebody who takes part in the ticket."),
    "subject": _("Its subject names the ticket, and its sender is proved and takes part in it."),
    "agent_reply": _("An agent answered by mail."),
    "agent_note": _("An agent wrote a note by mail."),
    "receipt": _("A receipt for a mail of ours; nothing follows from it."),
    "unverified": _("Kept as an internal note: its sender takes no part in the ticket, or could not be proved."),
    # suspended: cannot be read as one person's mail
    "no_from": _("It names no sender."),
    "several_from": _("It names more than one sender."),
    "bad_from": _("Its sender is no address that mail could be sent to, or could be read as two."),
    "malformed": _("It is not a mail that could be read."),
    "too_large": _("It is larger than the desk takes; the original is kept."),
    "headers_too_large": _("Its header is larger than the desk takes."),
    "too_deep": _("Its parts are nested deeper than the desk reads."),
    "too_many_parts": _("It has more parts than the desk reads."),
    "too_many_attachments": _("It has more attachments than the desk takes."),
    "parser_failed": _("Reading it ended in an error."),
    "content_processor_timed_out": _("Reading it took too long."),
    "content_processor_out_of_memory": _("Reading it took more memory than a mail may."),
    "content_processor_crashed": _("Reading it ended the program that reads."),
    # suspended: read, but not let in
    "auto_mailer": _("A machine wrote it, and it belongs to no ticket."),
    "auto_delivery_failure": _("A report about a mail of ours that belongs to no ticket."),
    "too_many": _("Its sender sent more mails than the desk takes from one in this time."),
    "from_support_address": _("It comes from an address of the desk itself."),
    "sender_disabled": _("Its sender is switched off."),
    "blocklisted": _("Its sender is blocked."),
    "failed_email_authentication": _("Our mail server found that its sender is not who the mail says."),
    "unauthenticated_email_update": _(
        "It came in an agent's name, but the agent could not be proved to be the writer."
    ),
    # waits
    "no_department": _("The desk has no department yet. It is taken up as soon as there is one."),
    "filtered": _("A filter among the rules refuses it."),
    "refused": _("The desk could not do what it asks for."),
    # rejected
    "own_mail": _("The desk's own mail came back."),
    "duplicate": _("The same mail had come before, by another way."),
    "agent_auto_reply": _("An agent's mailbox answered a notice by itself."),
    # failed
    "error": _("Three attempts ended in an error."),
    "gave_up": _("Every attempt ended without a result."),
}

# Held back by a rule that an agent may overrule; the rest of the suspended cannot be read as one person's mail.
RELEASABLE = {
    "auto_mailer", "auto_delivery_failure", "too_many", "from_support_address", "sender_disabled", "blocklisted",
    "failed_email_authentication", "unauthenticated_email_update", "filtered",
}  # fmt: skip


def kept(code: str) -> str:
    """The sentence to be kept, as `said` keeps it."""
    return said.keep(REASONS.get(code, _MACHINE), sign=code) if code else ""


def sentence(code: str) -> str:
    """The code in plain words; machine mail on its ticket carries the sign it was known by."""
    if code in REASONS:
        return str(REASONS[code])
    return str(_MACHINE) % {"sign": code} if code else ""
