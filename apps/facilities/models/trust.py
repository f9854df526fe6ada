"""For whom a place is usable, who vouches for it, what residents say is wrong, and what was done."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from apps.common.ids import uuid7
from apps.common.models import ValidityQuerySet
from apps.facilities.access import Feature, Value
from apps.facilities.labels import FEATURE_LABELS, VALUE_LABELS, VERB_LABELS, choices
from apps.facilities.models.places import Facility, FacilityKind
from apps.facilities.states import CorrectionState


class AccessibilityFact(models.Model):
    """One fact about getting in and being served (无障碍项): yes, no, or nobody knows."""

    facility = models.ForeignKey(
        Facility, models.CASCADE, related_name="access_facts", verbose_name=_("facility")
    )
    feature = models.CharField(_("fact"), max_length=20, choices=choices(FEATURE_LABELS))
    value = models.CharField(
        _("answer"), max_length=8, choices=choices(VALUE_LABELS), default=Value.UNKNOWN.value
    )
    note = models.CharField(_("note"), max_length=120, blank=True)
    checked_on = models.DateField(_("looked at on"), null=True, blank=True)

    class Meta:
        verbose_name = _("accessibility fact")
        verbose_name_plural = _("accessibility facts")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["facility", "feature"], name="access_fact_once"),
            models.CheckConstraint(condition=Q(feature__in=list(Feature)), name="access_fact_feature"),
            models.CheckConstraint(condition=Q(value__in=list(Value)), name="access_fact_value"),
        ]

    def __str__(self) -> str:
        return f"{self.get_feature_display()} {self.get_value_display()}"


class Assurance(models.Model):
    """That someone verified what is said of a place (核验), how, and until when it can be relied on.  Append-only."""

    class Method(models.TextChoices):
        VISIT = "visit", _("seen on the spot")
        CALL = "call", _("asked by telephone")
        DOCUMENT = "document", _("from a document")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    facility = models.ForeignKey(
        Facility, models.PROTECT, related_name="assurances", verbose_name=_("facility")
    )
    by = models.ForeignKey("accounts.Staff", models.PROTECT, related_name="+", verbose_name=_("verified by"))
    assured_on = models.DateField(_("verified on"))
    valid_to = models.DateField(_("holds until"))  # inclusive
    method = models.CharField(_("how"), max_length=10, choices=Method)
    at = models.DateTimeField(_("recorded"))

    class Meta:
        verbose_name = _("assurance")
        verbose_name_plural = _("assurances")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(valid_to__gte=F("assured_on")), name="assurance_order"),
            models.CheckConstraint(
                condition=Q(method__in=["visit", "call", "document"]), name="assurance_method"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["facility", "-id"], name="assurance_newest")]

    def __str__(self) -> str:
        return f"{self.assured_on}"


class AssuranceTerm(models.Model):
    """How long what was verified can be relied on: for a kind of place, without one for every other kind.

    Terms of one kind never overlap; where none is in force 180 days hold.
    """

    kind = models.ForeignKey(
        FacilityKind, models.PROTECT, null=True, blank=True, related_name="assurance_terms",
        verbose_name=_("kind of place"), help_text=_("Empty: every kind without a term of its own."),
    )  # fmt: skip
    days = models.PositiveSmallIntegerField(_("an assurance holds, in days"))
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    source = models.CharField(_("source"), max_length=200)

    objects = ValidityQuerySet.as_manager()

    class Meta:
        verbose_name = _("term of assurances")
        verbose_name_plural = _("terms of assurances")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(days__gte=1, days__lte=1095), name="assurance_term_days"),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_from=None) | Q(valid_to__gt=F("valid_from")),
                name="assurance_term_validity",
            ),
            ExclusionConstraint(
                name="assurance_terms_apart",
                expressions=[
                    (Coalesce("kind", models.Value("")), RangeOperators.EQUAL),
                    (
                        Func(F("valid_from"), F("valid_to"), function="daterange", output_field=DateRangeField()),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return str(self.days)


class CorrectionReport(models.Model):
    """That a resident says an entry is wrong (纠错), and what became of it."""

    class Field(models.TextChoices):
        NAME = "name", _("name")
        ADDRESS = "address", _("address")
        POINT = "point", _("place on the map")
        HOURS = "hours", _("opening hours")
        PHONE = "phone", _("telephone")
        SERVICES = "services", _("services")
        ACCESS = "access", _("accessibility")
        CLOSED = "closed", _("it is closed for good")
        OTHER = "other", _("something else")

    class State(models.TextChoices):
        RECEIVED = CorrectionState.RECEIVED.value, _("waiting for an answer")
        ACCEPTED = CorrectionState.ACCEPTED.value, _("corrected")
        DECLINED = CorrectionState.DECLINED.value, _("not changed")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    facility = models.ForeignKey(
        Facility, models.PROTECT, related_name="corrections", verbose_name=_("facility")
    )
    resident = models.ForeignKey(
        "accounts.Resident", models.PROTECT, related_name="+", verbose_name=_("resident")
    )
    field = models.CharField(_("what is wrong"), max_length=10, choices=Field)
    text = models.CharField(_("what it should say"), max_length=500)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.RECEIVED)
    reply = models.CharField(_("reply"), max_length=300, blank=True)
    handled_by = models.ForeignKey(
        "accounts.Staff", models.PROTECT, null=True, related_name="+", verbose_name=_("handled by")
    )
    handled_at = models.DateTimeField(_("handled on"), null=True)
    created_at = models.DateTimeField(_("received at"))

    class Meta:
        verbose_name = _("correction report")
        verbose_name_plural = _("correction reports")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state="received", handled_by=None, handled_at=None, reply="")
                | (
                    Q(state__in=["accepted", "declined"], handled_by__isnull=False, handled_at__isnull=False)
                    & ~Q(reply="")
                ),
                name="correction_handled_whole",
            ),
            models.CheckConstraint(
                condition=Q(
                    field__in=[
                        "name",
                        "address",
                        "point",
                        "hours",
                        "phone",
                        "services",
                        "access",
                        "closed",
                        "other",
                    ]
                ),
                name="correction_field",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["id"], condition=Q(state="received"), name="correction_open"),
            models.Index(fields=["resident", "-id"], name="correction_of_resident"),
        ]

    def __str__(self) -> str:
        return f"{self.get_field_display()} {self.get_state_display()}"


class FacilityEvent(models.Model):
    """What was done to a place, by whom: ``changed`` field → [before, after].  Append-only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    facility = models.ForeignKey(Facility, models.PROTECT, related_name="events", verbose_name=_("facility"))
    verb = models.CharField(_("act"), max_length=10, choices=choices(VERB_LABELS))
    staff = models.ForeignKey(
        "accounts.Staff", models.PROTECT, null=True, related_name="+", verbose_name=_("member of staff")
    )
    changed = models.JSONField(_("what was changed"), default=dict)
    text = models.CharField(_("told to followers"), max_length=300, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("entry of a place's history")
        verbose_name_plural = _("history of places")
        indexes: ClassVar = [models.Index(fields=["facility", "-id"], name="facility_event_newest")]

    def __str__(self) -> str:
        return f"{self.at:%F %T} {self.get_verb_display()}"
