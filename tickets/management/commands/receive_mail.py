from __future__ import annotations

import sys
import traceback
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from tickets.mail.store import store
from tickets.models import InboundEmail, Mailbox

# Exit codes of sysexits.h, as mail servers read them.
EX_DATAERR, EX_TEMPFAIL, EX_NOPERM = 65, 75, 77


class Command(BaseCommand):
    help = "Takes one raw mail from standard input. Exit code 0: stored; 75: try again; 65: no mail; 77: switched off."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--mailbox", default="", help="Name or address of the mailbox it came to.")
        parser.add_argument("--sender", default="", help="Envelope sender.")
        parser.add_argument("--recipient", action="append", default=[], help="Envelope recipient; may be repeated.")

    def handle(self, *args: Any, **options: Any) -> None:
        raw = sys.stdin.buffer.read(settings.MAX_STORED_MAIL + 1)
        if not raw.strip() or len(raw) > settings.MAX_STORED_MAIL:
            self.stderr.write("Refused: empty or too large.")
            sys.exit(EX_DATAERR)
        try:
            mailbox = _mailbox(options["mailbox"]) if options["mailbox"] else None
            if mailbox and not mailbox.is_enabled:
                self.stderr.write("Refused: the mailbox is switched off.")
                sys.exit(EX_NOPERM)
            recipients = options["recipient"] or ([mailbox.address] if mailbox else [])
            store(
                raw,
                source=InboundEmail.Source.PIPE,
                envelope_from=options["sender"],
                envelope_to=recipients,
                mailbox=mailbox,
            )
        except Exception:  # whatever it is, it is our trouble: the mail server keeps the mail and comes again
            self.stderr.write(traceback.format_exc())
            sys.exit(EX_TEMPFAIL)


def _mailbox(name: str) -> Mailbox:
    return Mailbox.objects.filter(name=name).first() or Mailbox.objects.get(address__iexact=name)
