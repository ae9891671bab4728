"""How form fields become HTML. Pages have many, and Django's own templates for one input are five templates deep, so
the plain ones are drawn by hand: the same HTML (tests/test_forms_drawn.py compares them) for a tenth of the time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.forms.renderers import TemplatesSetting
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

_PLAIN = ("text", "number", "email", "url", "password", "hidden", "date", "datetime", "time", "checkbox", "file")
_PLAIN += ("color", "search", "tel")


class FormRenderer(TemplatesSetting):
    """Every form field, wherever it stands, is drawn by one template."""

    field_template_name = "components/field.html"

    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> SafeString:
        draw = _DRAWN.get(template_name)
        if draw is None:
            return super().render(template_name, context, request)
        return mark_safe(draw(context["widget"]))  # noqa: S308 - escaped there


def _attributes(widget: dict[str, Any]) -> str:
    html = ""
    for name, value in widget["attrs"].items():
        if value is True:
            html += f" {conditional_escape(name)}"
        elif value is not False:
            html += f' {conditional_escape(name)}="{_text(value)}"'
    return html


def _text(value: Any) -> str:
    return conditional_escape(value if isinstance(value, str) else str(value))


def _input(widget: dict[str, Any]) -> str:
    value = "" if widget["value"] is None else f' value="{_text(widget["value"])}"'
    return f'<input type="{_text(widget["type"])}" name="{_text(widget["name"])}"{value}{_attributes(widget)}>'


def _textarea(widget: dict[str, Any]) -> str:
    text = _text(widget["value"]) if widget["value"] else ""
    return f'<textarea name="{_text(widget["name"])}"{_attributes(widget)}>\n{text}</textarea>'


def _select(widget: dict[str, Any]) -> str:
    html = f'<select name="{_text(widget["name"])}"{_attributes(widget)}>'
    for group, options, _index in widget["optgroups"]:
        html += f'\n  <optgroup label="{_text(group)}">' if group else ""
        html += "".join(f"\n  {_option(option)}" for option in options)
        html += "\n  </optgroup>" if group else ""
    return f"{html}\n</select>"


def _option(option: dict[str, Any]) -> str:
    return f'<option value="{_text(option["value"])}"{_attributes(option)}>{_text(option["label"])}</option>'


_DRAWN: dict[str, Callable[[dict[str, Any]], str]] = {
    **{f"django/forms/widgets/{name}.html": _input for name in _PLAIN},
    "django/forms/widgets/textarea.html": _textarea,
    "django/forms/widgets/select.html": _select,
}
