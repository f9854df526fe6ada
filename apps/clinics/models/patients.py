"""Real persons who are treated, and which residents may act for them."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.common.crypto import EncryptedTextField
from apps.common.identity import age_on
from apps.common.ids import uuid7
from apps.common.masking import name_masked, number_masked


class Patient(models.Model):
    """A real person (就诊人), once, whoever books for them: what names them is encrypted, a keyed hash finds the row."""

    class Gender(models.TextChoices):
        FEMALE = "female", _("female")
        MALE = "male", _("male")

    class IdKind(models.TextChoices):
        RESIDENT = "resident", _("resident identity card")
        OTHER = "other", _("another document")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = EncryptedTextField(verbose_name=_("full name"))
    id_kind = models.CharField(_("document"), max_length=10, choices=IdKind)
    id_number = EncryptedTextField(verbose_name=_("number of the document"))
    id_hash = models.CharField(max_length=64, unique=True, editable=False)
    phone = EncryptedTextField(null=True, verbose_name=_("telephone"))
    birth_on = models.DateField(_("born on"))
    gender = models.CharField(_("gender"), max_length=6, choices=Gender)
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("patient")
        verbose_name_plural = _("patients")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(gender__in=["female", "male"]), name="patient_gender"),
            models.CheckConstraint(condition=Q(id_kind__in=["resident", "other"]), name="patient_id_kind"),
        ]

    def __str__(self) -> str:
        return self.name_masked

    @property
    def name_masked(self) -> str:
        """The family name and stars."""
        return name_masked(self.name)

    @property
    def id_masked(self) -> str:
        """The last four characters of the document's number."""
        return number_masked(self.id_number)

    def age_on(self, day: dt.date) -> int:
        """Return the age in whole years on a date."""
        return age_on(self.birth_on, day)


class PatientAccess(models.Model):
    """That a resident may act for a patient: for themselves, as a parent, or by the patient's dated consent."""

    class Relation(models.TextChoices):
        SELF = "self", _("myself")
        CHILD = "child", _("my child")
        PARENT = "parent", _("my parent")
        OTHER = "other", _("someone who asked me to")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    resident = models.ForeignKey(
        "accounts.Resident", models.PROTECT, related_name="patients", verbose_name=_("resident")
    )
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="accesses", verbose_name=_("patient"))
    relation = models.CharField(_("relation"), max_length=8, choices=Relation)
    consented_at = models.DateTimeField(_("agreed"))
    # The version of the privacy policy that told what is done with the patient's data (PIPL 17, 29).
    policy = models.CharField(_("policy agreed to"), max_length=20)
    valid_to = models.DateField(_("holds until"), null=True, blank=True)  # inclusive
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        verbose_name = _("access to a patient")
        verbose_name_plural = _("accesses to patients")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(relation__in=["self", "child", "parent", "other"]), name="patient_access_relation"
            ),
            # Who acts for a grown person by consent does so until a day.
            models.CheckConstraint(
                condition=Q(relation__in=["self", "child"]) | Q(valid_to__isnull=False),
                name="patient_access_has_end",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("consented_at")), name="patient_access_order"
            ),
            models.UniqueConstraint(
                fields=["resident", "patient"], condition=Q(ended_at=None), name="patient_access_once"
            ),
            models.UniqueConstraint(
                fields=["resident"], condition=Q(relation="self", ended_at=None), name="patient_one_self"
            ),
            # Who says to be someone sees all that is booked for them: only one may.
            models.UniqueConstraint(
                fields=["patient"], condition=Q(relation="self", ended_at=None), name="patient_self_of_one"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["patient"], condition=Q(ended_at=None), name="patient_access_of_patient"),
        ]

    def __str__(self) -> str:
        return self.relation
