"""The application of web_server_benchmark.py: one Django page of 25 rows from PostgreSQL, and one push route."""

import asyncio
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import django
import environ
from a2wsgi import WSGIMiddleware
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpResponse
from django.template import engines
from django.urls import path

from helpdesk.bridge import Bridge

THREADS = int(os.environ.get("WEB_THREADS", "1"))
settings.configure(
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["*"],
    SECRET_KEY="benchmark-only",
    DATABASES={"default": {**environ.Env.db_url_config(os.environ["DATABASE_URL"]), "CONN_MAX_AGE": 600}},
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
)
django.setup()

PAGE = engines["django"].from_string(
    "<table>{% for row in rows %}"
    "<tr><td>{{ row.0 }}</td><td>{{ row.1 }}</td><td>{{ row.2 }}</td></tr>"
    "{% endfor %}</table>"
)


def page(request):
    with connection.cursor() as cursor:
        cursor.execute("SELECT n, md5(n::text), now() FROM generate_series(1, 25) AS n")
        return HttpResponse(PAGE.render({"rows": cursor.fetchall()}))


def upload(request):
    return HttpResponse(str(len(request.body)))


urlpatterns = [path("page", page), path("upload", upload)]

wsgi = get_wsgi_application()
django_asgi = get_asgi_application()
bridged = WSGIMiddleware(wsgi, workers=THREADS)


async def asgi(scope, receive, send):
    if scope["type"] == "http" and scope["path"].startswith("/push"):
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b": hello\n\n", "more_body": True})
        await asyncio.sleep(60)
    elif scope["type"] == "http":
        await bridged(scope, receive, send)


async def push(scope, protocol):
    transport = protocol.response_stream(200, [("content-type", "text/event-stream")])
    await transport.send_str(": hello\n\n")
    await asyncio.sleep(60)


rsgi = Bridge(wsgi, THREADS, 30_000_000, {"/push": push})
