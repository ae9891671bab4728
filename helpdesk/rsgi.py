"""What Granian serves: `granian --interface rsgi helpdesk.rsgi:application`."""

from django.conf import settings

from helpdesk.bridge import Bridge
from helpdesk.live import Live
from helpdesk.wsgi import application as django

MARGIN = 10 * 1024 * 1024  # the other fields of a form that carries files

live = Live(settings.REDIS_URL)
application = Bridge(django, settings.WEB_THREADS, settings.MAX_STORED_MAIL + MARGIN, {"/staff/stream/": live})
