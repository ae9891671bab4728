import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tickets.demo.loading import load
from tickets.demo.words import COMMON, RARE


class Command(BaseCommand):
    help = (
        "Loads made-up tickets with five messages each, for measurements. Prints one JSON object: sign-ins of an agent "
        "and a customer, an API token, the number of their ticket with twenty messages, a rare and a common word."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tickets", type=int, required=True, metavar="N", help="how many")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["tickets"] < 1:
            raise CommandError("--tickets must be at least 1.")
        crowd = load(options["tickets"])
        found = {
            "accounts": crowd.sign_ins, "api_token": crowd.api_token, "ticket": crowd.ticket,
            "help_topic": crowd.departments[0].slug, "department": crowd.departments[0].slug,
            "mailbox": crowd.departments[0].mailboxes.values_list("address", flat=True)[0],
            "rare": RARE, "common": COMMON, "tickets": options["tickets"],
        }  # fmt: skip
        self.stdout.write(json.dumps(found))
