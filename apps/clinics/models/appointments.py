"""Appointments, what happened to them, and waiting for one."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.clinics.models.institutions import Department
from apps.clinics.models.patients import Patient
from apps.clinics.models.sessions import ClinicSession, Slot, time_range
from apps.clinics.states import LIVE, AppointmentState, Channel
from apps.common.crypto import EncryptedTextField
from apps.common.ids import uuid7


class Appointment(models.Model):
    """An appointment (预约), by FHIR's states; while proposed it is a hold until ``hold_until``."""

    class State(models.TextChoices):
        PROPOSED = AppointmentState.PROPOSED.value, _("held")
        BOOKED = AppointmentState.BOOKED.value, _("booked")
        ARRIVED = AppointmentState.ARRIVED.value, _("at the clinic")
        FULFILLED = AppointmentState.FULFILLED.value, _("seen")
        CANCELLED = AppointmentState.CANCELLED.value, _("called off")
        NOSHOW = AppointmentState.NOSHOW.value, _("did not come")
        ENTERED_IN_ERROR = AppointmentState.ENTERED_IN_ERROR.value, _("entered in error")

    class ChannelChoice(models.TextChoices):
        APP = Channel.APP.value, _("mini-program")
        COUNTER = Channel.COUNTER.value, _("at the counter")
        REFERRAL = Channel.REFERRAL.value, _("by referral")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    number = models.CharField(_("number"), max_length=20, unique=True)
    patient = models.ForeignKey(
        Patient, models.PROTECT, related_name="appointments", verbose_name=_("patient")
    )
    slot = models.ForeignKey(Slot, models.PROTECT, related_name="appointments", verbose_name=_("slot"))
    session = models.ForeignKey(
        ClinicSession, models.PROTECT, related_name="appointments", verbose_name=_("clinic session")
    )
    department = models.ForeignKey(
        Department, models.PROTECT, related_name="appointments", verbose_name=_("clinical department")
    )
    on = models.DateField(_("date"))
    starts_at = models.DateTimeField(_("begins"))
    ends_at = models.DateTimeField(_("ends"))
    claim = models.OneToOneField("capacity.Claim", models.PROTECT, related_name="+", verbose_name=_("claim"))
    state = models.CharField(_("state"), max_length=16, choices=State)
    channel = models.CharField(_("booked through"), max_length=10, choices=ChannelChoice)
    booked_by = models.ForeignKey(
        "accounts.Resident",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("booked by"),
    )
    reason = EncryptedTextField(null=True)
    check_in_code = models.CharField(max_length=20, unique=True, editable=False)
    hold_until = models.DateTimeField(_("held until"), null=True)
    ended_why = models.CharField(_("why it ended"), max_length=40, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(_("created"))
    arrived_at = models.DateTimeField(_("arrived at"), null=True)
    instead_of = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="rebooked",
        verbose_name=_("kept instead of"),
    )
    day_before_told_at = models.DateTimeField(null=True, editable=False)
    soon_told_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("appointment")
        verbose_name_plural = _("appointments")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=list(AppointmentState)), name="appointment_state"),
            models.CheckConstraint(
                condition=~Q(state="proposed") | Q(hold_until__isnull=False), name="appointment_hold_has_end"
            ),
            models.UniqueConstraint(
                fields=["patient", "department", "on"], condition=Q(state__in=list(LIVE)),
                name="appointment_once_a_day",
            ),
            ExclusionConstraint(
                name="patient_in_one_place",
                expressions=[("patient", RangeOperators.EQUAL), (time_range(), RangeOperators.OVERLAPS)],
                condition=Q(state__in=list(LIVE)),
            ),
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(fields=["session", "starts_at"], name="appointment_of_session"),
            models.Index(fields=["patient", "-starts_at"], name="appointment_of_patient"),
            # The day before and two hours before: what is to come, by its beginning.
            models.Index(fields=["starts_at"], condition=Q(state="booked"), name="appointment_to_come"),
            models.Index(fields=["hold_until"], condition=Q(state="proposed"), name="appointment_holds"),
        ]

    def __str__(self) -> str:
        return self.number


class AppointmentEvent(models.Model):
    """One act on an appointment.  Append-only: an undo is a further line."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    appointment = models.ForeignKey(
        Appointment, models.PROTECT, related_name="events", verbose_name=_("appointment")
    )
    verb = models.CharField(_("act"), max_length=12)
    source = models.CharField(_("state before"), max_length=16, blank=True)
    target = models.CharField(_("state after"), max_length=16)
    staff = models.ForeignKey(
        "accounts.Staff", models.PROTECT, null=True, related_name="+", verbose_name=_("member of staff")
    )
    resident = models.ForeignKey(
        "accounts.Resident", models.PROTECT, null=True, related_name="+", verbose_name=_("resident")
    )
    note = models.CharField(_("note"), max_length=120, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("entry of an appointment")
        verbose_name_plural = _("entries of appointments")
        indexes: ClassVar = [models.Index(fields=["appointment", "id"], name="appointment_event_order")]

    def __str__(self) -> str:
        return f"{self.at:%F %T} {self.verb}"


class WaitRequest(models.Model):
    """That a patient waits for a department on some days (候补); the place in the list is the kernel's ``entry``."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    department = models.ForeignKey(
        Department, models.PROTECT, related_name="wait_requests", verbose_name=_("clinical department")
    )
    patient = models.ForeignKey(
        Patient, models.PROTECT, related_name="wait_requests", verbose_name=_("patient")
    )
    resident = models.ForeignKey(
        "accounts.Resident", models.PROTECT, related_name="+", verbose_name=_("resident")
    )
    first_on = models.DateField(_("from day"))
    last_on = models.DateField(_("to day"))
    entry = models.OneToOneField(
        "capacity.WaitEntry", models.PROTECT, related_name="+", verbose_name=_("place in a waiting list")
    )
    appointment = models.OneToOneField(
        Appointment, models.PROTECT, null=True, related_name="+", verbose_name=_("appointment")
    )
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("waiting request")
        verbose_name_plural = _("waiting requests")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(last_on__gte=F("first_on")), name="wait_request_days"),
        ]
        indexes: ClassVar = [models.Index(fields=["resident", "-id"], name="wait_request_of_resident")]

    def __str__(self) -> str:
        return f"{self.first_on}"
