"""From an exception to the one error shape: ``{"type", "errors": [{"code", "detail", "attr"}]}``."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import RequestDataTooBig, TooManyFilesSent
from django.db import DataError, InterfaceError, OperationalError
from django.utils.translation import gettext_lazy as _
from drf_standardized_errors.formatter import ExceptionFormatter
from drf_standardized_errors.handler import ExceptionHandler
from drf_standardized_errors.types import ErrorResponse
from rest_framework import exceptions
from rest_framework.response import Response

from apps.common.errors import Refused


class Refusal(exceptions.APIException):
    """A ``Refused`` in DRF's terms."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.text(), refused.code)
        self.status_code = refused.status
        self.attr = refused.attr
        self.wait = refused.facts.get("retry_after_s") or (5 if refused.status == 503 else None)
        self.extra = refused.facts


class BodyTooBig(exceptions.APIException):
    status_code = 413
    default_code = "body_too_big"
    default_detail = _("The request is larger than the limit.")


class Unstorable(exceptions.APIException):
    """A path or query holds what PostgreSQL can not: a NUL byte, a number out of range."""

    status_code = 400
    default_code = "bad_request"
    default_detail = _("The request can not be read.")


class Busy(exceptions.APIException):
    """The database is away or a lock was not to be had in time: the same request may be sent again."""

    status_code = 503
    default_code = "busy"
    default_detail = _("The service is busy. Please try again in a moment.")
    wait = 5


class Formatter(ExceptionFormatter):
    """The package's shape; a refusal also names its field and gives its facts beside code and detail."""

    def format_error_response(self, error_response: ErrorResponse) -> Any:
        """Return the body."""
        body = super().format_error_response(error_response)
        if isinstance(self.exc, Refusal):
            body["type"] = "server_error" if self.exc.status_code >= 500 else "client_error"
            if self.exc.status_code == 400:
                body["type"] = "validation_error"
            facts = {k: v for k, v in self.exc.extra.items() if k not in ("code", "detail", "attr")}
            body["errors"][0] |= {"attr": self.exc.attr} | facts
        return body


class Handler(ExceptionHandler):
    """Also turns refusals, oversized bodies and an absent database into their statuses."""

    def convert_known_exceptions(self, exc: Exception) -> Exception:
        """Return DRF's exception for ours."""
        if isinstance(exc, Refused):
            return Refusal(exc)
        if isinstance(exc, RequestDataTooBig | TooManyFilesSent):
            return BodyTooBig()
        if isinstance(exc, DataError):
            return Unstorable()
        if isinstance(exc, OperationalError | InterfaceError):
            return Busy()
        return super().convert_known_exceptions(exc)

    def convert_unhandled_exceptions(self, exc: Exception) -> exceptions.APIException:
        """Say in Chinese that it is our fault, and nothing else."""
        if not isinstance(exc, exceptions.APIException):
            return exceptions.APIException(
                _("Something went wrong on our side. It has been recorded."), "error"
            )
        return exc

    def format_exception(self, exc: exceptions.APIException) -> Any:
        """Use the formatter above."""
        return Formatter(exc, self.context, self.exc).run()


def exception_handler(exc: Exception, context: Any) -> Response | None:
    """DRF's hook."""
    return Handler(exc, context).run()
