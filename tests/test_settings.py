"""Settings: a wrong value stops the start with one line, whatever is started; good values are strict ones."""

from __future__ import annotations

import os
import re
import runpy
import secrets
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).resolve().parent.parent
KEY = secrets.token_urlsafe(64)
# Nothing of these surroundings is started or asked: the addresses only have to look right.
GOOD = {
    "PATH": os.environ["PATH"],
    "SECRET_KEY": KEY,
    "DATABASE_URL": "postgresql://desk:database-password@127.0.0.1:1/desk",
    "REDIS_URL": "redis://:broker-password@127.0.0.1:1/0",
}
PRODUCTION = {"BASE_URL": "https://desk.example.org", "TRUSTED_PROXIES": "1", "DEBUG": "false"}

WRONG = [
    ("SECRET_KEY", ""),
    ("SECRET_KEY", "short"),
    ("SECRET_KEY_FILE", "/no/such/file"),
    ("SECRET_KEY_FALLBACKS", "x" * 50 + ",short"),
    ("DEBUG", "maybe"),
    ("BASE_URL", "desk.example.org"),
    ("BASE_URL", "ftp://desk.example.org"),
    ("BASE_URL", "https://"),
    ("BASE_URL", "https://desk.example.org/help"),
    ("BASE_URL", "https://desk.example.org:port"),
    ("DATABASE_URL", "sqlite:///desk.db"),
    ("DATABASE_URL", "mysql://root@localhost/desk"),
    ("REDIS_URL", "http://localhost"),
    ("LMTP_IN", "nonsense"),
    ("SIGN_UP", "sometimes"),
    ("SMTP_IN", "nonsense"),
    ("SMTP_IN", "127.0.0.1:99999"),
    ("SMTP_URL", "http://mail.example.org"),
    ("STORAGE_URL", "ftp://files.example.org"),
    ("SENTRY_DSN", "nonsense"),
    ("WEB_WORKERS", "0"),
    ("WEB_WORKERS", "many"),
    ("WEB_THREADS", "-1"),
    ("TRUSTED_PROXIES", "all"),
    ("TIME_ZONE", "Europe/Atlantis"),
    ("LOG_LEVEL", "LOUD"),
]


def run(*command: str, **changes: str) -> subprocess.CompletedProcess[str]:
    environment = {**GOOD, **changes}
    if "SECRET_KEY_FILE" in changes:
        environment.pop("SECRET_KEY")
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """Reads the settings file in surroundings of its own; what it defines."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)

    def under(**changes: str) -> dict[str, Any]:
        for name in os.environ:
            monkeypatch.delenv(name)
        for name, value in {**GOOD, **changes}.items():
            monkeypatch.setenv(name, value)
        if "SECRET_KEY_FILE" in changes:
            monkeypatch.delenv("SECRET_KEY")
        return runpy.run_path(str(ROOT / "helpdesk" / "settings.py"))

    return under


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_value_is_refused_with_one_line(read: Any, name: str, value: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refusal:
        read(**{name: value})
    line = str(refusal.value)
    assert re.fullmatch(rf"Setting {name}: [^\n]+\.", line) or "Example: " in line
    assert not any(secret in line for secret in (KEY, "database-password", "broker-password"))


@pytest.mark.parametrize(
    "command",
    [
        ["manage.py", "check"],
        ["manage.py", "migrate"],
        ["-m", "celery", "-A", "helpdesk", "worker"],
        ["-m", "helpdesk.web", "127.0.0.1", "1"],
    ],
    ids=["check", "migrate", "celery", "web"],
)
def test_whatever_is_started_says_it_in_one_line(command: list[str]) -> None:
    done = run(*command, DEBUG="maybe")
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["Helpdesk does not start. Setting DEBUG: 'maybe' is neither true nor false."]


def test_the_deployment_check_finds_nothing() -> None:
    done = run("manage.py", "check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert done.returncode == 0, done.stderr


def test_production_is_strict(read: Any) -> None:
    strict = {
        "DEBUG": False, "SESSION_COOKIE_SECURE": True, "CSRF_COOKIE_SECURE": True, "SECURE_SSL_REDIRECT": True,
        "SESSION_COOKIE_NAME": "__Host-session", "CSRF_COOKIE_NAME": "__Host-csrf", "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax", "SECURE_HSTS_SECONDS": 31_536_000,
        "ALLOWED_HOSTS": ["desk.example.org", "localhost", "127.0.0.1"],
        "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
    }  # fmt: skip
    found = read(**PRODUCTION)
    assert {name: found[name] for name in strict} == strict


def test_without_a_proxy_nobody_is_believed_about_the_scheme(read: Any) -> None:
    assert read(**{**PRODUCTION, "TRUSTED_PROXIES": "0"})["SECURE_PROXY_SSL_HEADER"] is None


def test_the_secret_key_may_come_from_a_file(read: Any, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(KEY + "\n")
    assert read(SECRET_KEY_FILE=str(file))["SECRET_KEY"] == KEY
