"""What was learnt about which text belongs to which category, version by version."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.common.ids import uuid7


class SuggestionModel(models.Model):
    """A model of the suggestion of categories (智能分类): its weights as plain data, and how well it did on texts held out."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    version = models.PositiveIntegerField(_("version"), unique=True)
    trained_at = models.DateTimeField(_("trained"))
    # {"texts": n, "words": n, "samples": n, "cases": n}
    trained_on = models.JSONField(_("trained on"), default=dict)
    weights = models.BinaryField()
    top1 = models.FloatField(_("right at first"))
    top3 = models.FloatField(_("right among three"))
    held_out_n = models.PositiveIntegerField(_("texts held out"))
    is_active = models.BooleanField(_("live"), default=False)

    class Meta:
        verbose_name = _("suggestion model")
        verbose_name_plural = _("suggestion models")
        ordering: ClassVar = ["-version"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["is_active"], condition=Q(is_active=True), name="suggestion_one_live"
            ),
            models.CheckConstraint(
                condition=Q(top1__gte=0, top1__lte=1, top3__gte=0, top3__lte=1), name="suggestion_shares"
            ),
        ]

    def __str__(self) -> str:
        return str(self.version)
