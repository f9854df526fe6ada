"""Which reminder of a deadline was sent: each once for each deadline."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.common.ids import uuid7
from apps.feedback.models.cases import Case


class Reminder(models.Model):
    """That staff were reminded of a stage of a case, or that it went up a step because it was late (升级)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="reminders", verbose_name=_("case"))
    stage = models.CharField(_("stage"), max_length=8)  # sign, contact, reply
    step = models.CharField(_("step"), max_length=12)  # half, most, late_1, late_2, late_3
    due_at = models.DateTimeField(_("deadline"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "stage", "step", "due_at"], name="reminder_once"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.stage} {self.step}"
