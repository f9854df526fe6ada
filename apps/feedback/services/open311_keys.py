"""Keys of programs that hand in requests by Open311."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from apps.accounts import services as accounts
from apps.common.errors import Refused
from apps.feedback.models import Open311Key


class Open311NameTaken(Refused):
    code = "open311_name_taken"
    message = _("There is a key of this name already.")
    status = 409


def open311_key_hash(key: str) -> str:
    """Return what a key is found by."""
    return hashlib.sha256(key.encode()).hexdigest()


def open311_key_create(*, name: str, now: dt.datetime) -> tuple[Open311Key, str]:
    """Make a key for a program, with an account that its requests belong to; returns the row and the key.  4 queries.

    ``name``  1 to 30 characters, shown as the account's name
    The key is 43 characters and is shown once: only its hash is kept.  Raises Open311NameTaken.
    """
    key = secrets.token_urlsafe(32)
    with transaction.atomic():
        if Open311Key.objects.filter(name=name).exists():
            raise Open311NameTaken(attr="name")
        row = Open311Key.objects.create(
            name=name, key_hash=open311_key_hash(key), created_at=now,
            resident=accounts.service_resident_make(label=name, now=now),
        )  # fmt: skip
    return row, key
