"""What helpdesk.forms draws by hand is what Django's own templates say."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django import forms
from django.forms.renderers import TemplatesSetting
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy

from helpdesk.forms import FormRenderer

EVIL = "\"><script>alert('1')</script>&amp;"
ATTRS = {"id": "id_one", "required": True, "disabled": False, "class": EVIL, "maxlength": 1200, "min": 0, "title": ""}
CHOICES = [("", "---"), (1, "One"), (EVIL, EVIL), ("Group <b>", [("2", gettext_lazy("Yes")), (None, "None")])]
WIDGETS: list[forms.Widget] = [
    forms.TextInput(ATTRS), forms.NumberInput(ATTRS), forms.EmailInput(), forms.URLInput(), forms.PasswordInput(ATTRS),
    forms.HiddenInput(), forms.DateInput(), forms.DateTimeInput(), forms.TimeInput(), forms.CheckboxInput(ATTRS),
    forms.FileInput(ATTRS), forms.ColorInput(), forms.SearchInput(), forms.TelInput(), forms.Textarea(ATTRS),
    forms.Select(ATTRS, choices=CHOICES), forms.SelectMultiple(ATTRS, choices=CHOICES),
]  # fmt: skip


@pytest.mark.parametrize("widget", WIDGETS, ids=lambda widget: type(widget).__name__)
@pytest.mark.parametrize(
    "value", [None, "", "1", 1, 0, 2.5, EVIL, mark_safe("<b>safe</b>"), "\n two\nlines", "ü\u202e"]
)
def test_a_widget_is_drawn_as_by_its_template(widget: forms.Widget, value: Any) -> None:
    drawn = widget.render(EVIL, value, renderer=FormRenderer())
    assert _dense(drawn) == _dense(widget.render(EVIL, value, renderer=TemplatesSetting()))
    assert "<script>" not in drawn


def _dense(html: str) -> str:
    """Without the blank lines that Django's templates leave between options."""
    return re.sub(r">\n\s*<", "><", html)
