"""What residents look for before they write a case, and whether the district's own pages answered it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.common.ids import uuid7
from apps.feedback.models.cases import Case
from apps.feedback.models.tables import Category


class Inquiry(models.Model):
    """One look for an answer (先查后报): of nobody in particular, its text masked; kept 180 days."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField(_("at"))
    text = models.CharField(_("text"), max_length=200)
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, related_name="+", verbose_name=_("probable category")
    )
    answers = models.PositiveSmallIntegerField(_("answers shown"))
    # What the resident said was the answer (自助解决), or the case that was written all the same.
    solved_at = models.DateTimeField(_("solved at"), null=True)
    solved_by = models.CharField(_("solved by"), max_length=200, blank=True)
    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="+", verbose_name=_("case"))

    class Meta:
        verbose_name = _("look for an answer")
        verbose_name_plural = _("looks for an answer")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(solved_at=None, solved_by="") | (Q(solved_at__isnull=False) & ~Q(solved_by="")),
                name="inquiry_solved_whole",
            ),
            models.CheckConstraint(condition=Q(solved_at=None) | Q(case=None), name="inquiry_one_end"),
        ]
        indexes: ClassVar = [models.Index(fields=["-at"], name="inquiry_newest")]

    def __str__(self) -> str:
        return f"{self.at:%F %T}"
