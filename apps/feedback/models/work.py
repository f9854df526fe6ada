"""What happens around a case while it is worked: pauses, questions, extensions, other units, people it is for."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.common.crypto import EncryptedTextField
from apps.common.ids import uuid7
from apps.feedback.models.cases import Case
from apps.feedback.models.tables import Category, DutyClause


class Pause(models.Model):
    """A time in which the clock of a case stands (中止计时).  One open at a time."""

    class Kind(models.TextChoices):
        QUESTION = "question", _("waiting for the resident")
        SUSPENSION = "suspension", _("suspended")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, models.PROTECT, related_name="pauses", verbose_name=_("case"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    started_at = models.DateTimeField(_("from"))
    until = models.DateTimeField(_("at the latest until"))
    ended_at = models.DateTimeField(_("to"), null=True)

    class Meta:
        verbose_name = _("pause")
        verbose_name_plural = _("pauses")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case"], condition=Q(ended_at=None), name="pause_one_open"),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("started_at")), name="pause_order"
            ),
            models.CheckConstraint(condition=Q(kind__in=["question", "suspension"]), name="pause_kind"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["until"], condition=Q(ended_at=None), name="pause_running_out"),
            models.Index(fields=["case", "started_at"], name="pause_of_case"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.started_at:%F %T}"


class Question(models.Model):
    """What a unit asks the resident; the link in the inbox works once and expires."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, models.PROTECT, related_name="questions", verbose_name=_("case"))
    pause = models.OneToOneField(Pause, models.PROTECT, related_name="question", verbose_name=_("pause"))
    text = models.TextField(_("question"), max_length=500)
    asked_at = models.DateTimeField(_("asked at"))
    expires_at = models.DateTimeField(_("runs out at"))
    answered_at = models.DateTimeField(_("answered at"), null=True)

    class Meta:
        verbose_name = _("question to the resident")
        verbose_name_plural = _("questions to residents")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(answered_at=None) | Q(answered_at__lte=F("expires_at")), name="question_in_time"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["case", "-asked_at"], name="question_of_case")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.asked_at:%F %T}"


class Extension(models.Model):
    """A longer term (延期): asked before the deadline, granted or denied by a chief."""

    class State(models.TextChoices):
        ASKED = "asked", _("asked for")
        GRANTED = "granted", _("granted")
        DENIED = "denied", _("denied")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, models.PROTECT, related_name="extensions", verbose_name=_("case"))
    workdays = models.PositiveSmallIntegerField(_("working days"))
    reason = models.CharField(_("reason"), max_length=500)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.ASKED)
    asked_at = models.DateTimeField(_("asked at"))
    asked_by = models.ForeignKey(
        "accounts.Staff", models.PROTECT, related_name="+", verbose_name=_("asked by")
    )
    decided_at = models.DateTimeField(_("decided at"), null=True)
    decided_by = models.ForeignKey(
        "accounts.Staff", models.PROTECT, null=True, related_name="+", verbose_name=_("decided by")
    )

    class Meta:
        verbose_name = _("extension")
        verbose_name_plural = _("extensions")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case"], condition=Q(state="asked"), name="extension_one_asked"),
            models.CheckConstraint(condition=Q(workdays__gte=1, workdays__lte=60), name="extension_workdays"),
            models.CheckConstraint(
                condition=Q(state="asked", decided_at=None, decided_by=None)
                | Q(state__in=["granted", "denied"], decided_at__isnull=False, decided_by__isnull=False),
                name="extension_decided",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("asked_by")), name="extension_four_eyes"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} +{self.workdays}"


class CoHandling(models.Model):
    """That another unit helps the lead unit with a case (协办)."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="co_handlings", verbose_name=_("case"))
    unit = models.ForeignKey(
        "accounts.Department", models.PROTECT, related_name="+", verbose_name=_("co-handling unit")
    )
    added_at = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("co-handling")
        verbose_name_plural = _("co-handlings")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["case", "unit"], name="co_handling_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["unit", "-added_at"], name="co_handling_of_unit")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.unit_id}"


class OnBehalf(models.Model):
    """For whom a case was handed in by someone else (代办), with that person's consent."""

    class Consent(models.TextChoices):
        IN_PERSON = "in_person", _("in person")
        PHONE = "phone", _("on the telephone")
        WRITTEN = "written", _("in writing")

    case = models.OneToOneField(
        Case, models.PROTECT, primary_key=True, related_name="on_behalf", verbose_name=_("case")
    )
    name = EncryptedTextField(null=True)
    phone = EncryptedTextField(null=True)
    relation = models.CharField(_("relation"), max_length=20)
    consent = models.CharField(_("consent given"), max_length=10, choices=Consent)
    consented_at = models.DateTimeField(_("consent told at"))

    class Meta:
        verbose_name = _("person a case is for")
        verbose_name_plural = _("persons cases are for")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(consent__in=["in_person", "phone", "written"]), name="on_behalf_consent"
            ),
        ]

    def __str__(self) -> str:
        return str(self.case_id)


class Ruling(models.Model):
    """Which unit a disputed case belongs to (裁定): it binds the case and guides the next of its kind."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, models.PROTECT, related_name="rulings", verbose_name=_("case"))
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, related_name="+", verbose_name=_("category")
    )
    street = models.ForeignKey(
        "common.Street", models.PROTECT, null=True, related_name="+", verbose_name=_("street")
    )
    unit = models.ForeignKey("accounts.Department", models.PROTECT, related_name="+", verbose_name=_("unit"))
    clause = models.ForeignKey(
        DutyClause, models.PROTECT, null=True, related_name="+", verbose_name=_("duty clause")
    )
    reason = models.CharField(_("reason"), max_length=500)
    staff = models.ForeignKey("accounts.Staff", models.PROTECT, related_name="+", verbose_name=_("ruled by"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("ruling")
        verbose_name_plural = _("rulings")
        indexes: ClassVar = [models.Index(fields=["category", "street", "-at"], name="ruling_precedent")]

    def __str__(self) -> str:
        return f"{self.case_id} → {self.unit_id}"
