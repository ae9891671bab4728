"""Who writes to the desk and who works at it: a mail server that comes again until it hears 250, and an agent who
presses the button again until the reply is confirmed."""

from __future__ import annotations

import logging
import smtplib
import time
from collections.abc import Callable
from email.parser import BytesHeaderParser
from email.utils import parseaddr
from typing import Any

from django.db import Error, close_old_connections, connection

from tests.chaos import imap
from tests.chaos.desk import Desk
from tests.chaos.ledger import Ledger, Mail, Reply
from tickets.actions import conversation
from tickets.actions.writing import Upload
from tickets.models import Department, Mailbox, MailSource, Membership, Permission, Role, Ticket, User
from tickets.models import Desk as DeskSettings
from tickets.secrets import seal

log = logging.getLogger(__name__)
_PATIENCE = 60  # seconds
_PAUSE = 0.1


class NotTaken(Exception):
    """The desk refused for good, or never answered."""


def furnish(desk: Desk) -> User:
    """One department with its mailbox, which gets mail by SMTP and from an IMAP server, and the agent."""
    department = Department.objects.create(name="Support", slug="support")
    box = Mailbox.objects.create(
        name="Support", address="support@desk.example", department=department, is_default=True, automatic_limit=0
    )
    if not desk.imap.why_not:
        MailSource.objects.create(
            mailbox=box, kind="imap", host="127.0.0.1", port=desk.imap.port, security="plain", username=imap.USER,
            password=seal(imap.PASSWORD), afterwards="delete", fetch_since=None,
        )  # fmt: skip
    agent = User.objects.create_user("ana@staff.example", name="Ana Moreira", is_agent=True)
    role = Role.objects.create(name="Everything", permissions=list(Permission.values))
    Membership.objects.create(user=agent, department=department, role=role)
    DeskSettings.objects.update(undo_seconds=0)
    return agent


class Sender:
    """A mail server in front of the desk."""

    def __init__(self, desk: Desk, ledger: Ledger) -> None:
        self.port, self.ledger = desk.ports["intake"], ledger

    def send(self, mail: Mail) -> None:
        """Returns when the desk has taken it. Raises NotTaken."""
        answer = again_until(lambda: self._once(mail), (smtplib.SMTPException, OSError))
        self.ledger.took(mail, answer)

    def _once(self, mail: Mail) -> str:
        with smtplib.SMTP("127.0.0.1", self.port, timeout=30) as server:
            try:
                server.sendmail(mail.sender, [mail.to], mail.raw)
            except smtplib.SMTPRecipientsRefused as error:
                code = next(iter(error.recipients.values()))[0]
                _unless_temporary(code, mail)
                raise
            except smtplib.SMTPResponseException as error:
                _unless_temporary(error.smtp_code, mail)
                raise
        return "250"


def _unless_temporary(code: int, mail: Mail) -> None:
    if 500 <= code < 600:
        raise NotTaken(f"{mail.token} was refused with {code}")


class Letterbox:
    """Mail that waits at an IMAP server until the desk fetches it."""

    def __init__(self, desk: Desk, ledger: Ledger) -> None:
        self.server, self.ledger = desk.imap, ledger

    def send(self, mail: Mail) -> None:
        """Returns when the desk has removed it from the server. Raises NotTaken."""
        self.server.put(mail.token, mail.raw)
        end = time.monotonic() + _PATIENCE
        while not self.server.is_gone(mail.token):
            if time.monotonic() > end:
                raise NotTaken(f"{mail.token} still lies at the IMAP server after {_PATIENCE} s")
            time.sleep(0.05)
        self.ledger.took(mail, "expunged")


class Agent:
    """An agent in the workspace. The same form again has the same nonce."""

    def __init__(self, user: User, ledger: Ledger) -> None:
        self.user, self.ledger = user, ledger

    def reply(self, reply: Reply, ticket: int) -> None:
        again_until(lambda: self._once(reply, ticket), (Error, OSError))
        self.ledger.confirmed(reply)

    def _once(self, reply: Reply, ticket: int) -> int:
        close_old_connections()
        files = [Upload(f"{reply.token}.bin", reply.enclosed)] if reply.enclosed else []
        body = f"We are coming, says {reply.token}.\n.\nHold on."
        row = Ticket.objects.get(pk=ticket)
        return conversation.reply(row, by=self.user, body=body, attachments=files, nonce=reply.nonce).pk


def again_until(work: Callable[[], Any], troubles: tuple[type[Exception], ...]) -> Any:
    """What `work` gives once it does not fail any more. Raises NotTaken when that takes too long."""
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            return work()
        except troubles as error:
            log.debug("again after %r", error)
            connection.close()
            if time.monotonic() > end:
                raise NotTaken(f"still {error!r} after {_PATIENCE} s") from error
            time.sleep(_PAUSE)


def reply_to(raw: bytes) -> str:
    """Where an answer to this mail of the desk goes."""
    return parseaddr(BytesHeaderParser().parsebytes(raw)["Reply-To"])[1]
