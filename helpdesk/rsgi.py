"""What Granian serves: `granian --interface rsgi helpdesk.rsgi:application`."""

from django.conf import settings

from helpdesk.bridge import Bridge
from helpdesk.wsgi import application as django

MARGIN = 10 * 1024 * 1024  # the other fields of a form that carries files

application = Bridge(django, settings.WEB_THREADS, settings.MAX_STORED_MAIL + MARGIN)
