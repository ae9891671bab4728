"""How people get and use an account; allauth does the work.

Whatever an address is, known, unknown or known by mail only, the pages answer the same: the difference goes by mail, to
the one who owns the address.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from contextlib import nullcontext
from typing import Any
from urllib.parse import urlsplit

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows, suspend_request
from allauth.account.models import EmailAddress
from allauth.account.signals import password_reset
from allauth.core.exceptions import ImmediateHttpResponse
from django import forms
from django.conf import settings
from django.core.exceptions import BadRequest
from django.db import connection, transaction
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from portal import languages
from portal.access import client_ip, network
from tickets import limits, outbox, reading
from tickets.actions.people import clean_name
from tickets.mail.letter_sorts import about_account
from tickets.models import Organization, UnsentRequest, User

SIGN_INS = [(30, limits.MINUTE)]
SIGN_INS_OF_ONE = [(10, 5 * limits.MINUTE)]
SIGN_UPS = [(10, limits.HOUR)]
MAILS = [(3, limits.HOUR)]
LONGEST_PASSWORD = 1000
_DEVICE = "device"
_DEVICE_SECONDS = 365 * 24 * 3600
_SETUP_LOCK = 7_209_318


class SignupFields(forms.Form):
    name = forms.CharField(label=_("Your name"), max_length=200)

    def signup(self, request: HttpRequest, user: User) -> None:
        user.name = clean_name(self.cleaned_data["name"])
        user.organization = Organization.objects.filter(domains__contains=[user.email.rpartition("@")[2]]).first()
        user.language = languages.worth_keeping()
        user.save(update_fields=["name", "organization", "language"])


class AccountAdapter(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "enter_current_password": DefaultAccountAdapter.error_messages["incorrect_password"],
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        if request.method == "POST":
            check_network(request, "signup", SIGN_UPS)
        return settings.SIGN_UP == "open"

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Also of people who have nothing but their mail: they prove themselves by a code, which may be the one they
        have just signed in with."""
        user = self.request.user
        if user.is_authenticated and not get_reauthentication_flows(user) and not _read_mail_lately(self.request):
            raise ImmediateHttpResponse(suspend_request(self.request, reverse("account_code_again")))
        return super().is_reauthentication_required(app=app, **kwargs)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Queues the mail like every other one. Its links lead to BASE_URL, whatever host the browser named.

        What is mailed too often to one address is dropped without a word: the answer must not tell.
        """
        kind = template_prefix.rpartition("/")[2]
        if limits.hit(f"account:{kind}:{email.lower()}", MAILS):
            return
        links = {name: _at_home(value) for name, value in context.items() if name.endswith("_url")}
        with reading.read_by(context["user"]) if context.get("user") else nullcontext():
            mail = self.render_mail(template_prefix, email, {**context, **links, "email": email})
        about = about_account(kind, email, {**context, **links, "change": mail.subject})
        _queue(email, context.get("user"), mail.subject, mail.body, about)

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_ip(request)

    def is_safe_url(self, url: str) -> bool:
        """`next` stays on the host that the browser is on."""
        return url_has_allowed_host_and_scheme(
            url, allowed_hosts={self.request.get_host()}, require_https=self.request.is_secure()
        )

    def clean_password(self, password: str, user: User | None = None) -> str:
        _refuse_giant(password)
        return super().clean_password(password, user)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Attempts count per network and per address. A browser that signed in before has a count of its own, so that
        guessing from elsewhere cannot lock the owner out."""
        _refuse_giant(credentials.get("password", ""))
        login = credentials.get("email", "").lower()
        who = f"{login}|{_known_device(request, login)}"
        waits = limits.hit(f"login:{network(request)}", SIGN_INS), limits.hit(f"login:{_short(who)}", SIGN_INS_OF_ONE)
        if any(waits):
            raise self.validation_error("too_many_login_attempts")

    def post_login(self, request: HttpRequest, user: User, **how: Any) -> HttpResponse:
        response = super().post_login(request, user, **how)
        _remember_device(request, response, user)
        return response


def check_network(request: HttpRequest, what: str, allowed: list[tuple[int, int]]) -> None:
    """Answers 429 at once when this network did it too often."""
    if wait := limits.hit(f"{what}:{network(request)}", allowed):
        response = render(request, "429.html", status=429)
        response["Retry-After"] = str(wait)
        raise ImmediateHttpResponse(response)


def _read_mail_lately(request: HttpRequest) -> bool:
    methods = get_authentication_records(request, request.user)
    lately = time.time() - app_settings.REAUTHENTICATION_TIMEOUT
    return any(one["method"] == "code" and one["at"] > lately for one in methods)


def _short(text: str) -> str:
    """Of one length, whatever was typed: a limit's key is cut, and two must not become one."""
    return hashlib.sha256(text.encode()).hexdigest()


def _queue(email: str, person: User | None, subject: str, text: str, own: dict[str, Any] | None = None) -> None:
    more = {"language": get_language() or "", **(own or {})}
    outbox.enqueue("account", None, person or User(email=email), address=email, subject=subject, text=text, **more)


def _at_home(url: str) -> str:
    parts = urlsplit(url)
    return settings.BASE_URL + parts.path + (f"?{parts.query}" if parts.query else "")


def _refuse_giant(password: str) -> None:
    """Nobody types that; it would only keep the hash busy."""
    if len(password) > LONGEST_PASSWORD:
        raise BadRequest("password too long")


def _remember_device(request: HttpRequest, response: HttpResponse, user: User) -> None:
    if not _known_device(request, user.email):
        response.set_signed_cookie(
            _DEVICE, f"{secrets.token_urlsafe(12)}|{user.email}", salt=_DEVICE, max_age=_DEVICE_SECONDS,
            httponly=True, samesite="Lax", secure=settings.HTTPS,
        )  # fmt: skip


def _known_device(request: HttpRequest, login: str) -> str:
    """A random name of this browser if it signed in with this address before, else nothing."""
    value = request.get_signed_cookie(_DEVICE, default="", salt=_DEVICE, max_age=_DEVICE_SECONDS)
    device, _separator, email = value.partition("|")
    return device if device and email == login else ""


@receiver(password_reset)
def _address_is_proved(user: User, **_signal: Any) -> None:
    """Who followed the mailed link owns the address: people known by mail only get their account this way."""
    others = EmailAddress.objects.filter(user=user).exclude(email=user.email)
    if not others.exists():
        EmailAddress.objects.update_or_create(user=user, email=user.email, defaults={"verified": True, "primary": True})


def mail_no_links(address: str, person: User | None) -> None:
    """Answers somebody who asked for links to tickets when there are none to send."""
    context = {"base_url": settings.BASE_URL, "signs_in": person is not None}
    subject, _newline, text = render_to_string("portal/mail/no_links.txt", context).strip().partition("\n")
    _queue(address, person, subject, text.strip())


def mail_unsent(address: str, waiting: UnsentRequest) -> None:
    """Sends the link that sends a guest's form. The mail has nothing of what was typed: anybody can type an address."""
    url = settings.BASE_URL + reverse("portal:ticket_unsent", args=[waiting.key])
    subject, _newline, text = render_to_string("portal/mail/unsent.txt", {"url": url}).strip().partition("\n")
    _queue(address, None, subject, text.strip())


@transaction.atomic
def make_first_admin(*, name: str, email: str, password: str) -> User | None:
    """The first admin, able to sign in at once; None when somebody else was quicker."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_SETUP_LOCK])
    if User.objects.filter(is_superuser=True).exists():
        return None
    email = email.lower()
    admin = User.objects.filter(email=email).first() or User(email=email)
    admin.name, admin.is_superuser, admin.is_agent, admin.is_active = clean_name(name), True, True, True
    admin.set_password(password)
    admin.save()
    EmailAddress.objects.update_or_create(user=admin, email=admin.email, defaults={"verified": True, "primary": True})
    return admin
