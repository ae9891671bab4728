"""Loads the Celery app with Django, so that tasks find their broker in every process that may enqueue one.

Not in helpdesk/__init__.py: the supervisor and whoever only starts services would carry 12 MiB of Celery.
"""

from django.apps import AppConfig

from helpdesk.celery import app


class HelpdeskConfig(AppConfig):
    name = "helpdesk"
    celery = app
