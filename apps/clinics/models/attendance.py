"""Who does not come: rules as dated data, strikes, restrictions, appeals."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.clinics.models.appointments import Appointment
from apps.clinics.models.institutions import Institution, in_force_range, of_institution
from apps.clinics.models.patients import Patient
from apps.common.crypto import EncryptedTextField
from apps.common.ids import uuid7


class AttendanceRule(models.Model):
    """How many missed appointments in how many days keep someone from booking for how many days (爽约规则)."""

    institution = models.ForeignKey(
        Institution, models.PROTECT, null=True, blank=True, related_name="attendance_rules",
        verbose_name=_("medical institution"),
    )  # fmt: skip
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    source = models.CharField(_("source"), max_length=200)
    strikes = models.PositiveSmallIntegerField(_("missed"), default=3)
    window_days = models.PositiveSmallIntegerField(_("within, in days"), default=90)
    restrict_days = models.PositiveSmallIntegerField(_("no booking for, in days"), default=90)
    late_cancel_counts = models.BooleanField(_("a late cancellation counts"), default=False)

    class Meta:
        verbose_name = _("attendance rule")
        verbose_name_plural = _("attendance rules")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gt=F("valid_from")), name="attendance_rule_validity"
            ),
            models.CheckConstraint(
                condition=Q(strikes__gte=1, window_days__gte=1, restrict_days__gte=1),
                name="attendance_rule_counts",
            ),
            ExclusionConstraint(
                name="attendance_rules_apart",
                expressions=[
                    (of_institution(), RangeOperators.EQUAL),
                    (in_force_range(), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.valid_from}"


class Strike(models.Model):
    """That someone did not come, or cancelled late (爽约记录); voided, it counts no more."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    appointment = models.OneToOneField(
        Appointment, models.PROTECT, related_name="strike", verbose_name=_("appointment")
    )
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="strikes", verbose_name=_("patient"))
    institution = models.ForeignKey(
        Institution, models.PROTECT, related_name="+", verbose_name=_("medical institution")
    )
    on = models.DateField(_("date"))
    created_at = models.DateTimeField(_("recorded"))
    voided_at = models.DateTimeField(_("voided"), null=True)
    voided_why = models.CharField(_("voided because"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("missed appointment")
        verbose_name_plural = _("missed appointments")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(voided_at=None, voided_why="") | (Q(voided_at__isnull=False) & ~Q(voided_why="")),
                name="strike_voided_whole",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["patient", "institution", "on"], condition=Q(voided_at=None), name="strike_window"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.on}"


class Restriction(models.Model):
    """That someone can not book at an institution for a time (限制预约), with one appeal decided by staff."""

    class Appeal(models.TextChoices):
        NONE = "none", _("no appeal")
        OPEN = "open", _("appeal open")
        UPHELD = "upheld", _("restriction stays")
        LIFTED = "lifted", _("restriction lifted")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    patient = models.ForeignKey(
        Patient, models.PROTECT, related_name="restrictions", verbose_name=_("patient")
    )
    institution = models.ForeignKey(
        Institution, models.PROTECT, related_name="restrictions", verbose_name=_("medical institution")
    )
    rule = models.ForeignKey(
        AttendanceRule, models.PROTECT, related_name="+", verbose_name=_("attendance rule")
    )
    first_on = models.DateField(_("from day"))
    until_on = models.DateField(_("until day"))  # exclusive
    created_at = models.DateTimeField(_("recorded"))
    appeal = models.CharField(_("appeal"), max_length=8, choices=Appeal, default=Appeal.NONE)
    appeal_text = EncryptedTextField(null=True, verbose_name=_("text of the appeal"))
    appealed_at = models.DateTimeField(_("appealed"), null=True)
    decision = models.CharField(_("decision"), max_length=300, blank=True)
    decided_by = models.ForeignKey(
        "accounts.Staff", models.PROTECT, null=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided"), null=True)

    class Meta:
        verbose_name = _("restriction")
        verbose_name_plural = _("restrictions")
        constraints: ClassVar = [
            # Taken back on the day on which it began, it has none.
            models.CheckConstraint(condition=Q(until_on__gte=F("first_on")), name="restriction_order"),
            models.CheckConstraint(
                condition=Q(appeal__in=["none", "open"], decided_at=None, decided_by=None)
                | Q(appeal__in=["upheld", "lifted"], decided_at__isnull=False, decided_by__isnull=False),
                name="restriction_decided_whole",
            ),
            models.CheckConstraint(
                condition=Q(appeal="none", appealed_at=None) | Q(appealed_at__isnull=False),
                name="restriction_appealed",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["patient", "institution", "until_on"], name="restriction_in_force"),
        ]

    def __str__(self) -> str:
        return f"{self.until_on}"
