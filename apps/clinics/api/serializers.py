"""Shapes that come in, and the schema of what goes out (``shapes.py`` builds it)."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.clinics.errors import BookingIncomplete
from apps.clinics.models import Appointment, Patient, PatientAccess, Referral, Restriction
from apps.common.api.fields import PhoneField, PlainTextField
from apps.common.api.inputs import Input


class PatientInput(Input):
    """``birth_on`` and ``gender`` only where the document is not an identity card."""

    relation = serializers.ChoiceField(choices=PatientAccess.Relation.values)
    name = PlainTextField(max_length=40)
    id_kind = serializers.ChoiceField(choices=Patient.IdKind.values, default="resident")
    id_number = PlainTextField(max_length=30)
    phone = PhoneField(required=False, allow_null=True)
    birth_on = serializers.DateField(required=False, allow_null=True)
    gender = serializers.ChoiceField(choices=Patient.Gender.values, required=False, allow_null=True)
    consent = serializers.BooleanField(help_text="The person agrees, or is my child.")
    days = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=366)


class HoldInput(Input):
    slot = serializers.UUIDField()
    patient = serializers.UUIDField()


class AppointmentInput(Input):
    """Either ``slot`` and ``patient``, or ``hold``."""

    slot = serializers.UUIDField(required=False, allow_null=True)
    hold = serializers.UUIDField(required=False, allow_null=True)
    patient = serializers.UUIDField(required=False, allow_null=True)
    reason = PlainTextField(max_length=200, required=False, allow_blank=True, allow_null=True)

    @staticmethod
    def one_way(given: dict[str, Any]) -> None:
        """Refuse what is neither way of booking, or both.  Raises BookingIncomplete."""
        whole = bool(given.get("slot")) and bool(given.get("patient"))
        if whole == bool(given.get("hold")):
            raise BookingIncomplete(attr="slot")


class CheckInInput(Input):
    code = PlainTextField(max_length=40, help_text="What the QR code at the door says.")


class WaitInput(Input):
    department = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    patient = serializers.UUIDField()

    def get_fields(self) -> dict[str, serializers.Field]:  # type: ignore[type-arg]
        """Add the fields whose names are words of Python."""
        return super().get_fields() | {"from": serializers.DateField(), "to": serializers.DateField()}


class AppealInput(Input):
    text = PlainTextField(max_length=500)


class PatientOutput(serializers.Serializer[object]):
    id = serializers.UUIDField()
    access = serializers.UUIDField(help_text="To be deleted, to book for this person no more.")
    relation = serializers.ChoiceField(choices=PatientAccess.Relation.values)
    name_masked = serializers.CharField()
    id_masked = serializers.CharField()
    age = serializers.IntegerField()
    valid_to = serializers.DateField(allow_null=True)


class DepartmentOutput(serializers.Serializer[object]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    kind = serializers.CharField()
    facility = serializers.UUIDField()
    institution = serializers.CharField()
    level = serializers.CharField()
    alliance = serializers.CharField(allow_null=True)
    station = serializers.BooleanField(help_text="A cardio-cerebrovascular station.")
    ages = serializers.ListField(
        child=serializers.IntegerField(allow_null=True), help_text="From and to, or null."
    )
    notes = serializers.CharField(allow_blank=True)


class SessionOutput(serializers.Serializer[object]):
    id = serializers.UUIDField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    practitioner = serializers.CharField(allow_null=True)
    title = serializers.CharField(allow_null=True)
    room = serializers.CharField(allow_null=True)
    state = serializers.ChoiceField(choices=["open", "suspended"])
    remaining = serializers.IntegerField()
    release_at = serializers.DateTimeField()


class SlotOutput(serializers.Serializer[object]):
    id = serializers.UUIDField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    remaining = serializers.IntegerField()


class HoldOutput(serializers.Serializer[object]):
    id = serializers.UUIDField()
    expires_at = serializers.DateTimeField()


class AppointmentOutput(serializers.Serializer[object]):
    id = serializers.UUIDField()
    number = serializers.CharField()
    state = serializers.ChoiceField(choices=Appointment.State.values)
    state_label = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    department = serializers.CharField()
    institution = serializers.CharField()
    facility = serializers.UUIDField()
    practitioner = serializers.CharField(allow_null=True)
    room = serializers.CharField(allow_null=True)
    patient = serializers.CharField(help_text="Masked.")
    check_in_code = serializers.CharField(allow_null=True, help_text="Shown as a QR code at the desk.")
    expires_at = serializers.DateTimeField(allow_null=True, help_text="Of a hold.")
    can = serializers.ListField(child=serializers.ChoiceField(choices=["cancel", "check_in", "confirm"]))
    calendar = serializers.CharField(
        help_text="Path of the iCalendar file; works for two hours without a token."
    )


class WaitOutput(serializers.Serializer[object]):
    id = serializers.UUIDField()
    department = serializers.CharField()
    institution = serializers.CharField()
    patient = serializers.CharField(help_text="Masked.")
    state = serializers.ChoiceField(choices=["waiting", "offered", "accepted", "lapsed", "left"])
    position = serializers.IntegerField(allow_null=True)
    offer = serializers.DictField(allow_null=True, help_text="slot, starts_at, ends_at, offer_expires_at.")
    appointment = serializers.CharField(allow_null=True)

    def get_fields(self) -> dict[str, serializers.Field]:  # type: ignore[type-arg]
        """Add the fields whose names are words of Python."""
        return super().get_fields() | {"from": serializers.DateField(), "to": serializers.DateField()}


class RestrictionOutput(serializers.Serializer[object]):
    id = serializers.UUIDField()
    institution = serializers.CharField()
    patient = serializers.CharField(help_text="Masked.")
    reason = serializers.CharField()
    first_on = serializers.DateField()
    until_on = serializers.DateField(help_text="The first day on which booking is possible again.")
    appeal = serializers.ChoiceField(choices=Restriction.Appeal.values)
    decision = serializers.CharField(allow_blank=True)


class ReferralOutput(serializers.Serializer[object]):
    id = serializers.UUIDField()
    number = serializers.CharField()
    direction = serializers.ChoiceField(choices=Referral.DirectionChoice.values)
    patient = serializers.CharField(help_text="Masked.")
    sender = serializers.CharField()
    receiver = serializers.CharField()
    department = serializers.CharField(allow_null=True)
    urgency = serializers.ChoiceField(choices=Referral.UrgencyChoice.values)
    state = serializers.ChoiceField(choices=Referral.State.values)
    state_label = serializers.CharField()
    consented = serializers.BooleanField(help_text="The receiver may read what is said of the patient.")
    can = serializers.ListField(child=serializers.ChoiceField(choices=["consent", "withdraw"]))
