from django import template

from tickets.sizes import size

register = template.Library()
register.filter("size", size)
