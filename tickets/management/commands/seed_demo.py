import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tickets.demo.seeding import NotEmpty, seed_demo


class Command(BaseCommand):
    help = (
        "Fills an empty desk with an invented company, its people and 300 tickets, and prints fresh sign-ins once. "
        "Refuses when there is anything in the desk already."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--accounts-json", type=Path, metavar="PATH", help="also write the sign-ins to this file, mode 0600"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            seeded = seed_demo()
        except NotEmpty:
            raise CommandError("This desk is in use already; a demo needs an empty one.") from None
        if options["accounts_json"]:
            _write_private(options["accounts_json"], {"accounts": seeded.accounts, "api_token": seeded.api_token})
        self.stdout.write(f"{seeded.tickets} tickets.")
        for role, account in seeded.accounts.items():
            self.stdout.write(f"{role:<10} {account['email']}   {account['password']}")
        self.stdout.write(f"{'API token':<10} {seeded.api_token}")


def _write_private(path: Path, content: dict[str, Any]) -> None:
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)
    new.write_text(json.dumps(content, indent=2) + "\n")
    new.replace(path)
