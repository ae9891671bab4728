"""The door for mail providers: /hooks/mail/<provider>/. It says 200 only for mail that is stored."""

from __future__ import annotations

import hashlib
import logging
import time
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, SuspiciousOperation
from django.db import DatabaseError, transaction
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from tickets import blobs
from tickets.mail import posted
from tickets.mail.addresses import without_tag
from tickets.mail.providers import PROVIDERS, Arrived, Fields, Provider
from tickets.mail.store import Origin, store
from tickets.models import HookToken, InboundEmail, Mailbox, MailSource
from tickets.secrets import Unreadable, unseal

log = logging.getLogger(__name__)

STAMP_SECONDS = 5 * 60
LONGEST = 2 * settings.MAX_MAIL  # bytes of a request: base64 and encoded forms are larger than the mail in them


class Refused(Exception):
    """The request is not from the provider, too old, or was seen before."""


@csrf_exempt
@require_http_methods(["POST", "HEAD"])
def receive(request: HttpRequest, provider: str) -> HttpResponse:
    """200 stored (or stored before), 403 refused, 413 too much, 503 our own trouble: the provider comes again."""
    known = PROVIDERS.get(provider)
    sources = MailSource.objects.filter(
        kind=MailSource.Kind.HOOK, provider=provider, is_enabled=True, mailbox__is_enabled=True
    )
    rows = list(sources.select_related("mailbox")) if known else []
    if known is None or not rows:
        raise Http404
    if request.method == "HEAD":  # some providers look whether the address exists
        return HttpResponse()
    try:
        if known.shows_password:
            _sender(known, rows, request)
        fields = posted.read(request, LONGEST)
        source, receiver = _sender(known, rows, request)
        _take(known, source, request, known.read(receiver, request, fields), fields)
    except posted.TooMuch:
        return HttpResponse("Too large.\n", status=413, content_type="text/plain")
    except (DatabaseError, OSError):
        log.exception("a mail of %s could not be stored", provider)
        return HttpResponse("Try again later.\n", status=503, content_type="text/plain")
    except (Refused, SuspiciousOperation, blobs.TooLarge) as error:
        log.warning("%s was refused: %s", provider, error)
        return HttpResponse("Refused.\n", status=403, content_type="text/plain")
    except (KeyError, ValueError, TypeError, AttributeError, IndexError, ImproperlyConfigured):
        log.exception("what %s sent could not be read", provider)
        return HttpResponse("Not understood.\n", status=400, content_type="text/plain")
    return HttpResponse("Stored.\n", content_type="text/plain")


def _sender(provider: Provider, sources: list[MailSource], request: HttpRequest) -> tuple[MailSource, object]:
    """The account whose secret the request shows. Raises Refused when it shows none."""
    for source in sources:
        try:
            secret = unseal(source.password)
        except Unreadable:
            continue
        if not secret:
            continue
        receiver = provider.receiver(secret, settings.BASE_URL + request.path)  # compares in constant time
        try:
            receiver.run_validators(request)
        except SuspiciousOperation:
            continue
        return source, receiver
    raise Refused("no valid signature or password")


def _take(provider: Provider, source: MailSource, request: HttpRequest, arrived: list[Arrived], fields: Fields) -> None:
    """One transaction: a token that is spent and a mail that is not stored cannot be."""
    with transaction.atomic():
        if provider.stamp:
            _spend(source, *provider.stamp(request), said="\n".join(one.identity for one in arrived))
        for one in arrived:
            _store(source, one)
        MailSource.objects.filter(pk=source.pk).update(
            last_success_at=timezone.now(), stored_count=F("stored_count") + len(arrived)
        )


def _spend(source: MailSource, stamp: str, token: str, said: str) -> None:
    """A signature is good for five minutes and for one mail. The same again is a repetition; for anything else it is a
    forgery, because providers sign the stamp and not the mail."""
    if not stamp.isdecimal() or abs(time.time() - int(stamp)) > STAMP_SECONDS:
        raise Refused("too old, or from a clock that is wrong")
    now = timezone.now()
    HookToken.objects.filter(expires_at__lt=now).delete()
    digest = hashlib.sha256(said.encode()).hexdigest()
    spent, _is_new = HookToken.objects.get_or_create(
        source=source, token=hashlib.sha256(token.encode()).hexdigest(),
        defaults={"said": digest, "expires_at": now + timedelta(seconds=3 * STAMP_SECONDS)},
    )  # fmt: skip
    if spent.said != digest:
        raise Refused("its token was used before")


def _store(source: MailSource, one: Arrived) -> None:
    store(
        one.raw, source=InboundEmail.Source.WEBHOOK, envelope_from=one.envelope_from,
        envelope_to=[one.envelope_to or source.mailbox.address], mailbox=_mailbox(one.envelope_to) or source.mailbox,
        origin=Origin(source.pk, provider_id=one.identity),
    )  # fmt: skip


def _mailbox(recipient: str) -> Mailbox | None:
    return Mailbox.objects.filter(address__iexact=without_tag(recipient), is_enabled=True).first()
