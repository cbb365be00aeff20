"""All settings, from the environment. The table in README.md lists every name read here."""

import json
import os
import secrets
import sys
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from kombu import Queue

from livechat.env import (
    SettingError,
    database_from_url,
    email_from_url,
    env_bool,
    env_hosts,
    env_int,
    env_list,
    env_mail_address,
    env_text,
    env_url,
)
from livechat.logs import logging_config
from livechat.theme import UNFOLD  # noqa: F401 -- a setting of the admin's

# Before numpy is loaded: its threads spin while they wait for each other, and on a busy machine one
# question then takes ten times as long to embed. Processes are what scales.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env_text("VAR_DIR") or BASE_DIR / "var")


def running_services() -> dict[str, str]:
    """The addresses that a running ``manage.py up`` left for other commands, or nothing."""
    try:
        return dict(json.loads((VAR_DIR / "services.json").read_text()))
    except (OSError, ValueError):
        return {}


def kept_secret() -> str:
    """A random secret made on first start and kept for the next ones."""
    path = VAR_DIR / "secret_key"
    if not path.exists():
        VAR_DIR.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    return path.read_text().strip()


PRODUCTION = env_bool("PRODUCTION")
DEBUG = env_bool("DEBUG")
EMBEDDED = running_services()
DATABASE_SCHEMES = {"postgresql", "postgres"}
REDIS_SCHEMES = {"redis", "rediss"}
DATABASE_URL = env_url(
    "DATABASE_URL", schemes=DATABASE_SCHEMES, default=EMBEDDED.get("DATABASE_URL", "")
)
DATABASE_OWNER_URL = (
    env_url(
        "DATABASE_OWNER_URL",
        schemes=DATABASE_SCHEMES,
        default=EMBEDDED.get("DATABASE_OWNER_URL", ""),
    )
    or DATABASE_URL
)
REDIS_URL = env_url("REDIS_URL", schemes=REDIS_SCHEMES, default=EMBEDDED.get("REDIS_URL", ""))
PUBLIC_URL = env_url(
    "PUBLIC_URL",
    schemes={"http", "https"},
    default=("" if env_text("PORT") else EMBEDDED.get("PUBLIC_URL", ""))
    or f"http://localhost:{env_int('PORT', 8000, at_least=1, at_most=65535)}",
).rstrip("/")
SECRET_KEY = env_text("SECRET_KEY") or ("" if PRODUCTION else kept_secret())
SECRET_KEY_FALLBACKS = env_list("SECRET_KEY_FALLBACKS")

if PRODUCTION:
    if len(SECRET_KEY) < 32:
        raise SettingError("SECRET_KEY", "must be at least 32 random characters in production.")
    if DEBUG:
        raise SettingError("DEBUG", "must be off in production.")
    if EMBEDDED.keys() & {"DATABASE_URL", "REDIS_URL"} or not (DATABASE_URL and REDIS_URL):
        raise SettingError("DATABASE_URL", "and REDIS_URL must be set in production.")
    if not PUBLIC_URL.startswith("https://"):
        raise SettingError("PUBLIC_URL", "must start with https:// in production.")

ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", "" if PRODUCTION else "*")
if PRODUCTION and not ALLOWED_HOSTS:
    raise SettingError("ALLOWED_HOSTS", "must name the hosts served in production.")
TRUSTED_PROXY_COUNT = env_int("TRUSTED_PROXY_COUNT", 0, at_most=10)
# Servers of our own network that tenants may have us call: their model, their handbook's site.
INTERNAL_HOSTS = env_hosts("INTERNAL_HOSTS")

INSTALLED_APPS = [
    # Takes runserver's place, and loads 20 MiB for that into whatever else runs.
    *(["daphne"] if "runserver" in sys.argv else []),
    # Without unfold's own site: ours derives from it.
    "unfold.apps.BasicAppConfig",
    "livechat.admin_apps.LiveChatAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "tenants",
    "realtime",
    "assistants",
    "conversations",
    "widgets",
    "gateways",
    "dashboard",
    "livechat",
]
MIDDLEWARE = [
    "livechat.operators.operators_middleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "livechat.health_views.HostCheck",
    "django.middleware.csrf.CsrfViewMiddleware",
    "tenants.account_views.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
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
            ]
        },
    }
]
ROOT_URLCONF = "livechat.urls"
# Routes served without Django's thread hops; they stand in ROOT_URLCONF too.
HOT_URLCONF = "livechat.hot_urls"
ASGI_APPLICATION = "livechat.asgi.application"
# An async (path, origin) -> bool that says which other sites' pages may read an answer.
CORS_ORIGIN_CHECK = "gateways.cors.may_read"
APPEND_SLASH = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "tenants.User"
LOGIN_REDIRECT_URL = "admin:index"
LOGIN_URL = "account-log-in"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"

# Database threads for asynchronous code; each connection pool holds as many connections and some
# for synchronous views.
DATABASE_THREADS = env_int("DATABASE_THREADS", 8, at_least=1, at_most=200)
APP_ROLE = "livechat_app"


def _database(name: str, url: str, options: str, max_size: int) -> dict[str, object]:
    return {
        "ENGINE": "tenants.postgresql",
        **database_from_url(name, url or "postgresql:///not-configured"),
        "CONN_MAX_AGE": 0,
        "OPTIONS": {
            "options": f"{options} -c lock_timeout=5000 -c statement_timeout=30000",
            "connect_timeout": 5,
            "application_name": "livechat",
            "pool": {
                "min_size": 1,
                "max_size": max_size,
                # Whoever waits in vain is told so within five seconds.
                "timeout": 4,
                "max_idle": 60,
                "reconnect_timeout": 5,
            },
        },
    }


DATABASES = {
    "default": _database(
        "DATABASE_URL", DATABASE_URL, f"-c role={APP_ROLE}", DATABASE_THREADS + 12
    ),
    "owner": _database("DATABASE_OWNER_URL", DATABASE_OWNER_URL, "", 6),
}
DATABASE_ROUTERS = ["tenants.scope.RoleRouter"]

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        # Without an explicit None, redis-py ends every idle subscription after five seconds.
        "CONFIG": {
            "hosts": [{"address": REDIS_URL, "socket_timeout": None}] if REDIS_URL else [],
            "prefix": "livechat",
        },
    }
}

CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 5, "socket_keepalive": True}
# What reads knowledge has a process of its own; all else is the worker's.
CELERY_TASK_ROUTES = {"assistants.tasks.*": {"queue": "ingestion"}}
# The worker's messages are hints of what the database holds: a lost one is found by the next look,
# so nobody keeps book of which have arrived.
CELERY_TASK_QUEUES = [Queue("celery", no_ack=True)]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_POOL = "threads"
CELERY_WORKER_CONCURRENCY = env_int("WORKER_THREADS", 8, at_least=1, at_most=200)
# What beat starts is due every few seconds, so it need not remember when it last did.
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_NAME = "__Host-session" if PRODUCTION else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if PRODUCTION else "csrf"
# Of one path alone, which the other prefix forbids.
REFRESH_COOKIE_NAME = "__Secure-refresh" if PRODUCTION else "refresh"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
# Django's own choice would put what an operator is told into a cookie of its own.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_COOKIE_AGE = 12 * 3600
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
REQUIRE_HTTPS = PRODUCTION
# The edge does what these two want of Django's middleware, for static files and its own errors too.
SILENCED_SYSTEM_CHECKS = ["security.W001", "security.W002"]
ACCESS_TOKEN_LIFETIME = timedelta(minutes=15)
REFRESH_TOKEN_LIFETIME = timedelta(days=14)
REFRESH_TOKEN_IDLE = timedelta(hours=24)

# Figures for Prometheus are served on a port of their own, by every process; none without it.
METRICS_HOST = env_text("METRICS_HOST", "127.0.0.1")
METRICS_PORT = env_int("METRICS_PORT", 0, at_most=65535)
# The rest of OpenTelemetry's variables its own library reads.
TRACES_ENDPOINT = env_url("OTEL_EXPORTER_OTLP_ENDPOINT", schemes={"http", "https"})

LOGGING = logging_config(production=PRODUCTION)

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = not PRODUCTION
MEDIA_ROOT = VAR_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_MEMORY_SIZE = 11 * 1024 * 1024
EMAIL_URL = env_url("EMAIL_URL", schemes={"smtp", "smtps", "file"})
# Without a server, into a folder.
_email = email_from_url("EMAIL_URL", EMAIL_URL or f"file://{VAR_DIR.resolve() / 'mail'}")
EMAIL_BACKEND = (
    "tenants.mail_smtp.Backend" if _email["HOST"] else "tenants.mail_folder.FolderBackend"
)
EMAIL_FILE_PATH = _email["FOLDER"]
EMAIL_HOST, EMAIL_PORT = _email["HOST"], _email["PORT"]
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _email["USER"], _email["PASSWORD"]
EMAIL_USE_TLS, EMAIL_USE_SSL = _email["TLS"], _email["SSL"]
EMAIL_TIMEOUT = 10
MAIL_FROM = env_mail_address("MAIL_FROM") or f"no-reply@{urlsplit(PUBLIC_URL).hostname}"
# () -> the first language of the scope's tenant.
TENANT_LANGUAGE = "widgets.bubbles.first_language"
# A (task's name) -> None that has the worker look at the table.
WORKER_NUDGE = "realtime.bus.nudge"

# The wire's figures that an operator may want to change.
CHAT_WAIT_SECONDS = env_int("CHAT_WAIT_SECONDS", 25, at_least=1, at_most=120)
EVENT_RETENTION_HOURS = env_int("EVENT_RETENTION_HOURS", 24, at_least=24, at_most=24 * 90)
BLITS_CONVERSATION_HOURS = env_int("BLITS_CONVERSATION_HOURS", 24, at_least=1, at_most=24 * 365)
DRAIN_SECONDS = env_int("DRAIN_SECONDS", 10, at_most=60)
UNAUTHENTICATED_SOCKETS_PER_IP = env_int("UNAUTHENTICATED_SOCKETS_PER_IP", 50)

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["tenants.drf.StrictJSONParser"],
    "EXCEPTION_HANDLER": "tenants.drf.exception_handler",
    "DEFAULT_SCHEMA_CLASS": "dashboard.openapi.Schema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "LiveChat API",
    "VERSION": "1.0.0",
    "DESCRIPTION": "Live chat for many tenants: the team's side and the visitor's.",
    "OAS_VERSION": "3.1.1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "AuthorKind": "conversations.models.AuthorKind",
        "AvailabilityStatus": "conversations.models.Availability.Status",
        "ConversationOwner": "conversations.models.Owner",
        "ConversationStatus": "conversations.models.Status",
        "Role": "tenants.models.Membership.Role",
        "Theme": "tenants.preferences.THEMES",
    },
    "PREPROCESSING_HOOKS": ["widgets.description.add_hot_endpoints"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "dashboard.openapi.add_errors",
    ],
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "defaultModelsExpandDepth": -1},
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}
