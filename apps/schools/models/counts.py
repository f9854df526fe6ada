"""The seat counter as it stood at the end of each day."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.schools.models.rounds import Intake


class IntakeCount(models.Model):
    """What the public counter of an intake said in the evening of a day.  Kept for good, written once."""

    intake = models.ForeignKey(Intake, models.PROTECT, related_name="counts", verbose_name=_("intake"))
    on = models.DateField(_("day"))
    places = models.PositiveIntegerField(_("places now"))
    applied = models.PositiveIntegerField(_("applied"))
    verified = models.PositiveIntegerField(_("verified"))
    offered = models.PositiveIntegerField(_("offered"))
    accepted = models.PositiveIntegerField(_("place accepted"))
    waiting = models.PositiveIntegerField(_("waiting"))

    class Meta:
        verbose_name = _("count of a day")
        verbose_name_plural = _("counts of days")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["intake", "on"], name="intake_count_once_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.on}"
