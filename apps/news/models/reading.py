"""What residents keep of the articles, and which batches of hits were added."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.common.ids import uuid7
from apps.news.models.articles import Article


class Favourite(models.Model):
    """That a resident wants to find an article again (收藏)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    resident = models.ForeignKey(
        "accounts.Resident", models.CASCADE, related_name="+", verbose_name=_("resident")
    )
    article = models.ForeignKey(Article, models.CASCADE, related_name="+", verbose_name=_("article"))
    created_at = models.DateTimeField(_("kept since"))

    class Meta:
        verbose_name = _("favourite")
        verbose_name_plural = _("favourites")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["resident", "article"], name="favourite_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["resident", "-created_at", "-id"], name="favourite_newest"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class HitBatch(models.Model):
    """That a batch of hits was added to the publications: none is added twice.  Kept for a day."""

    id = models.UUIDField(primary_key=True)
    added_at = models.DateTimeField(_("added"))

    class Meta:
        verbose_name = _("batch of hits")
        verbose_name_plural = _("batches of hits")

    def __str__(self) -> str:
        return str(self.id)
