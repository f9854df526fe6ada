"""What staff keep for their work: templates of texts, filters of the queue, and the log of exports."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from apps.common.ids import uuid7
from apps.feedback.models.tables import Category


class ReplyTemplate(models.Model):
    """A text to start an answer from; ``{{…}}`` stands where something must be filled in."""

    class Use(models.TextChoices):
        REPLY = "reply", _("answer")
        REFUSE = "refuse", _("not accepted")
        ASK = "ask", _("question")

    name = models.CharField(_("name"), max_length=60)
    use = models.CharField(_("for"), max_length=8, choices=Use, default=Use.REPLY)
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("category"),
        help_text=_("A group stands for all below it; empty: any."),
    )  # fmt: skip
    text = models.TextField(
        _("text"), max_length=2000,
        help_text=_("Number, unit, category and deadline in {{ }} are filled in by themselves; all other {{…}} by staff."),
    )  # fmt: skip
    is_active = models.BooleanField(_("active"), default=True)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("reply template")
        verbose_name_plural = _("reply templates")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(use__in=["reply", "refuse", "ask"]), name="reply_template_use"
            ),
            models.UniqueConstraint(fields=["name", "use"], name="reply_template_name"),
        ]

    def __str__(self) -> str:
        return self.name


class CaseExport(models.Model):
    """That someone took cases out of the system: who, why, which, how many.  Never changed; kept 3 years (PIPL 21)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    staff = models.ForeignKey(
        "accounts.Staff", models.PROTECT, related_name="+", verbose_name=_("member of staff")
    )
    at = models.DateTimeField(_("at"))
    reason = models.CharField(_("reason"), max_length=200)
    query = models.CharField(_("filter"), max_length=500, blank=True)
    columns = ArrayField(models.CharField(max_length=30), verbose_name=_("columns"))
    rows = models.PositiveIntegerField(_("rows"))

    class Meta:
        verbose_name = _("export of cases")
        verbose_name_plural = _("exports of cases")
        indexes: ClassVar = [models.Index(fields=["-at"], name="case_export_newest")]

    def __str__(self) -> str:
        return f"{self.at:%F %T} {self.rows}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write once."""
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)
