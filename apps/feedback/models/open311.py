"""Programs of others that hand in requests by Open311."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.common.ids import uuid7


class Open311Key(models.Model):
    """A key of a program; only its hash is kept.  What it hands in belongs to an account of its own."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("name"), max_length=30, unique=True)
    # SHA-256 of 32 random bytes: with so many there is nothing to guess, so no slow hash is needed.
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    resident = models.OneToOneField(
        "accounts.Resident", models.PROTECT, related_name="+", verbose_name=_("account")
    )
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("Open311 key")
        verbose_name_plural = _("Open311 keys")
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name
