"""Who treats, where, and by which rules they are booked."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from apps.common.clock import local


def in_force_range() -> Func:
    """Return the days of ``valid_from`` (inclusive) to ``valid_to`` (exclusive) as a range."""
    return Func(F("valid_from"), F("valid_to"), function="daterange", output_field=DateRangeField())


def of_institution() -> Coalesce:
    """Return the institution's id, 0 for a rule of the whole district: NULL is not equal to NULL."""
    return Coalesce(F("institution_id"), Value(0))


def door_code_make() -> str:
    """Return 96 random bits as text."""
    return secrets.token_urlsafe(12)


class Alliance(models.Model):
    """Institutions that pass patients to one another (医联体)."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    source = models.CharField(_("source"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("medical alliance")
        verbose_name_plural = _("medical alliances")

    def __str__(self) -> str:
        return self.name


class Institution(models.Model):
    """A hospital, a clinic, a station; its name and place are a place of the directory."""

    class Level(models.TextChoices):
        PRIMARY = "primary", _("primary care")
        SECONDARY = "secondary", _("secondary hospital")
        TERTIARY = "tertiary", _("tertiary hospital")

    facility = models.OneToOneField(
        "facilities.Facility", models.PROTECT, related_name="institution", verbose_name=_("facility")
    )
    level = models.CharField(_("level"), max_length=10, choices=Level)
    alliance = models.ForeignKey(
        Alliance,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="members",
        verbose_name=_("medical alliance"),
    )
    leads = models.BooleanField(_("leads the alliance"), default=False)
    department = models.ForeignKey(
        "accounts.Department", models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("unit of its staff"),
    )  # fmt: skip
    door_code = models.CharField(
        _("code at the door"), max_length=24, unique=True, default=door_code_make,
        help_text=_("Printed as a QR code at the entrance; patients check in with it. Renew it when it has travelled."),
    )  # fmt: skip
    is_station = models.BooleanField(_("cardio-cerebrovascular station"), default=False)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("medical institution")
        verbose_name_plural = _("medical institutions")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["alliance"], condition=Q(leads=True), name="alliance_one_lead"),
        ]

    def __str__(self) -> str:
        return self.facility.name


class Department(models.Model):
    """A department (科室) that can be booked."""

    class Kind(models.TextChoices):
        OUTPATIENT = "outpatient", _("outpatients")
        EXPERT = "expert", _("experts")
        SCREENING = "screening", _("screening")

    institution = models.ForeignKey(
        Institution, models.PROTECT, related_name="departments", verbose_name=_("medical institution")
    )
    code = models.CharField(_("code"), max_length=20)
    name = models.CharField(_("name"), max_length=40)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind, default=Kind.OUTPATIENT)
    min_age = models.PositiveSmallIntegerField(_("from age"), null=True, blank=True)
    max_age = models.PositiveSmallIntegerField(_("to age"), null=True, blank=True)
    notes = models.CharField(_("what patients should know"), max_length=300, blank=True)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("clinical department")
        verbose_name_plural = _("clinical departments")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["institution", "code"], name="clinic_department_once"),
            models.CheckConstraint(
                condition=Q(max_age=None) | Q(min_age=None) | Q(max_age__gte=F("min_age")),
                name="clinic_department_ages",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def queue(self) -> str:
        """The name of its waiting list."""
        return f"clinics.department:{self.pk}"


class Practitioner(models.Model):
    """Who sees patients (医生)."""

    institution = models.ForeignKey(
        Institution, models.PROTECT, related_name="practitioners", verbose_name=_("medical institution")
    )
    name = models.CharField(_("full name"), max_length=40)
    title = models.CharField(_("professional title"), max_length=30, blank=True)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("practitioner")
        verbose_name_plural = _("practitioners")

    def __str__(self) -> str:
        return f"{self.name} {self.title}".strip()


class Room(models.Model):
    """A consulting room."""

    institution = models.ForeignKey(
        Institution, models.PROTECT, related_name="rooms", verbose_name=_("medical institution")
    )
    name = models.CharField(_("name"), max_length=40)

    class Meta:
        verbose_name = _("room")
        verbose_name_plural = _("rooms")
        constraints: ClassVar = [models.UniqueConstraint(fields=["institution", "name"], name="room_once")]

    def __str__(self) -> str:
        return self.name


class BookingRule(models.Model):
    """How an institution is booked, from a day on; a rule without institution holds for those that have none.

    Release, cancelling and holds differ from hospital to hospital: dated data, never constants.
    """

    institution = models.ForeignKey(
        Institution, models.PROTECT, null=True, blank=True, related_name="booking_rules",
        verbose_name=_("medical institution"),
    )  # fmt: skip
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    source = models.CharField(_("source"), max_length=200)
    days_ahead = models.PositiveSmallIntegerField(_("released, days ahead"), default=7)
    release_time = models.TimeField(_("released at"), default="07:00")
    release_jitter_s = models.PositiveSmallIntegerField(
        _("release spread, in seconds"),
        default=600,
        help_text=_("Each session opens at a moment of its own within it."),
    )
    hold_s = models.PositiveSmallIntegerField(_("a hold lasts, in seconds"), default=300)
    cancel_hours = models.PositiveSmallIntegerField(
        _("cancel until, hours before"), default=12, help_text=_("Later it counts as a late cancellation.")
    )
    cancel_by = models.TimeField(
        _("or until, time of the day before"), null=True, blank=True, help_text=_("If given, the hours above do not count.")
    )  # fmt: skip
    offer_s = models.PositiveIntegerField(_("an offer stands, in seconds"), default=7200)
    offer_least_s = models.PositiveIntegerField(_("no offer later than, seconds before"), default=3600)
    cool_min_s = models.PositiveIntegerField(
        _("given back, open to all after at least, in seconds"), default=300
    )
    cool_max_s = models.PositiveIntegerField(_("and at most, in seconds"), default=3600)
    check_in_early_min = models.PositiveSmallIntegerField(_("check-in opens, minutes before"), default=60)
    check_in_late_min = models.PositiveSmallIntegerField(
        _("check-in ends, minutes after the slot begins"), default=30
    )
    elderly_from = models.PositiveSmallIntegerField(_("units for the elderly from age"), default=65)

    class Meta:
        verbose_name = _("booking rule")
        verbose_name_plural = _("booking rules")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gt=F("valid_from")), name="booking_rule_validity"
            ),
            models.CheckConstraint(condition=Q(cool_max_s__gte=F("cool_min_s")), name="booking_rule_cooling"),
            ExclusionConstraint(
                name="booking_rules_apart",
                expressions=[
                    (of_institution(), RangeOperators.EQUAL),
                    (in_force_range(), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.valid_from}"

    def cancel_until(self, starts_at: dt.datetime) -> dt.datetime:
        """Return until when an appointment can be cancelled without being late."""
        if self.cancel_by is None:
            return starts_at - dt.timedelta(hours=self.cancel_hours)
        return local(starts_at - dt.timedelta(days=1)).replace(
            hour=self.cancel_by.hour, minute=self.cancel_by.minute, second=0, microsecond=0
        )
