"""How somebody asks to add an address to their account. Nothing is kept until the mail to it was answered, so that
nobody occupies an address of somebody else."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.account.forms import AddEmailForm
from allauth.account.models import EmailAddress
from django import forms
from django.contrib import messages
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal import wording
from portal.accounts import MAILS, check_network
from portal.entry_forms import Plain
from tickets import limits, outbox
from tickets.actions.joining import MOST_ADDRESSES
from tickets.links import join_url
from tickets.models import MailWording, User

ASKED = [(10, limits.HOUR)]


class AddressForm(Plain, AddEmailForm):
    """Says the same of every address that is not one's own, whoever has it."""

    def clean_email(self) -> str:
        address = self.cleaned_data["email"].lower()
        own = EmailAddress.objects.filter(user=self.user, verified=True)
        if address == self.user.email or own.filter(email=address).exists():
            raise get_adapter().validation_error("duplicate_email")
        if own.count() >= MOST_ADDRESSES:
            raise forms.ValidationError(_("At most %(max)d addresses fit.") % {"max": MOST_ADDRESSES})
        return address

    def save(self, request: HttpRequest) -> EmailAddress:
        address = self.cleaned_data["email"]
        check_network(request, "address", ASKED)
        if not limits.hit(f"account:join:{address}", MAILS):
            context = {"url": join_url(self.user, address), "person": self.user}
            subject, _newline, text = render_to_string("portal/mail/join.txt", context).strip().partition("\n")
            outbox.enqueue(
                "account", None, User(email=address), address=address, subject=subject, text=text.strip(),
                language=get_language(), letter=MailWording.Kind.JOIN.value,
                given={"link": context["url"], "address": address},
            )  # fmt: skip
        sentence = _("We mailed a link to %(address)s. Follow it in this browser, and the address is yours.")
        messages.info(request, sentence % {"address": wording.isolated(address)})
        return EmailAddress(user=self.user, email=address)
