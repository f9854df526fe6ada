"""Columns of the news."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Column(models.Model):
    """A column (栏目) of the news; a tree of two levels."""

    slug = models.SlugField(_("slug"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=30)
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("parent column"),
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("column")
        verbose_name_plural = _("columns")
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(parent=F("id")), name="column_not_its_own_parent"),
        ]

    def __str__(self) -> str:
        return self.name
