"""Personal data at rest: AES-256-GCM with a key ring, and a keyed hash to find a value by.

Stored form: ``<key id>:`` + 12 bytes nonce + ciphertext with its 16-byte tag.  The model and field names are
authenticated with it, so that a value moved to another column does not decrypt.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import models


class DecryptionFailed(Exception):
    """The value does not belong here, was changed, or its key is gone.  Carries no part of the value."""


def encrypt(text: str, *, context: str) -> bytes:
    """Return ``text`` encrypted with the newest key of ``FIELD_KEYS``, bound to ``context``."""
    return encrypt_bytes(text.encode(), context=context)


def encrypt_bytes(data: bytes, *, context: str) -> bytes:
    """Return ``data`` encrypted with the newest key of ``FIELD_KEYS``, bound to ``context``."""
    key_id, key = next(iter(settings.FIELD_KEYS.items()))
    nonce = os.urandom(12)
    return key_id.encode() + b":" + nonce + AESGCM(key).encrypt(nonce, data, context.encode())


def decrypt(stored: bytes, *, context: str) -> str:
    """Return the text of ``stored``.  Raises DecryptionFailed."""
    try:
        return decrypt_bytes(stored, context=context).decode()
    except UnicodeDecodeError as error:
        raise DecryptionFailed("no text") from error


def decrypt_bytes(stored: bytes, *, context: str) -> bytes:
    """Return what ``stored`` holds.  Raises DecryptionFailed."""
    key_id, _, rest = bytes(stored).partition(b":")
    key = settings.FIELD_KEYS.get(key_id.decode("ascii", "replace"))
    if key is None:
        raise DecryptionFailed("unknown key")
    try:
        return AESGCM(key).decrypt(rest[:12], rest[12:], context.encode())
    except (InvalidTag, ValueError) as error:
        raise DecryptionFailed("wrong key, place or bytes") from error


def lookup_hash(value: str, *, purpose: str) -> str:
    """Return 64 hex digits: HMAC-SHA256 of ``value`` under ``LOOKUP_KEY``, different for each ``purpose``.

    An unkeyed hash of a phone number is guessed in seconds; this one needs the key.
    """
    return hmac.new(settings.LOOKUP_KEY, f"{purpose}\x00{value}".encode(), hashlib.sha256).hexdigest()


class EncryptedTextField(models.BinaryField):  # type: ignore[type-arg]
    """A text that stands encrypted in the database.  It can not be filtered by; keep a ``lookup_hash`` beside it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)

    def _context(self) -> str:
        return f"{self.model._meta.label_lower}.{self.attname}"

    def get_prep_value(self, value: Any) -> Any:
        """Encrypt a text; None and already encrypted bytes pass."""
        return encrypt(value, context=self._context()) if isinstance(value, str) else value

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """Hand the encrypted bytes to the driver."""
        return super().get_db_prep_value(value if prepared else self.get_prep_value(value), connection, True)

    def from_db_value(self, value: Any, _expression: Any, _connection: Any) -> str | None:
        """Return the text, or None."""
        return None if value is None else decrypt(bytes(value), context=self._context())

    def value_to_string(self, obj: models.Model) -> str:
        """Refuse to be written to a fixture: a dump must not hold personal data in the clear."""
        raise DecryptionFailed(f"{self._context()} is not serialised")
