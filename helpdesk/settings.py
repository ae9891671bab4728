"""The one settings file. Everything comes from the environment; a wrong value stops the start with one clear line.

README.md lists the variables. `HELPDESK_DATA` is the folder of what the desk itself keeps (default `var/`).
"""

from __future__ import annotations

import sys
import zoneinfo
from collections.abc import Container
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from helpdesk import embedded

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()


def _in_one_line(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """A wrong setting is told to whoever starts the desk, by whatever command, without a page of Python."""
    if issubclass(kind, ImproperlyConfigured):
        print(f"Helpdesk does not start. {error}", file=sys.stderr)  # noqa: T201
    else:
        sys.__excepthook__(kind, error, trace)


sys.excepthook = _in_one_line


def _refuse(name: str, why: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"Setting {name}: {why}")


def _number(name: str, default: int, low: int, high: int) -> int:
    raw = env.str(name, default=str(default))
    if not raw.isdecimal() or not low <= int(raw) <= high:
        raise _refuse(name, f"{raw!r} is not a whole number from {low} to {high}.")
    return int(raw)


def _flag(name: str, default: bool) -> bool:
    raw = env.str(name, default=str(default)).lower()
    if raw not in {"true", "false", "1", "0", "yes", "no", "on", "off"}:
        raise _refuse(name, f"{raw!r} is neither true nor false.")
    return raw in {"true", "1", "yes", "on"}


def _url(name: str, default: str, schemes: tuple[str, ...]) -> str:
    raw = env.str(name, default=default)
    try:
        parts = urlsplit(raw)
        parts.port  # noqa: B018 - raises when it is no number
    except ValueError:
        raise _refuse(name, "is not an address.") from None
    if raw and parts.scheme not in schemes:
        shown = parts.scheme or "nothing"
        raise _refuse(name, f"must begin with {' or '.join(scheme + '://' for scheme in schemes)}, not {shown}.")
    return raw


def _one_of(name: str, default: str, known: Container[str], example: str) -> str:
    raw = env.str(name, default=default)
    if raw not in known:
        raise _refuse(name, f"{raw!r} is not known. Example: {example}")
    return raw


def _host_and_port(name: str, default: str) -> str:
    raw = env.str(name, default=default)
    port = raw.rpartition(":")[2]
    if ":" not in raw or not port.isdecimal() or int(port) > 65535:
        raise _refuse(name, f"{raw!r} is not host:port, for example {default}.")
    return raw


def _secret_key() -> str:
    key = env.str("SECRET_KEY", default="")
    file = env.str("SECRET_KEY_FILE", default="")
    if not key and file:
        try:
            key = Path(file).read_text().strip()
        except OSError as error:
            raise _refuse("SECRET_KEY_FILE", f"cannot be read: {error.strerror}.") from None
    if not key and len(sys.argv) > 1 and sys.argv[1] in {"collectstatic", "makemigrations", "compilemessages"}:
        return "unused-by-this-command-" + "x" * 40
    if len(key) < 50:
        raise _refuse("SECRET_KEY", "set SECRET_KEY or SECRET_KEY_FILE to at least 50 random characters.")
    return key


def _old_secret_keys() -> list[str]:
    keys = env.list("SECRET_KEY_FALLBACKS", default=[])
    if any(len(key) < 50 for key in keys):
        raise _refuse(
            "SECRET_KEY_FALLBACKS", "each of the former keys, with commas between, has 50 characters or more."
        )
    return keys


DATA_DIR = Path(env.str("HELPDESK_DATA", default=str(BASE_DIR / "var"))).resolve()
DEBUG = _flag("DEBUG", False)
SECRET_KEY = _secret_key()
SECRET_KEY_FALLBACKS = _old_secret_keys()
BASE_URL = _url("BASE_URL", "http://localhost:8000", ("http", "https")).rstrip("/")
if not urlsplit(BASE_URL).hostname:
    raise _refuse("BASE_URL", "has no host name.")
if urlsplit(BASE_URL).path or urlsplit(BASE_URL).query:
    raise _refuse("BASE_URL", "must end after the host: the desk has a host name of its own.")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[urlsplit(BASE_URL).hostname, "localhost", "127.0.0.1"])
HTTPS = BASE_URL.startswith("https://")

INSTALLED_APPS = [
    "tickets.admin.site.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.humanize",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "django_htmx",
    "django_prose_editor",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "rest_framework",
    "drf_spectacular",
    "helpdesk",
    "tickets",
    "portal",
    "staff",
]

MIDDLEWARE = [
    "helpdesk.health.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "helpdesk.compression.PageCompressionMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "helpdesk.languages.LanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "helpdesk.errors.NoNullMiddleware",
    "portal.offline.OfflineMiddleware",
]

ROOT_URLCONF = "helpdesk.urls"
WSGI_APPLICATION = "helpdesk.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "helpdesk.context.desk",
            ],
            "libraries": {"heroicons": "helpdesk.icons"},
        },
    }
]
FORM_RENDERER = "helpdesk.forms.FormRenderer"

_database = environ.Env.db_url_config(
    _url("DATABASE_URL", "", ("postgres", "postgresql")) or embedded.database_url(DATA_DIR)
)
DATABASES = {"default": {**_database, "CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = _url("REDIS_URL", "", ("redis", "rediss", "unix")) or embedded.redis_url(DATA_DIR)
CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "helpdesk",
        # Valkey only makes things faster: when it is gone, pages go on.
        "OPTIONS": {"IGNORE_EXCEPTIONS": True, "SOCKET_CONNECT_TIMEOUT": 1, "SOCKET_TIMEOUT": 1},
    }
}

CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A dead broker must not hold up a request: the sweeper finds what was not announced. Without max_retries each nudge
# would wait six seconds for it.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    "visibility_timeout": 600,
    "max_retries": 0,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_TIME_LIMIT = 600

AUTH_USER_MODEL = "tickets.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "portal.passwords.LongEnough", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "after_login"
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "portal.accounts.AccountAdapter"
ACCOUNT_FORMS = {
    "add_email": "portal.address_form.AddressForm", "change_password": "portal.entry_forms.ChangePasswordForm",
    "login": "portal.entry_forms.LoginForm", "reauthenticate": "portal.entry_forms.ReauthenticateForm",
    "reset_password": "portal.reset_form.ResetForm", "set_password": "portal.entry_forms.SetPasswordForm",
    "reset_password_from_key": "portal.entry_forms.ResetPasswordKeyForm", "signup": "portal.entry_forms.SignupForm",
}  # fmt: skip
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "portal.accounts.SignupFields"
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS = 1
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True  # to change addresses; an unlocked screen is not enough
PASSWORD_RESET_TIMEOUT = 24 * 3600
# Counted in PostgreSQL by portal.accounts: allauth's own counters lock everybody out when Valkey is gone.
ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False
# Who makes an account: everybody, whom the desk knows by mail or has invited, or nobody new.
SIGN_UP = _one_of("SIGN_UP", "open", ("open", "invited", "closed"), "open, invited or closed")
MFA_ADAPTER = "portal.second_factor.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS  # browsers give passkeys to https and to localhost only
MFA_TOTP_TOLERANCE = 1  # steps of 30 seconds that a phone's clock may be off
MFA_FORMS = {
    "authenticate": "portal.second_factor_forms.CodeForm",
    "reauthenticate": "portal.second_factor_forms.CodeAgainForm",
    "activate_totp": "portal.second_factor_forms.AppForm",
    "add_webauthn": "portal.second_factor_forms.PasskeyForm",
    "edit_webauthn": "portal.second_factor_forms.RenameForm",
    "login_webauthn": "portal.second_factor_forms.PasskeySignInForm",
}
# Addresses of proxies in front, from right to left in X-Forwarded-For; 0 trusts none.
TRUSTED_PROXIES = _number("TRUSTED_PROXIES", 0, 0, 5)
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES

# The languages that are offered: those whose catalogue under locale/ is complete.
LANGUAGES = [
    ("en", _("English")),
    ("de", _("German")),
    ("fr", _("French")),
    ("es", _("Spanish")),
    ("pt-br", _("Portuguese (Brazil)")),
    ("ar", _("Arabic")),
]
# For whoever chose none and whose browser asks for none of ours. Not LANGUAGE: every shell has that.
LANGUAGE_CODE = _one_of("DESK_LANGUAGE", "en", dict(LANGUAGES), "en")
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_SECURE = HTTPS
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = _one_of("TIME_ZONE", "UTC", zoneinfo.available_timezones(), "Europe/Berlin")
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(DATA_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGE_URL = _url("STORAGE_URL", (DATA_DIR / "files").as_uri(), ("file", "s3"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": DATA_DIR / "files"}},
    "staticfiles": {"BACKEND": "helpdesk.staticfiles.StaticFilesStorage"},
}
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
DATA_UPLOAD_MAX_NUMBER_FILES = 20
# Bytes: of one file, and of a mail with everything in it.
MAX_ATTACHMENT = 25 * 1024 * 1024
MAX_MAIL = 25 * 1024 * 1024
MAX_STORED_MAIL = 100 * 1024 * 1024

# Outgoing mail. Without SMTP_URL each mail becomes an .eml file in OUTBOX_DIR, so a demo shows what it sends.
SMTP_URL = _url("SMTP_URL", "", ("smtp", "smtps", "smtp+tls"))
OUTBOX_DIR = DATA_DIR / "outbox"
MAIL_DOMAIN = env.str("MAIL_DOMAIN", default=urlsplit(BASE_URL).hostname or "localhost")
DEFAULT_FROM_EMAIL = f"support@{MAIL_DOMAIN}"
# Names of our own mail servers in Authentication-Results (RFC 8601). Without one no sender counts as verified.
MAIL_AUTHSERV_ID = env.str("MAIL_AUTHSERV_ID", default="")
# Who is asked about SPF, DKIM and DMARC on the set-up page, as address:port; empty: the machine's own resolver.
DNS_RESOLVER = _host_and_port("DNS_RESOLVER", "9.9.9.9:53") if env.str("DNS_RESOLVER", default="") else ""
SMTP_IN = _host_and_port("SMTP_IN", "127.0.0.1:8025")
# Off unless named: for mail servers that hand over by LMTP.
LMTP_IN = _host_and_port("LMTP_IN", "127.0.0.1:8024") if env.str("LMTP_IN", default="") else ""

METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
WEB_WORKERS = _number("WEB_WORKERS", 2, 1, 64)
WEB_THREADS = _number("WEB_THREADS", 2, 1, 64)

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "frame-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_ENGINE = "helpdesk.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 14 * 24 * 3600
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "helpdesk.errors.csrf_failure"
CSRF_TRUSTED_ORIGINS = [BASE_URL]
if HTTPS:
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    SECURE_SSL_REDIRECT = True
    # Health checks come from the machine itself, without TLS.
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["tickets.api.authentication.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["tickets.api.permissions.ScopePermission"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["tickets.api.parsing.StrictJSONParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "tickets.api.parsing.JSONOnly",
    "DEFAULT_PAGINATION_CLASS": "tickets.api.pagination.NewestFirst",
    "DEFAULT_SCHEMA_CLASS": "tickets.api.schema.Described",
    "EXCEPTION_HANDLER": "tickets.api.problems.exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Helpdesk API",
    "DESCRIPTION": "Tickets from intake to closing. Errors are application/problem+json.",
    "VERSION": "1",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
}

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": _one_of("LOG_LEVEL", "INFO", LOG_LEVELS, "WARNING")},
    "loggers": {"django.request": {"level": "ERROR"}, "django.security.DisallowedHost": {"level": "CRITICAL"}},
}

SENTRY_DSN = _url("SENTRY_DSN", "", ("http", "https"))
if SENTRY_DSN:
    import sentry_sdk

    sentry_sdk.init(
        dsn=SENTRY_DSN, send_default_pii=False, include_local_variables=False, max_request_body_size="never"
    )
