from typing import Any

from django import template

from portal import languages

register = template.Library()


@register.simple_tag
def language_menu() -> list[dict[str, Any]]:
    return languages.menu()


@register.simple_tag
def alternates(path: str) -> list[dict[str, str]]:
    return languages.alternates(path)
