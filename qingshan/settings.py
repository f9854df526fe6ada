"""Settings: one file, the same for every mode; what differs comes from the environment (``.env.example``).

The mode (``QINGSHAN_MODE``) is production unless named otherwise, and production refuses to start with anything
unsafe (``qingshan.checks``).
"""

from __future__ import annotations

import base64
import logging
import os
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

from django_prose_editor.config import html_tags
from environs import validate
from js_asset import static_lazy

from apps.feedback.states import CaseState
from apps.schools.states import ApplicationState, OfferState, RoundState
from qingshan import env as environment
from qingshan.admin_site import UNFOLD as UNFOLD
from qingshan.checks import production_refuse
from qingshan.logs import logging_config

environment.environment_load()
env = environment.env

BASE_DIR = Path(__file__).resolve().parent.parent
QINGSHAN_MODE = environment.mode()
PRODUCTION = QINGSHAN_MODE == "production"
if QINGSHAN_MODE == "test":
    # Fresh for each run, so that no key stands in the tree.
    os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(48))
    os.environ.setdefault("FIELD_KEYS", "t1:" + base64.b64encode(secrets.token_bytes(32)).decode())
    os.environ.setdefault("LOOKUP_KEY", base64.b64encode(secrets.token_bytes(32)).decode())
    os.environ.setdefault("DATABASE_URL", "postgres://127.0.0.1:1/not-started")
    os.environ.setdefault("REDIS_URL", "redis://127.0.0.1:1/0")
    os.environ.setdefault("WECHAT_APPID", "wx" + secrets.token_hex(8))
    os.environ.setdefault("WECHAT_SECRET", secrets.token_hex(16))
    os.environ.setdefault("WECHAT_BASE_URL", "http://127.0.0.1:1")

# --- Who we are ------------------------------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", False)
SECRET_KEY = env.str("SECRET_KEY")
FIELD_KEYS = environment.key_ring("FIELD_KEYS")
LOOKUP_KEY = environment.key_bytes("LOOKUP_KEY")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["127.0.0.1", "localhost"])
PUBLIC_BASE_URL = env.str("PUBLIC_BASE_URL", "http://127.0.0.1:8000")
CSRF_TRUSTED_ORIGINS = [PUBLIC_BASE_URL]
METRICS_TOKEN = env.str("METRICS_TOKEN", "")

INSTALLED_APPS = [
    "qingshan",
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.simple_history",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "drf_standardized_errors",
    "django_filters",
    "django_structlog",
    "django_prometheus",
    "django_prose_editor",
    "simple_history",
    "axes",
    "apps.common",
    "apps.wechat",
    "apps.accounts",
    "apps.sheets",
    "apps.safety",
    "apps.notifications",
    "apps.capacity",
    "apps.facilities",
    "apps.clinics",
    "apps.schools",
    "apps.news",
    "apps.feedback",
    "apps.reports",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "qingshan.logs.RequestLogMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "axes.middleware.AxesMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "qingshan.urls"
WSGI_APPLICATION = "qingshan.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- Where things are kept ---------------------------------------------------------------------------------------
DATABASES = {"default": environment.database(env.str("DATABASE_URL"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = env.str("REDIS_URL")
CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "apps.common.cache.ForgivingRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "qs",
        "OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 1.0},
    },
}
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", str(BASE_DIR / ".local" / "media")))
MEDIA_URL = "/media/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", str(BASE_DIR / ".local" / "static")))
STATIC_URL = "/static/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if QINGSHAN_MODE != "test"
        else "django.contrib.staticfiles.storage.StaticFilesStorage",
        "OPTIONS": {"file_permissions_mode": 0o644},
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o640

# --- Language and time ---------------------------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "locale", BASE_DIR / "locale" / "third_party"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

# The text editor's button for pictures of the media library; what a text may hold is news' own gate (apps/news/text.py).
DJANGO_PROSE_EDITOR_EXTENSIONS = [
    {"js": [static_lazy("qingshan/editor-picture.js")], "extensions": {"Picture": html_tags([])}}
]

# --- Staff -----------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.Staff"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
# MLPS-2: a session that is idle for 30 minutes ends, and so does one whose browser closes.
SESSION_COOKIE_AGE = 30 * 60
SESSION_SAVE_EVERY_REQUEST = True
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
# MLPS-2: five failures lock the pair of name and address for ten minutes.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=10)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
# MLPS-8: sign-ins and sign-outs of staff are rows (axes' access log).
AXES_DISABLE_ACCESS_LOG = False
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False
AXES_CLIENT_IP_CALLABLE = "apps.common.api.client_address.client_address"

NUM_PROXIES = env.int("NUM_PROXIES", 0)
# A demonstration is played with, and measured, from one address.
THROTTLE_SCALE = env.int("THROTTLE_SCALE", 1 if PRODUCTION else 50)

# --- The API -----------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["apps.accounts.api.authentication.ResidentAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["apps.common.api.permissions.Unreachable"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["apps.common.api.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_standardized_errors.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "apps.common.api.errors.exception_handler",
    "DEFAULT_THROTTLE_CLASSES": ["apps.common.api.throttling.ResidentThrottle"],
    "DEFAULT_THROTTLE_RATES": {
        # Per resident, and per address for who sends no token: a carrier's whole town may share one.
        "read": f"{600 * THROTTLE_SCALE}/min",
        "write": f"{60 * THROTTLE_SCALE}/min",
        "sign_in": f"{300 * THROTTLE_SCALE}/min",
        "upload": f"{60 * THROTTLE_SCALE}/min",
    },
    "NUM_PROXIES": NUM_PROXIES,
    "UNAUTHENTICATED_USER": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "DATETIME_FORMAT": "iso-8601",
}
DRF_STANDARDIZED_ERRORS = {
    "ALLOWED_ERROR_STATUS_CODES": ["400", "401", "403", "404", "409", "422", "429", "503"],
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Qingshan public engagement",
    "DESCRIPTION": "The API of the district's mini-program. docs/api-notes.md tells what the schema can not say.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "ValidationErrorEnum": "drf_standardized_errors.openapi_serializers.ValidationErrorEnum.choices",
        "ClientErrorEnum": "drf_standardized_errors.openapi_serializers.ClientErrorEnum.choices",
        "ServerErrorEnum": "drf_standardized_errors.openapi_serializers.ServerErrorEnum.choices",
        # Fields of the same name with other values: each set gets its own.
        "StateEnum": [state.value for state in CaseState],
        "CorrectionStateEnum": ["received", "accepted", "declined"],
        "KindEnum": ["article", "case", "service"],
        "OrganisationKindEnum": ["government", "public", "social", "market"],
        "ServiceKindEnum": ["service", "matter"],
        "PaperKindEnum": ["hukou", "birth", "property", "residence", "other"],
        "PatientRelationEnum": ["self", "child", "parent", "other"],
        "GuardianRelationEnum": ["mother", "father", "other"],
        "RoundStateEnum": [state.value for state in RoundState],
        "ApplicationStateEnum": [state.value for state in ApplicationState],
        "PlaceOfferStateEnum": [state.value for state in OfferState],
    },
    "POSTPROCESSING_HOOKS": ["drf_standardized_errors.openapi_hooks.postprocess_schema_enums"],
}
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=30),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=30),
    "ALGORITHM": "HS256",
    "SIGNING_KEY": SECRET_KEY,
    "AUDIENCE": "mini-program",
    "ISSUER": "qingshan",
}

# --- Work in the background ----------------------------------------------------------------------------------------------
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_SOFT_TIME_LIMIT = 240
CELERY_TASK_DEFAULT_QUEUE = "periodic"
CELERY_TASK_CREATE_MISSING_QUEUES = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_MAX_TASKS_PER_CHILD = 5000
# A broker that blinks must not kill a pump between sending and recording: rows are claimed, so a task handed out
# twice does no harm, a cancelled one would send its batch again.
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_POOL_LIMIT = 4
# Longer than the longest task, else Redis hands a running task out twice.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,
    "socket_connect_timeout": 0.5,
    "socket_timeout": 5.0,
    "retry_on_timeout": False,
}
CELERY_TIMEZONE = TIME_ZONE
OUTBOX_SWEEP_S = env.int("OUTBOX_SWEEP_S", 60)
# How long a claim on a delivery holds: longer than the slowest send of one batch.
OUTBOX_CLAIM_S = env.int("OUTBOX_CLAIM_S", 60)
# How long a message that may have left waits for the provider's receipt before it is decided about.
OUTBOX_RECEIPT_WAIT_S = env.int("OUTBOX_RECEIPT_WAIT_S", 120)
# Messages a second by channel and lane, 0 for no limit.  A campaign has a bucket of its own.
CHANNEL_RATES = {
    "wechat": {"interactive": env.float("WECHAT_PER_S", 0), "bulk": env.float("WECHAT_BULK_PER_S", 500)},
    "sms": {"interactive": env.float("SMS_PER_S", 0), "bulk": env.float("SMS_BULK_PER_S", 200)},
}

# --- WeChat ------------------------------------------------------------------------------------------------------------------
WECHAT_APPID = env.str("WECHAT_APPID", "")
WECHAT_SECRET = env.str("WECHAT_SECRET", "")
WECHAT_BASE_URL = env.str("WECHAT_BASE_URL", "https://api.weixin.qq.com")
WECHAT_TIMEOUT_S = env.float("WECHAT_TIMEOUT_S", 5.0)
WECHAT_MINIPROGRAM_STATE = env.str(
    "WECHAT_MINIPROGRAM_STATE", "formal", validate=validate.OneOf(("developer", "trial", "formal"))
)
WECHAT_PUSH_TOKEN = env.str("WECHAT_PUSH_TOKEN", "")
WECHAT_PUSH_AES_KEY = env.str("WECHAT_PUSH_AES_KEY", "")
WECHAT_PUSH_MODE = env.str(
    "WECHAT_PUSH_MODE", "safe", validate=validate.OneOf(("plain", "compatible", "safe"))
)
WECHAT_PUSH_WINDOW_S = env.int("WECHAT_PUSH_WINDOW_S", 300)

# --- Text messages: the module ``apps/notifications/channels/<provider>_sms.py``; without a secret none is sent ---------
SMS_PROVIDER = env.str("SMS_PROVIDER", "tencent", validate=validate.OneOf(("tencent",)))
SMS_BASE_URL = env.str("SMS_BASE_URL", "https://sms.tencentcloudapi.com")
SMS_SECRET_ID = env.str("SMS_SECRET_ID", "")
SMS_SECRET_KEY = env.str("SMS_SECRET_KEY", "")
SMS_SDK_APP_ID = env.str("SMS_SDK_APP_ID", "")
SMS_REGION = env.str("SMS_REGION", "ap-guangzhou")
SMS_TIMEOUT_S = env.float("SMS_TIMEOUT_S", 8.0)
SMS_CALLBACK_TOKEN = env.str("SMS_CALLBACK_TOKEN", "")

# --- E-mail to staff -----------------------------------------------------------------------------------------------------
# Without a host no mail is sent; notices are read at the desk in any case.
EMAIL_HOST = env.str("EMAIL_HOST", "")
EMAIL_PORT = env.int("EMAIL_PORT", 465)
EMAIL_HOST_USER = env.str("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env.str("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_SSL = env.bool("EMAIL_USE_SSL", True)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "")

# --- Content safety --------------------------------------------------------------------------------------------------------------
# How long one question about a text may take: it runs beside messages that residents wait for.
SAFETY_TIMEOUT_S = env.float("SAFETY_TIMEOUT_S", 2.0)

# --- Safe transport ------------------------------------------------------------------------------------------------------------
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_SECURE = PRODUCTION
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if PRODUCTION else 0
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None

# --- Figures and logs -------------------------------------------------------------------------------------------------------------
PROMETHEUS_EXPORT_MIGRATIONS = False
PROMETHEUS_LATENCY_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, float("inf"))
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
# One line a request, with no person in it: the audit rows say who did what.
DJANGO_STRUCTLOG_USER_ID_FIELD = ""
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_CELERY_TASK_START_LOG_LEVEL = logging.DEBUG
LOGGING = logging_config(level=env.str("LOG_LEVEL", "INFO"))

if PRODUCTION:
    production_refuse(globals())
