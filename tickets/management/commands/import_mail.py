from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q

from tickets.mail import importing
from tickets.models import Mailbox


class Command(BaseCommand):
    help = "Takes mails from files (.eml, .mbox, .msg) as if they had come in. No one gets an auto-response."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--mailbox", default="", help="Name or address of the mailbox they belong to.")

    def handle(self, *args: Any, **options: Any) -> None:
        mailbox = _mailbox(options["mailbox"]) if options["mailbox"] else None
        done = importing.Imported()
        for path in options["files"]:
            try:
                with path.open("rb") as file:
                    importing.take(file, path.name, done, mailbox)
            except OSError as error:
                done.problems.append(f"{path}: {error.strerror}")
        self.stdout.write(f"{len(done.mails)} stored, {done.already} known before.")
        if done.problems:
            raise CommandError("\n".join(done.problems))


def _mailbox(name: str) -> Mailbox:
    found = Mailbox.objects.filter(Q(name=name) | Q(address__iexact=name)).first()
    if found is None:
        raise CommandError(f"There is no mailbox {name}.")
    return found
