"""How mail leaves: relays and whether they work, keys that sign, what the DNS says, and what the mails look like."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from tickets.admin.base import DeskModelAdmin
from tickets.mail import dkim, domains, health, outbound, routes, samples, trial
from tickets.mail.relay import Route
from tickets.models import DkimKey, Mailbox, MailRelay


class TrialForm(forms.Form):
    recipient = forms.EmailField(label=_("Send a test mail to"), max_length=254)


@admin.register(MailRelay)
class MailRelayAdmin(DeskModelAdmin):
    list_display = ("name", "host", "port", "security", "user", "state")
    search_fields = ("name", "host", "user")
    autocomplete_fields = ("grant",)
    instead = _("Let these mailboxes send by another relay first.")
    readonly_fields = ("state",)
    fieldsets = (
        (None, {"fields": ("name", "host", "port", "security")}),
        (_("Sign-in"), {"fields": ("user", "password", "grant")}),
        (_("State"), {"fields": ("state",)}),
    )

    @admin.display(description=_("state"))
    def state(self, relay: MailRelay) -> str:
        pause = health.pause_of(relay.key)
        return _t("paused: %(why)s") % {"why": pause.reason} if pause else _t("in use")

    def get_urls(self) -> list[URLPattern]:
        own = [path("<str:which>/test/", self.admin_site.admin_view(self.test), name="tickets_mailrelay_test")]
        return own + super().get_urls()

    def save_model(self, request: HttpRequest, obj: MailRelay, form: Any, change: bool) -> None:
        """Who has just changed something wants to know now, not at the end of a pause."""
        super().save_model(request, obj, form, change)
        outbound.resume(obj.key)

    def test(self, request: HttpRequest, which: str) -> HttpResponse:
        """`which` is a relay's id, or "settings" for the one of SMTP_URL."""
        route, name, sender = _named(which)
        form = TrialForm(request.POST or None, initial={"recipient": request.user.email})  # type: ignore[union-attr]
        outcome = None
        if request.method == "POST" and form.is_valid() and route is not None:
            outcome = trial.send(route, sender, form.cleaned_data["recipient"])
        context = {
            **self.admin_site.each_context(request), "title": _t("Send a test mail by %(name)s") % {"name": name},
            "opts": self.opts, "form": form, "outcome": outcome, "sender": sender, "has_route": route is not None,
        }  # fmt: skip
        return TemplateResponse(request, "admin/mail_trial.html", context)


def _named(which: str) -> tuple[Route | None, str, str]:
    """(route, name, sender) of a relay. Raises Http404."""
    if which == routes.DEFAULT:
        box = Mailbox.objects.filter(relay=None, is_default=True).first()
        return routes.default(), _t("the relay of SMTP_URL"), box.address if box else settings.DEFAULT_FROM_EMAIL
    relay = MailRelay.objects.filter(pk=which).first() if which.isdecimal() and len(which) < 19 else None
    if relay is None:
        raise Http404
    box = Mailbox.objects.filter(relay=relay).first()
    return routes.to(relay), relay.name, box.address if box else settings.DEFAULT_FROM_EMAIL


@admin.register(DkimKey)
class DkimKeyAdmin(DeskModelAdmin):
    list_display = ("domain", "selector", "is_enabled", "created_at")
    search_fields = ("domain",)
    fields = ("domain", "selector", "is_enabled", "dns_name", "dns_value", "created_at")
    readonly_fields = ("dns_name", "dns_value", "created_at")

    def get_fields(self, request: HttpRequest, obj: DkimKey | None = None) -> Any:
        """The record is there once the key is made."""
        return self.fields if obj else ("domain", "selector")

    def get_readonly_fields(self, request: HttpRequest, obj: DkimKey | None = None) -> Any:
        """A key belongs to its name in the DNS: for another, make another."""
        return ("domain", "selector", *self.readonly_fields) if obj else ()

    @admin.display(description=_("TXT record: name"))
    def dns_name(self, key: DkimKey) -> str:
        return str(key)

    @admin.display(description=_("TXT record: value"))
    def dns_value(self, key: DkimKey) -> str:
        return key.record

    def save_model(self, request: HttpRequest, obj: DkimKey, form: Any, change: bool) -> None:
        obj.domain = obj.domain.lower()
        if not change:
            obj.private_key, obj.public_key = dkim.new_key()
        super().save_model(request, obj, form, change)
        dkim.forget()

    def delete_model(self, request: HttpRequest, obj: DkimKey) -> None:
        super().delete_model(request, obj)
        dkim.forget()

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("domains/", view(require_safe(self.domains)), name="tickets_dkimkey_domains"),
            path("samples/", view(require_safe(self.samples)), name="tickets_dkimkey_samples"),
        ]
        return own + super().get_urls()

    def domains(self, request: HttpRequest) -> HttpResponse:
        found, unreachable = [], ""
        try:
            found = [(domain, domains.check(domain)) for domain in domains.ours()]
        except domains.Unreachable as error:
            unreachable = str(error)
        context = {
            **self.admin_site.each_context(request), "title": _t("Mail domains"), "opts": self.opts,
            "found": found, "unreachable": unreachable,
        }  # fmt: skip
        return TemplateResponse(request, "admin/mail_domains.html", context)

    def samples(self, request: HttpRequest) -> HttpResponse:
        """Every kind of mail with made-up data. The HTML comes as a document of its own, into a frame."""
        kind = request.GET.get("kind", "reply")
        if kind not in samples.KINDS:
            raise Http404
        subject, text, html = samples.render(kind)
        if "frame" in request.GET:
            return samples_frame(html)
        context = {
            **self.admin_site.each_context(request), "title": _t("What our mails look like"), "opts": self.opts,
            "kind": kind, "kinds": sorted(samples.KINDS), "subject": subject, "text": text,
        }  # fmt: skip
        return TemplateResponse(request, "admin/mail_samples.html", context)


def samples_frame(html: str) -> HttpResponse:
    """Mail has its styles on its elements, which the policy of our pages forbids: this one allows it, and nothing
    else, to our own words with made-up data."""
    response = HttpResponse(html)
    response["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'"
    )
    response["X-Frame-Options"] = "SAMEORIGIN"
    return response
