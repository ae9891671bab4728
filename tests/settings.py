"""Settings of the test run: a data folder and services of its own, one Valkey database for each parallel worker.

`bin/test` names a temporary data folder and stops the services at the end. A bare `pytest` uses var/test, where they
stay up: the next run starts at once.
"""

import os
import secrets
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "gw0")

os.environ.setdefault("HELPDESK_DATA", str(ROOT / "var" / "test"))
os.environ.setdefault("HELPDESK_EMBEDDED_THROWAWAY", "1")
os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(64))
for name in ("SMTP_URL", "SENTRY_DSN", "BASE_URL", "ALLOWED_HOSTS", "STORAGE_URL"):
    os.environ.pop(name, None)  # a developer's own surroundings must not change what is tested

from helpdesk import settings as desk  # noqa: E402
from helpdesk.settings import *  # noqa: E402, F403

REDIS_URL = desk.REDIS_URL.rpartition("/")[0] + f"/{1 + int(WORKER.removeprefix('gw')) % 15}"
CELERY_BROKER_URL = REDIS_URL
CACHES = {"default": {**desk.CACHES["default"], "LOCATION": REDIS_URL}}

# Who waits this long for a lock waits for ever: milliseconds.
_database = desk.DATABASES["default"]
DATABASES = {"default": {**_database, "OPTIONS": {**_database.get("OPTIONS", {}), "options": "-c lock_timeout=60000"}}}

OUTBOX_DIR = desk.DATA_DIR / WORKER / "outbox"
STORAGE_URL = (desk.DATA_DIR / WORKER / "files").as_uri()
# Argon2 is slow by design; the tests of sign-in choose it themselves.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *desk.PASSWORD_HASHERS]
# Pages are tested without collectstatic; tests of static files make their own storage.
STORAGES = {
    **desk.STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
