"""Columns of the news and who works in which of them."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

DEPTH_MOST = 4


class Column(models.Model):
    """A column (栏目) of the news; a tree of at most four levels.

    ``path`` is the way from the root, ``/livelihood/education/``: what lies below a column begins with it, so a
    subtree is one condition and not one for each branch.
    """

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
    path = models.CharField(_("path"), max_length=200, unique=True, editable=False)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("active"), default=True)
    levels = models.PositiveSmallIntegerField(
        _("reviews"), default=3, validators=[MinValueValidator(1), MaxValueValidator(3)],
        help_text=_("1: final review only; 2: first and final; 3: first, second and final."),
    )  # fmt: skip
    proofs = models.PositiveSmallIntegerField(
        _("proof passes"), default=3, validators=[MaxValueValidator(3)],
        help_text=_("How often a text is proof-read, each time by someone else, before the final signature."),
    )  # fmt: skip
    stale_days = models.PositiveSmallIntegerField(
        _("longest time without a new item, in days"), null=True, blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(3660)],
        help_text=_("Empty: the column is not inspected for age."),
    )  # fmt: skip
    stale_basis = models.CharField(_("source of the limit"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("column")
        verbose_name_plural = _("columns")
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(parent=F("id")), name="column_not_its_own_parent"),
            models.CheckConstraint(
                condition=Q(path__regex=r"^/([a-z0-9_-]+/){1,4}$"), name="column_path_shape"
            ),
            models.CheckConstraint(condition=Q(levels__gte=1, levels__lte=3), name="column_levels"),
            models.CheckConstraint(condition=Q(proofs__lte=3), name="column_proofs"),
            models.CheckConstraint(
                condition=Q(stale_days=None) | Q(stale_days__gte=1), name="column_stale_days"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ColumnRight(models.Model):
    """That a member of staff works in a column and all below it; without a column in the whole tree."""

    staff = models.ForeignKey(
        "accounts.Staff", models.CASCADE, related_name="column_rights", verbose_name=_("member of staff")
    )
    column = models.ForeignKey(
        Column, models.CASCADE, null=True, blank=True, related_name="rights", verbose_name=_("column"),
        help_text=_("Empty: all columns."),
    )  # fmt: skip

    class Meta:
        verbose_name = _("right in a column")
        verbose_name_plural = _("rights in columns")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["staff", "column"], nulls_distinct=False, name="column_right_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.staff_id} {self.column_id or '/'}"
