from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class FieldKind(models.TextChoices):
    TEXT = "text", _("Text")
    LONG_TEXT = "long_text", _("Long text")
    RICH_TEXT = "rich_text", _("Text with formatting")
    NUMBER = "number", _("Number")
    DATE = "date", _("Date")
    DATE_TIME = "date_time", _("Date and time")
    CHOICE = "choice", _("Choice")
    MULTI_CHOICE = "multi_choice", _("Several choices")
    CHECKBOX = "checkbox", _("Checkbox")
    EMAIL = "email", _("E-mail address")
    PHONE = "phone", _("Phone number")
    URL = "url", _("Web address")
    FILE = "file", _("Files")
    USER = "user", _("Person")
    # These ask nothing; they order the page.
    SECTION = "section", _("Section")
    INFORMATION = "information", _("Information")
    # Stands for the fields of another form.
    FIELD_SET = "field_set", _("Field set")


LAYOUT_KINDS = (FieldKind.SECTION, FieldKind.INFORMATION, FieldKind.FIELD_SET)


class Audience(models.TextChoices):
    CUSTOMERS = "customers", _("Customers fill it in")
    READERS = "readers", _("Customers see it, agents fill it in")
    AGENTS = "agents", _("Only agents see it")


class Required(models.TextChoices):
    NEVER = "never", _("No")
    SEND = "send", _("To send the form")
    CLOSE = "close", _("To resolve or close the ticket")


class Form(models.Model):
    """What a help topic asks. Admins change `draft`; publishing makes it the next version, and tickets keep the version
    they were asked with."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    slug = models.SlugField(_("short name in addresses"), max_length=80, unique=True)
    is_field_set = models.BooleanField(
        _("field set"), default=False, help_text=_("Other forms can take in all its fields at once.")
    )
    # A list of items as in tickets.fields; `revision` counts changes: two admins cannot overwrite each other.
    draft = models.JSONField(default=list, blank=True, editable=False)
    revision = models.PositiveIntegerField(default=0, editable=False)
    current = models.ForeignKey(
        "tickets.FormVersion", null=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    allowed_origins = models.JSONField(_("may be embedded by"), default=list, blank=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("form")
        verbose_name_plural = _("forms")

    def __str__(self) -> str:
        return self.name


class FormVersion(models.Model):
    """A form as it was published. Never changed."""

    form = models.ForeignKey(Form, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    # What the admin wrote, and the same with each field set replaced by its fields, as tickets.fields reads it.
    source = models.JSONField()
    items = models.JSONField()
    saved_at = models.DateTimeField(default=timezone.now)
    saved_by = models.ForeignKey("tickets.User", null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["form", "number"], name="form_version_once")]

    def __str__(self) -> str:
        return f"{self.form} {self.number}"


class Field(models.Model):
    """Every key that a published form asks or ever asked, and what it means: the same in all forms. Search, views,
    rules and exports read this; publishing a form writes it."""

    key = models.SlugField(_("key"), max_length=40, unique=True)
    label = models.CharField(_("label"), max_length=120)
    kind = models.CharField(_("kind"), max_length=12, choices=FieldKind.choices)
    # [{"value": …, "label": …}]
    choices = models.JSONField(default=list, blank=True)
    audience = models.CharField(_("who"), max_length=9, choices=Audience.choices, default=Audience.CUSTOMERS)
    is_asked = models.BooleanField(_("some form asks it"), default=True)

    class Meta:
        ordering = ["label", "key"]
        verbose_name = _("custom field")
        verbose_name_plural = _("custom fields")

    def __str__(self) -> str:
        return self.label
