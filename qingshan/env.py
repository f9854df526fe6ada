"""The typed environment: the one place that reads environment variables."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Literal, cast
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from environs import Env

Mode = Literal["development", "test", "production"]
ROOT = Path(__file__).resolve().parent.parent

env = Env()


def environment_load() -> None:
    """Read ``.env``; without a mode named there or in the process, read what a running demo left.

    The demo's file is never read once a mode has been named, so that production can not pick it up by accident.
    """
    env.read_env(str(ROOT / ".env"), recurse=False)
    if "QINGSHAN_MODE" not in os.environ:
        env.read_env(str(ROOT / ".local" / "demo.env"), recurse=False)


def mode() -> Mode:
    """Return the mode; an unnamed one is production, because that one refuses what is unsafe."""
    value = env.str("QINGSHAN_MODE", "production")
    if value not in ("development", "test", "production"):
        raise ImproperlyConfigured(f"QINGSHAN_MODE is {value!r}; it takes development, test or production.")
    return cast(Mode, value)


def key_bytes(name: str, *, length: int = 32) -> bytes:
    """Return a key of ``length`` bytes given as base64.  Raises ImproperlyConfigured without showing the value."""
    try:
        raw = base64.b64decode(env.str(name), validate=True)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is not base64.") from error
    if len(raw) != length:
        raise ImproperlyConfigured(f"{name} holds {len(raw)} bytes, it takes {length}.")
    return raw


def key_ring(name: str) -> dict[str, bytes]:
    """Return the keys of ``id:base64[,id:base64…]`` by id, the newest first: it encrypts, all of them decrypt."""
    ring: dict[str, bytes] = {}
    parts: list[str] = env.list(name)
    for part in parts:
        key_id, _, text = part.strip().partition(":")
        try:
            raw = base64.b64decode(text, validate=True)
        except ValueError as error:
            raise ImproperlyConfigured(f"{name}: key {key_id!r} is not base64.") from error
        if len(raw) != 32 or not 1 <= len(key_id) <= 8:
            raise ImproperlyConfigured(
                f"{name}: key {key_id!r} takes an id of 1 to 8 characters and 32 bytes."
            )
        ring[key_id] = raw
    if not ring:
        raise ImproperlyConfigured(f"{name} holds no key.")
    return ring


def database(url: str) -> dict[str, object]:
    """Return Django's DATABASES entry for ``postgres://user:password@host:port/name``."""
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise ImproperlyConfigured("DATABASE_URL takes a postgres:// address.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        # Kept open between requests. No health check: it costs a statement a request, and a connection that
        # a restart of the server broke gives one error and is opened anew.
        "CONN_MAX_AGE": 300,
        "OPTIONS": {
            "connect_timeout": 5,
            # Prepared on the server from the third use on: planning took longer than running. It needs a connection of
            # its own per client: a pooler in transaction mode stands in the way.
            "server_side_binding": True,
            "prepare_threshold": 3,
            "options": "-c statement_timeout=15000 -c lock_timeout=5000 -c idle_in_transaction_session_timeout=60000",
        },
    }
