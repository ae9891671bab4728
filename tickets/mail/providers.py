"""Mail providers that hand mail over by HTTP: what anymail knows about each, and what it leaves to us."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import import_string

Fields = dict[str, bytes]


@dataclass(frozen=True)
class Arrived:
    """One mail of a request. `identity` is equal when the provider sends the same mail again."""

    raw: bytes
    identity: str
    envelope_from: str
    envelope_to: str


@dataclass(frozen=True)
class Provider:
    """`secret_name`: how anymail calls what is checked: a signing key, or `user:password` of the address.
    `raw`: the mail as it was, of anymail's event and the fields; None where only its pieces came.
    `parse`: reads the mails where anymail is not asked.
    `stamp`: (seconds since 1970, token) that the signature vouches for, where there is one."""

    view: str
    secret_name: str
    raw: Callable[[Any, Fields], bytes | None] = lambda event, fields: None
    parse: Callable[[HttpRequest], list[Arrived]] | None = None
    unsigned: frozenset[str] = frozenset()
    stamp: Callable[[HttpRequest], tuple[str, str]] | None = None

    @property
    def shows_password(self) -> bool:
        """The secret stands in the header of the request, so a stranger is known before the body is read."""
        return self.secret_name == "webhook_secret"  # noqa: S105 - a name

    def receiver(self, secret: str, url: str) -> Any:
        given = {self.secret_name: secret}
        if self.secret_name == "webhook_key":  # noqa: S105 - Mandrill signs its own address
            given["webhook_url"] = url
        return import_string(self.view)(**given)

    def read(self, receiver: Any, request: HttpRequest, fields: Fields) -> list[Arrived]:
        """Raises whatever anymail raises for a request that is not what the provider sends."""
        if self.parse:
            return self.parse(request)
        return [self._arrived(event, fields) for event in receiver.parse_events(request)]

    def _arrived(self, event: Any, fields: Fields) -> Arrived:
        message = event.message
        raw = self.raw(event, fields)
        return Arrived(
            raw=message.as_bytes() if raw is None else raw,
            identity=self._identity(event, fields),
            envelope_from=message.envelope_sender or "",
            envelope_to=message.envelope_recipient or "",
        )

    def _identity(self, event: Any, fields: Fields) -> str:
        """The provider's own id of the mail, else a digest of what it says without what changes each time."""
        if isinstance(event.esp_event, dict):
            if given := event.esp_event.get("MessageID"):
                return f"id:{given}"[:250]
            said = json.dumps(event.esp_event, sort_keys=True).encode()
        else:
            said = repr(sorted(pair for pair in fields.items() if pair[0] not in self.unsigned)).encode()
        return "sha256:" + hashlib.sha256(said).hexdigest()


def _postmark(event: Any, fields: Fields) -> bytes | None:
    raw = event.esp_event.get("RawEmail")
    return raw.encode("utf-8", "surrogateescape") if raw else None


def _mandrill(event: Any, fields: Fields) -> bytes | None:
    raw = event.esp_event.get("msg", {}).get("raw_msg")
    return raw.encode("utf-8", "surrogateescape") if raw else None


def _sparkpost(request: HttpRequest) -> list[Arrived]:
    """By ourselves: anymail takes the bytes of every mail for UTF-8 and fails where they are not."""
    return [_relayed(event["msys"]["relay_message"]) for event in json.loads(request.body)]


def _relayed(relay: dict[str, Any]) -> Arrived:
    content = relay["content"]
    text = content["email_rfc822"]
    raw = base64.b64decode(text) if content.get("email_rfc822_is_base64") else text.encode("utf-8", "surrogateescape")
    said = json.dumps(relay, sort_keys=True).encode()
    return Arrived(
        raw, "sha256:" + hashlib.sha256(said).hexdigest(), relay.get("msg_from") or "", relay.get("rcpt_to") or ""
    )


PROVIDERS: dict[str, Provider] = {
    "mailgun": Provider(
        "anymail.webhooks.mailgun.MailgunInboundWebhookView",
        "webhook_signing_key",
        raw=lambda event, fields: fields.get("body-mime"),
        unsigned=frozenset({"timestamp", "token", "signature"}),
        stamp=lambda request: (request.POST["timestamp"], request.POST["token"]),
    ),
    "postmark": Provider("anymail.webhooks.postmark.PostmarkInboundWebhookView", "webhook_secret", raw=_postmark),
    "mandrill": Provider("anymail.webhooks.mandrill.MandrillCombinedWebhookView", "webhook_key", raw=_mandrill),
    "sparkpost": Provider("anymail.webhooks.sparkpost.SparkPostInboundWebhookView", "webhook_secret", parse=_sparkpost),
    "sendgrid": Provider(
        "anymail.webhooks.sendgrid.SendGridInboundWebhookView",
        "webhook_secret",
        raw=lambda event, fields: fields.get("email"),
    ),
}


def address(provider: str) -> str:
    """What to type in at the provider. Mailgun sends raw mail only to an address that ends with mime."""
    return f"{settings.BASE_URL}/hooks/mail/{provider}/{'mime' if provider == 'mailgun' else ''}"
