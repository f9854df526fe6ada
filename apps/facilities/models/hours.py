"""When a place is open."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, IntegerRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Cast, Greatest, Least
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from apps.common.ids import uuid7
from apps.facilities.models.places import Facility
from apps.facilities.opening import DAY_MIN, LATEST_MIN
from apps.facilities.querysets import ClosureQuerySet
from apps.facilities.times import clock_text

_WEEK_MIN = 7 * DAY_MIN


def _of_week(minute: str) -> Any:
    return Cast(F("weekday"), models.IntegerField()) * DAY_MIN + F(minute)


def _range(first: Any, end: Any) -> Func:
    return Func(first, end, function="int4range", output_field=IntegerRangeField())


# The minutes of the week that a rule covers: what passes Sunday's midnight is the beginning of Monday.
_WEEK_MINUTES = Func(
    _range(_of_week("opens_min"), Least(_of_week("closes_min"), Value(_WEEK_MIN))),
    _range(Value(0), Greatest(_of_week("closes_min") - _WEEK_MIN, Value(0))),
    function="int4multirange", output_field=IntegerRangeField(),
)  # fmt: skip
_VALIDITY = Func(F("valid_from"), F("valid_to"), function="daterange", output_field=DateRangeField())


class OpeningRule(models.Model):
    """Open on a weekday from one minute to another; several a day make a break.  Spans of one place never overlap."""

    facility = models.ForeignKey(Facility, models.CASCADE, related_name="rules", verbose_name=_("facility"))
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=list(WEEKDAYS.items()))
    opens_min = models.PositiveSmallIntegerField(_("opens, minutes from midnight"))
    closes_min = models.PositiveSmallIntegerField(_("closes, minutes from midnight"))
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("opening rule")
        verbose_name_plural = _("opening rules")
        ordering: ClassVar = ["weekday", "opens_min", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(weekday__lte=6), name="opening_rule_weekday"),
            models.CheckConstraint(
                condition=Q(opens_min__lt=DAY_MIN, closes_min__gt=F("opens_min"), closes_min__lte=LATEST_MIN)
                & Q(closes_min__lte=F("opens_min") + DAY_MIN),
                name="opening_rule_span",
            ),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_from=None) | Q(valid_to__gt=F("valid_from")),
                name="opening_rule_validity",
            ),
            ExclusionConstraint(
                name="opening_rules_apart",
                expressions=[
                    ("facility", RangeOperators.EQUAL),
                    (_WEEK_MINUTES, RangeOperators.OVERLAPS),
                    (_VALIDITY, RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {clock_text(self.opens_min)}–{clock_text(self.closes_min)}"


class DayException(models.Model):
    """A day on which other hours hold (例外日); it replaces the whole weekly day, also on public holidays."""

    facility = models.ForeignKey(
        Facility, models.CASCADE, related_name="exceptions", verbose_name=_("facility")
    )
    on = models.DateField(_("date"))
    spans = models.JSONField(
        _("hours of the day"),
        default=list,
        blank=True,
        help_text=_("Pairs of minutes from midnight; empty: closed all day."),
    )
    reason = models.CharField(_("reason"), max_length=100)

    class Meta:
        verbose_name = _("exception day")
        verbose_name_plural = _("exception days")
        ordering: ClassVar = ["on"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["facility", "on"], name="exception_once")]

    def __str__(self) -> str:
        return f"{self.on} {self.reason}"


class Closure(models.Model):
    """That a place is closed for a time (临时关闭), why, and until when as far as anybody knows."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    facility = models.ForeignKey(
        Facility, models.CASCADE, related_name="closures", verbose_name=_("facility")
    )
    starts_at = models.DateTimeField(_("closed from"))
    ends_at = models.DateTimeField(
        _("closed until"), null=True, blank=True, help_text=_("Empty: until further notice.")
    )
    reason = models.CharField(_("reason"), max_length=200)
    closed_by = models.ForeignKey(
        "accounts.Staff", models.PROTECT, null=True, related_name="+", verbose_name=_("member of staff")
    )
    created_at = models.DateTimeField(_("recorded"))

    objects = ClosureQuerySet.as_manager()

    class Meta:
        verbose_name = _("closure")
        verbose_name_plural = _("closures")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gt=F("starts_at")), name="closure_order"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="closure_has_reason"),
        ]
        indexes: ClassVar = [models.Index(fields=["facility", "-starts_at"], name="closure_newest")]

    def __str__(self) -> str:
        return self.reason
