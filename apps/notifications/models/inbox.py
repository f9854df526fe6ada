"""The inbox: the record of truth."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.common.ids import uuid7
from apps.notifications.querysets import InboxQuerySet


class InboxMessage(models.Model):
    """What a resident was told: written with the change that it tells of, and shown as it was written for ever."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    resident = models.ForeignKey(
        "accounts.Resident", models.CASCADE, related_name="+", verbose_name=_("resident")
    )
    kind = models.CharField(_("kind"), max_length=60)
    # The version of the texts it was written with; 0 is the one that comes with the program.
    text_version = models.PositiveIntegerField(_("version of the text"), default=0, db_default=0)
    title = models.CharField(_("title"), max_length=100)
    body = models.TextField(_("text"), max_length=4000)
    page = models.CharField(max_length=100)
    params = models.JSONField(default=dict)
    fields = models.JSONField(default=dict)  # frozen: what the texts were made from
    dedup_key = models.CharField(max_length=120, unique=True)
    created_at = models.DateTimeField(_("created"))
    read_at = models.DateTimeField(_("read"), null=True)

    objects = InboxQuerySet.as_manager()

    class Meta:
        verbose_name = _("inbox message")
        verbose_name_plural = _("inbox messages")
        indexes: ClassVar = [
            models.Index(fields=["resident", "-id"], name="inbox_newest"),
            # By id as well, so that the unread ones are read newest first without sorting.
            models.Index(fields=["resident", "-id"], condition=Q(read_at=None), name="inbox_unread_newest"),
            BrinIndex(fields=["created_at"], name="inbox_created", autosummarize=True),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
