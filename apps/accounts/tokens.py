"""Tokens of residents: an access token of 30 minutes and a refresh token that turns with each use."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from django.conf import settings
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a sign-in or a refresh answers; ``expires_in`` seconds for the access token."""

    access: str
    refresh: str
    refresh_jti: str
    expires_in: int


def refresh_lifetime() -> dt.timedelta:
    """Return how long a refresh token lives unused."""
    return cast(dt.timedelta, settings.SIMPLE_JWT["REFRESH_TOKEN_LIFETIME"])


def pair_make(*, resident_id: UUID, session_id: UUID) -> TokenPair:
    """Return fresh tokens of the session."""
    refresh: Any = RefreshToken()
    access: Any = AccessToken()
    for token in (refresh, access):
        token["sub"], token["sid"] = str(resident_id), str(session_id)
    return TokenPair(str(access), str(refresh), refresh["jti"], int(access.lifetime.total_seconds()))


def access_read(text: str) -> UUID | None:
    """Return the session id of a valid access token, else None."""
    return _session_of(AccessToken, text)[0]


def refresh_read(text: str) -> tuple[UUID | None, str]:
    """Return the session id and the token id of a valid refresh token, else (None, "")."""
    return _session_of(RefreshToken, text)


def _session_of(kind: Any, text: str) -> tuple[UUID | None, str]:
    try:
        token = kind(text)
        return UUID(token["sid"]), str(token["jti"])
    except (TokenError, KeyError, ValueError, TypeError):
        return None, ""
