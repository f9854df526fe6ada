"""Schools, the communities they form, and the years in which a home has used its place."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import gettext_lazy as _

from apps.common.ids import uuid7


class Stage(models.TextChoices):
    KINDERGARTEN = "kindergarten", _("kindergarten")
    PRIMARY = "primary", _("primary school")
    JUNIOR = "junior", _("junior high school")
    SENIOR = "senior", _("senior high school")


STAGES = ["kindergarten", "primary", "junior", "senior"]


class EducationCommunity(models.Model):
    """Schools that share teachers and lessons under one lead (教联体, 教育共同体)."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    source = models.CharField(_("source"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("education community")
        verbose_name_plural = _("education communities")
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class School(models.Model):
    """A school or kindergarten.  ``facility``  where it is in the directory of places; its point gives the distance."""

    code = models.CharField(_("code"), max_length=20, primary_key=True)
    name = models.CharField(_("name"), max_length=60)
    stage = models.CharField(_("school stage"), max_length=12, choices=Stage)
    community = models.ForeignKey(
        EducationCommunity, models.PROTECT, null=True, blank=True, related_name="schools", verbose_name=_("education community"),
    )  # fmt: skip
    is_lead = models.BooleanField(_("leads its education community"), default=False)
    facility = models.OneToOneField(
        "facilities.Facility",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("place in the directory"),
    )
    department = models.ForeignKey(
        "accounts.Department", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("unit"),
        help_text=_("Whose staff enrol its children."),
    )  # fmt: skip
    is_active = models.BooleanField(_("in use"), default=True)
    source = models.CharField(_("source"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("school")
        verbose_name_plural = _("schools")
        ordering: ClassVar = ["code"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(stage__in=STAGES), name="school_stage"),
            models.UniqueConstraint(
                fields=["community"], condition=Q(is_lead=True), name="school_community_one_lead"
            ),
        ]

    def __str__(self) -> str:
        return self.name


def dates(first: str, end: str) -> Func:
    """Return the SQL range of days from ``first`` to before ``end``; an empty end is open."""
    return Func(F(first), F(end), Value("[)"), function="daterange", output_field=DateRangeField())


class CatchmentVersion(models.Model):
    """What belongs to which school (学区), as decided once; the one in force on a day is a matter of dates."""

    stage = models.CharField(_("school stage"), max_length=12, choices=Stage)
    name = models.CharField(_("name"), max_length=60)
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(
        _("valid to"), null=True, blank=True, help_text=_("The first day on which it no longer holds.")
    )
    source = models.CharField(_("source"), max_length=200)
    published_at = models.DateTimeField(_("published"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("catchment version")
        verbose_name_plural = _("catchment versions")
        ordering: ClassVar = ["stage", "-valid_from"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(stage__in=STAGES), name="catchment_stage"),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gt=F("valid_from")), name="catchment_validity"
            ),
            ExclusionConstraint(
                name="catchment_one_in_force",
                expressions=[
                    ("stage", RangeOperators.EQUAL),
                    (dates("valid_from", "valid_to"), RangeOperators.OVERLAPS),
                ],
                condition=Q(published_at__isnull=False),
                violation_error_message=_("Another published version holds on these days."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CatchmentArea(models.Model):
    """One line of a catchment: a whole community, or house numbers of a road, belong to a school.

    A line with a road beats one with a community alone.  Several lines for one place: each of these schools (多校划片).
    """

    class Parity(models.TextChoices):
        ALL = "all", _("all numbers")
        ODD = "odd", _("odd numbers")
        EVEN = "even", _("even numbers")

    version = models.ForeignKey(
        CatchmentVersion, models.CASCADE, related_name="areas", verbose_name=_("catchment version")
    )
    school = models.ForeignKey(School, models.PROTECT, related_name="areas", verbose_name=_("school"))
    community = models.ForeignKey(
        "common.Community",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("community"),
    )
    road = models.CharField(_("road"), max_length=40, blank=True)
    number_from = models.PositiveIntegerField(_("from number"), null=True, blank=True)
    number_to = models.PositiveIntegerField(_("to number"), null=True, blank=True)
    parity = models.CharField(_("numbers"), max_length=4, choices=Parity, default=Parity.ALL)

    class Meta:
        verbose_name = _("catchment area")
        verbose_name_plural = _("catchment areas")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~Q(road="") | Q(community__isnull=False), name="catchment_area_names_something",
                violation_error_message=_("Name a community or a road."),
            ),
            models.CheckConstraint(
                condition=Q(number_from=None, number_to=None)
                | (~Q(road="") & Q(number_from__isnull=False, number_to__isnull=False, number_to__gte=F("number_from"))),
                name="catchment_area_numbers",
                violation_error_message=_("House numbers need a road, a first and a last number."),
            ),
            models.CheckConstraint(condition=Q(parity__in=["all", "odd", "even"]), name="catchment_area_parity"),
        ]  # fmt: skip
        indexes: ClassVar = [models.Index(fields=["version", "road"], name="catchment_area_road")]

    def __str__(self) -> str:
        return self.road or str(self.community)


class PlaceLockRule(models.Model):
    """For how many years one home gives one place at a stage (六年一学位): dated data with its source."""

    stage = models.CharField(_("school stage"), max_length=12, choices=Stage)
    years = models.PositiveSmallIntegerField(_("years"))
    siblings_exempt = models.BooleanField(_("not for brothers and sisters"), default=True)
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    source = models.CharField(_("source"), max_length=200)

    class Meta:
        verbose_name = _("rule on one place per home")
        verbose_name_plural = _("rules on one place per home")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(stage__in=STAGES), name="place_lock_rule_stage"),
            models.CheckConstraint(condition=Q(years__gte=1, years__lte=12), name="place_lock_rule_years"),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gt=F("valid_from")), name="place_lock_rule_validity"
            ),
            ExclusionConstraint(
                name="place_lock_rule_one_in_force",
                expressions=[
                    ("stage", RangeOperators.EQUAL),
                    (dates("valid_from", "valid_to"), RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("Another rule holds on these days."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_stage_display()} {self.years}"


class PlaceLock(models.Model):
    """That a home gave a child its place at a stage, from a day to a day.

    ``address_hash``  keyed; the address itself stands encrypted with the application
    ``of_sibling``    the first child's lock whose home this one shares; such a lock stands beside it
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    stage = models.CharField(_("school stage"), max_length=12, choices=Stage)
    address_hash = models.CharField(max_length=64)
    child_hash = models.CharField(max_length=64)
    school = models.ForeignKey(School, models.PROTECT, related_name="+", verbose_name=_("school"))
    locked_from = models.DateField(_("used from"))
    locked_to = models.DateField(_("used until"))
    of_sibling = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="siblings")
    released_at = models.DateTimeField(_("released"), null=True)
    source = models.CharField(_("source"), max_length=80)

    class Meta:
        verbose_name = _("place used by a home")
        verbose_name_plural = _("places used by homes")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(locked_to__gt=F("locked_from")), name="place_lock_span"),
            ExclusionConstraint(
                name="place_lock_one_per_home",
                expressions=[
                    ("stage", RangeOperators.EQUAL),
                    ("address_hash", RangeOperators.EQUAL),
                    (dates("locked_from", "locked_to"), RangeOperators.OVERLAPS),
                ],
                condition=Q(released_at=None, of_sibling=None),
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["address_hash", "stage"], name="place_lock_home")]

    def __str__(self) -> str:
        return self.get_stage_display()
