from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from django.core.management.base import BaseCommand, CommandError, CommandParser

from tickets.actions import erasing
from tickets.models import SYSTEM, Message, OutboundEmail, Ticket, User
from tickets.refusals import Invalid


class Command(BaseCommand):
    help = "Forgets who a customer was, for good: the tickets stay, with a number in place of name and addresses."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", help="one of the person's e-mail addresses")
        parser.add_argument("--yes", action="store_true", help="do it; without this it only tells what would be done")

    def handle(self, *args: Any, address: str, yes: bool, **options: Any) -> None:
        person = with_address(address)
        if person is None:
            raise CommandError(f"Nobody here has the address {address}.")
        for line in what_names(person):
            self.stdout.write(line)
        if not yes:
            self.stdout.write("Nothing was done. It cannot be undone: repeat the command with --yes to do it.")
            return
        try:
            erasing.erase(person, by=SYSTEM)
        except Invalid as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(f"Done: this is erased person {person.pk} now.")


def with_address(address: str) -> User | None:
    address = address.strip().lower()
    known = EmailAddress.objects.filter(email__iexact=address).select_related("user").first()
    return known.user if known else User.objects.filter(email__iexact=address).first()


def what_names(person: User) -> list[str]:
    """One line for each sort of thing that bears the person's name or addresses."""
    addresses = EmailAddress.objects.filter(user=person).exclude(email=person.email).count()
    return [
        f"{person.name or 'No name'} <{person.email}>, further addresses: {addresses}",
        f"tickets asked: {Ticket.objects.filter(requester=person).count()}",
        f"messages written: {Message.objects.filter(author=person).count()}",
        f"mails to them: {OutboundEmail.objects.filter(user=person).count()}",
    ]
