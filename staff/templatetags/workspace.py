from django import template

from staff import drawn

register = template.Library()
register.simple_tag(drawn.keys, name="keys")
