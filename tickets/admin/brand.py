"""How the desk looks and speaks to customers: colours and logo, texts of the portal, words of mails. What is written
can be looked at before it is saved."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any, cast

from csp.constants import SELF
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.html import format_html, format_html_join
from django.utils.translation import get_language, get_language_bidi, override
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from tickets import article_html, blobs, brand, colours, logo, outbox, wording
from tickets.admin.base import DeskModelAdmin
from tickets.admin.relays import samples_frame
from tickets.mail import letter_sorts, own_words, samples
from tickets.models import Brand, Desk, MailWording, PortalText, User
from tickets.refusals import Refused


class BrandForm(forms.ModelForm):
    new_logo = forms.FileField(
        label=_("Logo"),
        required=False,
        help_text=_("PNG, JPEG, WebP, GIF or SVG. Pictures of dots are drawn anew, at most 80 dots high."),
    )
    without_logo = forms.BooleanField(label=_("Take the logo away"), required=False)

    class Meta:
        model = Brand
        fields = ("name", "accent_light", "accent_dark")

    def clean_accent_light(self) -> str:
        value = self.cleaned_data["accent_light"]
        return colours.check(value, colours.LIGHT) if value else ""

    def clean_accent_dark(self) -> str:
        value = self.cleaned_data["accent_dark"]
        return colours.check(value, colours.DARK) if value else ""

    def clean_new_logo(self) -> logo.Logo | None:
        file = self.cleaned_data["new_logo"]
        return logo.prepared(file.read(logo.MOST_BYTES + 1)) if file else None

    def save(self, commit: bool = True) -> Any:
        if self.cleaned_data.get("without_logo"):
            self.instance.logo_sha256 = self.instance.logo_type = ""
        if kept := self.cleaned_data.get("new_logo"):
            self.instance.logo_sha256, self.instance.logo_type = blobs.put(kept.content)[0], kept.content_type
        return super().save(commit)


class ColoursForm(BrandForm):
    """Looks at the colours only."""

    class Meta(BrandForm.Meta):
        fields = ("accent_light", "accent_dark")  # type: ignore[assignment]


@admin.register(Brand)
class BrandAdmin(DeskModelAdmin):
    """One row that always exists: the list leads straight to it."""

    form = BrandForm
    change_form_template = "admin/brand.html"
    fields = ("name", "accent_light", "accent_dark", "new_logo", "without_logo")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            return super().changelist_view(request, extra_context)
        return redirect(self.page_of(Brand.objects.get(pk=Desk.current().pk)))

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(require_POST(self.preview))
        return [path("preview/", view, name="tickets_brand_preview"), *super().get_urls()]

    def preview(self, request: HttpRequest) -> HttpResponse:
        """Into a frame: the pages' parts in these colours, in both schemes, or why they will not do."""
        form = ColoursForm(request.POST, instance=Brand())
        light = form.cleaned_data.get("accent_light", "") if form.is_valid() else ""
        dark = brand.dark_of(light, form.cleaned_data.get("accent_dark", "")) if light else ""
        context = {"form": form, "light": light[1:], "dark": dark[1:]}
        response = TemplateResponse(request, "admin/brand_preview.html", context)
        response["X-Frame-Options"] = "SAMEORIGIN"
        response._csp_replace = {"frame-ancestors": [SELF]}  # type: ignore[attr-defined]
        return response


class _InLanguages(forms.ModelForm):
    language = forms.ChoiceField(label=_("Language"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = settings.LANGUAGES  # type: ignore[attr-defined]
        self.fields["language"].initial = get_language()
        for name in {"subject", "body", "html"} & set(self.fields):
            self.fields[name].widget.attrs["dir"] = "auto"


class PortalTextForm(_InLanguages):
    class Meta:
        model = PortalText
        fields = ("place", "language", "html")

    def clean_html(self) -> str:
        return article_html.clean(self.cleaned_data["html"])


@admin.register(PortalText)
class PortalTextAdmin(DeskModelAdmin):
    form = PortalTextForm
    list_display = ("place", "language")
    search_fields = ("html",)
    list_filter = ("place",)

    def save_model(self, request: HttpRequest, obj: PortalText, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        brand.forget()

    def delete_model(self, request: HttpRequest, obj: PortalText) -> None:
        super().delete_model(request, obj)
        brand.forget()


class MailWordingForm(_InLanguages):
    class Meta:
        model = MailWording
        fields = ("kind", "language", "subject", "body")

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        for name in ("subject", "body"):
            for problem in own_words.problems(typed.get("kind", ""), typed.get(name) or ""):
                self.add_error(name, problem)
        if not self.errors and (fault := own_words.lacks(typed["kind"], typed["body"])):
            self.add_error("body", fault)
        return typed


@admin.register(MailWording)
class MailWordingAdmin(DeskModelAdmin):
    """Deleting a row brings the desk's own words back."""

    form = MailWordingForm
    change_form_template = "admin/mail_wording.html"
    list_display = ("kind", "language", "subject", "changed_at")
    search_fields = ("subject", "body")
    list_filter = ("kind",)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(require_POST(self.preview))
        return [path("preview/", view, name="tickets_mailwording_preview"), *super().get_urls()]

    def preview(self, request: HttpRequest) -> HttpResponse:
        """Into a frame: the mail with made-up values, or what is wrong with its words."""
        kind, subject, body = (request.POST.get(name, "") for name in ("kind", "subject", "body"))
        faults = [*own_words.problems(kind, subject), *own_words.problems(kind, body)]
        if not faults:
            try:
                with _read_in(request.POST.get("language", "")):
                    subject, _text, html = samples.in_own_words(kind, subject, body)
            except Refused as refused:
                faults = [str(refused)]
        if not faults:
            return samples_frame(html)
        return samples_frame(_listed(faults))

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        example = _t("Hello,\n\nwe have your request and answer soon.\n\n{{ desk.name }}")
        return {
            "kind": MailWording.Kind.AUTO_RESPONSE, "subject": "[#{{ ticket.number }}] {{ desk.name }}",
            "body": example, **super().get_changeform_initial_data(request),
        }  # fmt: skip

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        known = [(path, one.label) for path, one in wording.VARIABLES.items()]
        shown = {"variables": [*known, *letter_sorts.OWN.items()]}
        return super().changeform_view(request, object_id, form_url, {**(extra_context or {}), **shown})

    def save_model(self, request: HttpRequest, obj: MailWording, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if "_test" in request.POST:
            with _read_in(obj.language):
                subject, text, _html = samples.in_own_words(obj.kind, obj.subject, obj.body)
            reader = cast(User, request.user)
            outbox.enqueue("account", None, reader, subject=subject, text=text)
            sentence = _t("A mail with made-up values is on its way to %(email)s.")
            messages.info(request, sentence % {"email": reader.email})


def _read_in(language: str) -> AbstractContextManager[Any]:
    """What surrounds somebody's own words is in the language that they are for."""
    return override(language) if language in dict(settings.LANGUAGES) else nullcontext()


def _listed(faults: list[str]) -> str:
    items = format_html_join("", "<li>{}</li>", ((fault,) for fault in faults))
    return format_html(
        '<!DOCTYPE html><html lang="{}" dir="{}"><meta name="color-scheme" content="light dark">'
        '<body style="font-family: sans-serif"><ul>{}</ul></body></html>',
        get_language(), "rtl" if get_language_bidi() else "ltr", items,
    )  # fmt: skip
