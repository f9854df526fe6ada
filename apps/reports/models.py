"""Definitions of indicators, exclusions of cases from them, and what was counted day by day."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.common.ids import uuid7
from apps.common.models import ValidityQuerySet
from apps.reports.definitions import Basis
from apps.reports.labels import BASIS_LABELS


class IndicatorDefinition(models.Model):
    """What an indicator means, in words; ``definitions.FORMULAS`` holds the formula of the same code and version."""

    code = models.CharField(_("code"), max_length=30)
    version = models.PositiveSmallIntegerField(_("version"))
    name = models.CharField(_("name"), max_length=30)
    numerator = models.CharField(_("numerator"), max_length=300)
    denominator = models.CharField(_("denominator"), max_length=300, blank=True)
    exclusions = models.CharField(_("left out"), max_length=300, blank=True)
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    source = models.CharField(_("source"), max_length=300)
    small_sample = models.PositiveSmallIntegerField(
        _("small sample below"), default=30, help_text=_("A rate over fewer cases is marked.")
    )
    is_published = models.BooleanField(_("published"), default=False)
    position = models.PositiveSmallIntegerField(_("order"), default=100)

    objects = ValidityQuerySet.as_manager()

    class Meta:
        verbose_name = _("definition of an indicator")
        verbose_name_plural = _("definitions of indicators")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["code", "version"], name="indicator_version_once"),
            models.UniqueConstraint(fields=["code", "valid_from"], name="indicator_once_per_date"),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gt=F("valid_from")), name="indicator_validity"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


class CaseExclusion(models.Model):
    """That a case is left out of indicators (剔除): asked with a reason, decided by somebody else."""

    class State(models.TextChoices):
        ASKED = "asked", _("asked for")
        APPROVED = "approved", _("approved")
        DENIED = "denied", _("denied")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey("feedback.Case", models.PROTECT, related_name="+", verbose_name=_("case"))
    basis = models.CharField(
        _("basis"), max_length=14, choices=[(basis.value, BASIS_LABELS[basis]) for basis in Basis]
    )
    reason = models.CharField(_("reason"), max_length=500)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.ASKED)
    asked_by = models.ForeignKey(
        "accounts.Staff", models.PROTECT, related_name="+", verbose_name=_("asked by")
    )
    asked_at = models.DateTimeField(_("asked at"))
    decided_by = models.ForeignKey(
        "accounts.Staff", models.PROTECT, null=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided at"), null=True)
    # Since when the figures of the case's days leave it out; empty until they were counted anew.
    counted_at = models.DateTimeField(_("left out of the figures since"), null=True)

    class Meta:
        verbose_name = _("exclusion of a case")
        verbose_name_plural = _("exclusions of cases")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(state__in=["asked", "approved"]), name="exclusion_one_active"
            ),
            models.CheckConstraint(
                condition=Q(basis__in=[basis.value for basis in Basis]), name="exclusion_basis"
            ),
            models.CheckConstraint(
                condition=Q(state="asked", decided_by=None, decided_at=None)
                | Q(state__in=["approved", "denied"], decided_by__isnull=False, decided_at__isnull=False),
                name="exclusion_decided",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("asked_by")), name="exclusion_four_eyes"
            ),
            models.CheckConstraint(
                condition=Q(counted_at=None) | Q(state="approved"), name="exclusion_counted_if_approved"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["id"], condition=Q(state="approved", counted_at=None), name="exclusion_to_count"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.basis}"


def _count() -> models.IntegerField[int, int]:
    return models.IntegerField(default=0)


class Measured(models.Model):
    """A column for each ``Measure``."""

    submitted = _count()
    accepted = _count()
    refused = _count()
    dispatched = _count()
    contact_ended = _count()
    contact_in_time = _count()
    answered = _count()
    answered_in_time = _count()
    verified = _count()
    rated = _count()
    resolved = _count()
    satisfied = _count()
    reopened = _count()
    merged = _count()
    withdrawn = _count()
    nudges = _count()
    returns_sent = _count()
    returns_received = _count()
    returned_s = models.BigIntegerField(default=0)
    overdue_change = _count()

    class Meta:
        abstract = True


_UNCHECKED: dict[str, Any] = {
    "on_delete": models.DO_NOTHING, "null": True, "related_name": "+", "db_constraint": False, "db_index": False,
}  # fmt: skip
# No part of what is counted is larger than the whole.
_PARTS = Q(
    contact_in_time__lte=F("contact_ended"),
    answered_in_time__lte=F("answered"),
    verified__lte=F("answered"),
    resolved__lte=F("rated"),
    satisfied__lte=F("rated"),
)


class DailyFigure(Measured):
    """What the events of one local day add up to for one unit, street, category, type and basis of exclusion.

    Written by set-based statements only (``aggregation.py``) and always from the events: a day can be thrown away and
    counted again.  Its keys are copied from rows that hold the foreign keys, so they are not checked a second time.
    """

    day = models.DateField()
    unit = models.ForeignKey("accounts.Department", **_UNCHECKED)
    street = models.ForeignKey("common.Street", **_UNCHECKED)
    category = models.ForeignKey("feedback.Category", **_UNCHECKED)
    request_type = models.CharField(max_length=12)
    # Empty: counted.  Else the basis of an approved exclusion; a formula says whether it leaves such cases out.
    basis = models.CharField(max_length=14, blank=True)

    class Meta:
        verbose_name = _("figure of a day")
        verbose_name_plural = _("figures")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["day", "unit", "street", "category", "request_type", "basis"],
                nulls_distinct=False,
                name="figure_once",
            ),
            models.CheckConstraint(condition=_PARTS, name="figure_parts"),
        ]
        indexes: ClassVar = [
            # The stock at a date is the sum of all changes up to it; few rows hold one.
            models.Index(fields=["day"], condition=~Q(overdue_change=0), name="figure_overdue"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.unit_id} {self.category_id}"


class UnitFigure(Measured):
    """The daily figures of a unit, added up from ``DailyFigure``: what the public and the start page read.

    A year of a million cases holds two million daily figures, but 15,000 of these.
    """

    day = models.DateField()
    unit = models.ForeignKey("accounts.Department", **_UNCHECKED)
    basis = models.CharField(max_length=14, blank=True)

    class Meta:
        verbose_name = _("figure of a unit's day")
        verbose_name_plural = _("figures of units")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["day", "unit", "basis"], nulls_distinct=False, name="unit_figure_once"
            ),
            models.CheckConstraint(condition=_PARTS, name="unit_figure_parts"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.unit_id}"


class FigureState(models.Model):
    """Up to when events are counted: one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    as_of = models.DateTimeField()

    class Meta:
        verbose_name = _("state of the figures")
        verbose_name_plural = _("state of the figures")
        constraints: ClassVar = [models.CheckConstraint(condition=Q(id=1), name="figure_state_one")]

    def __str__(self) -> str:
        return f"{self.as_of:%F %T}"
