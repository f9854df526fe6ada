"""Who a bearer token names."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed

from apps.accounts import selectors, tokens
from apps.accounts.models import Resident
from apps.common import clock


class ResidentAuthentication(BaseAuthentication):
    """``Authorization: Bearer <access>`` → the resident, with ``agreed``.  1 query."""

    def authenticate(self, request: Any) -> tuple[Resident, None] | None:
        """Return the resident, None without a token.  Raises AuthenticationFailed on a bad one."""
        parts = get_authorization_header(request).decode("latin-1").split()
        if not parts or parts[0].lower() != "bearer":
            return None
        session_id = tokens.access_read(parts[1]) if len(parts) == 2 else None
        resident = session_id and selectors.resident_of_session(session_id=session_id, now=clock.now())
        if not resident:
            raise AuthenticationFailed(_("The sign-in is not valid or has ended."), "token_invalid")
        return resident, None

    def authenticate_header(self, _request: Any) -> str:
        """Make a missing token 401 instead of 403."""
        return 'Bearer realm="api"'


class ResidentAuthenticationScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the schema tells of it."""

    target_class = ResidentAuthentication
    name = "resident"

    def get_security_definition(self, _auto_schema: Any) -> dict[str, str]:
        """Return OpenAPI's description."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
