"""Logs: JSON lines with a request id and without personal data."""

from __future__ import annotations

import logging
import re
from typing import Any

import structlog
from django.http import HttpRequest, HttpResponse
from django_structlog.middlewares import RequestMiddleware

# Paths whose last part is a secret: a signed picture link, the address for receipts of text messages, a preview link.
SECRET_PATHS = ("/media/signed/", "/sms/receipts/", "/preview/")
# Keys whose values never reach a log, whoever binds them.
SECRET_KEYS = frozenset(
    {
        "access_token", "authorization", "code", "js_code", "nickname", "openid", "password", "phone", "refresh",
        "secret", "session_key", "token", "touser", "unionid", "user_agent",
    }
)  # fmt: skip


class RequestLogMiddleware(RequestMiddleware):
    """Bind a request id, log one line when the request ends and answer the id as ``X-Request-ID``."""

    def handle_response(self, request: HttpRequest, response: HttpResponse) -> None:
        """Add the header before the base class clears the bound values."""
        request_id = structlog.contextvars.get_contextvars().get("request_id")
        if request_id:
            response["X-Request-ID"] = request_id
        super().handle_response(request, response)

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        """Name the method and the path only: a query may hold a place, a phone or a search.

        A signed link to a picture is a key for two hours, so its last part is left out; so is that of other keys.
        """
        path = request.path
        for prefix in SECRET_PATHS:
            if path.startswith(prefix):
                path = prefix + "[removed]"
        return f"{request.method} {path}"


def secrets_drop(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Replace the values of ``SECRET_KEYS``; ``code`` stays when it is a number (an HTTP status, an errcode)."""
    for key in SECRET_KEYS & event.keys():
        if not (key == "code" and isinstance(event[key], int)):
            event[key] = "[removed]"
    return event


# From here on PostgreSQL quotes the offending row, over as many lines as its texts have; up to the next traceback.
_ROW_IN_ERROR = re.compile(
    r"(?:DETAIL|CONTEXT|LINE \d+):.*?(?=\n\n(?:The above exception|During handling)|\nTraceback |\Z)",
    re.DOTALL,
)


def rows_drop(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Remove what a database error quotes of a row, in every text: a refused case would stand in the log."""
    for key, value in event.items():
        if isinstance(value, str) and ":" in value:
            event[key] = _ROW_IN_ERROR.sub("[row removed]", value)
    return event


_SHARED: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.PositionalArgumentsFormatter(),
    secrets_drop,
    structlog.processors.format_exc_info,
    rows_drop,
]


def logging_config(*, level: str) -> dict[str, Any]:
    """Return the ``dictConfig`` of the process and set structlog up to feed it."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    logging.captureWarnings(capture=True)
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.JSONRenderer(ensure_ascii=False),
                ],
                "foreign_pre_chain": _SHARED,
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"level": level},
            # Django logs each 4xx with its path and query; our own line has the status already.
            "django.request": {"level": "ERROR"},
            "django.server": {"level": "WARNING"},
            "axes": {"level": "WARNING"},
            "celery": {"level": level},
        },
    }
