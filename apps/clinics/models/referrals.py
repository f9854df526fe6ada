"""Patients passed between institutions of one alliance (双向转诊): who asked whom for what, and what came back."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.clinics.referral_states import Direction, ReferralState, Urgency
from apps.common.crypto import EncryptedTextField
from apps.common.ids import uuid7


class Referral(models.Model):
    """A referral.  What it says of the patient is encrypted, and goes to the other institution only with consent.

    ``original``  of a referral down: the one up that it answers; it keeps that one's number
    ``due_at``    when whoever must act next is late; ``reminded_at`` they were told so
    """

    class DirectionChoice(models.TextChoices):
        UP = Direction.UP.value, _("up")
        DOWN = Direction.DOWN.value, _("down")

    class UrgencyChoice(models.TextChoices):
        ROUTINE = Urgency.ROUTINE.value, _("routine")
        SOON = Urgency.SOON.value, _("soon")
        EMERGENCY = Urgency.EMERGENCY.value, _("acute")

    class State(models.TextChoices):
        DRAFT = ReferralState.DRAFT.value, _("draft")
        SENT = ReferralState.SENT.value, _("sent")
        REDIRECTED = ReferralState.REDIRECTED.value, _("redirected")
        RETURNED = ReferralState.RETURNED.value, _("sent back")
        ADVICE_GIVEN = ReferralState.ADVICE_GIVEN.value, _("advice given")
        ACCEPTED = ReferralState.ACCEPTED.value, _("accepted")
        SLOT_OFFERED = ReferralState.SLOT_OFFERED.value, _("appointment offered")
        BOOKED = ReferralState.BOOKED.value, _("booked")
        SEEN = ReferralState.SEEN.value, _("seen")
        REPORTED = ReferralState.REPORTED.value, _("reported back")
        DOWN_REFERRED = ReferralState.DOWN_REFERRED.value, _("referred back down")
        CLOSED = ReferralState.CLOSED.value, _("closed")
        CANCELLED = ReferralState.CANCELLED.value, _("called off")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    number = models.CharField(_("number"), max_length=20)
    direction = models.CharField(_("direction"), max_length=4, choices=DirectionChoice)
    original = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="answers", verbose_name=_("answers")
    )
    patient = models.ForeignKey(
        "clinics.Patient", models.PROTECT, related_name="referrals", verbose_name=_("patient")
    )
    sender = models.ForeignKey(
        "clinics.Institution", models.PROTECT, related_name="referrals_sent", verbose_name=_("sent by")
    )
    receiver = models.ForeignKey(
        "clinics.Institution", models.PROTECT, related_name="referrals_received", verbose_name=_("sent to")
    )
    department = models.ForeignKey(
        "clinics.Department",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("department"),
    )
    urgency = models.CharField(_("urgency"), max_length=10, choices=UrgencyChoice)
    reason = EncryptedTextField()
    summary = EncryptedTextField()
    report = EncryptedTextField(null=True)
    state = models.CharField(_("state"), max_length=14, choices=State, default=State.DRAFT)
    redirects = models.PositiveSmallIntegerField(_("redirected, times"), default=0)
    appointment = models.ForeignKey(
        "clinics.Appointment",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("appointment"),
    )
    due_at = models.DateTimeField(_("due"), null=True)
    reminded_at = models.DateTimeField(_("reminded"), null=True)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_by = models.ForeignKey(
        "accounts.Staff", models.PROTECT, related_name="+", verbose_name=_("filled in by")
    )
    created_at = models.DateTimeField(_("written"))
    closed_at = models.DateTimeField(_("closed at"), null=True)

    class Meta:
        verbose_name = _("referral")
        verbose_name_plural = _("referrals")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=list(ReferralState)), name="referral_state"),
            models.CheckConstraint(condition=~Q(sender=F("receiver")), name="referral_between_two"),
            models.CheckConstraint(
                condition=Q(direction="up", original=None) | Q(direction="down", original__isnull=False),
                name="referral_down_answers_one_up",
            ),
            models.UniqueConstraint(fields=["number", "direction"], name="referral_number_once"),
            models.UniqueConstraint(fields=["original"], name="referral_answered_once"),
            models.CheckConstraint(
                condition=~Q(state__in=["reported", "down_referred"]) | Q(report__isnull=False),
                name="referral_reported_has_report",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["receiver", "state", "due_at"], name="referral_worklist"),
            models.Index(fields=["sender", "-id"], name="referral_of_sender"),
            models.Index(
                fields=["due_at"], condition=Q(due_at__isnull=False, reminded_at=None), name="referral_due"
            ),
        ]

    def __str__(self) -> str:
        return self.number


class ReferralConsent(models.Model):
    """That the patient agrees that a referral's texts go to the other institution (PIPL 23, 29); withdrawn, they go no more.

    ``resident``  who agreed on the phone: the patient, or who may act for them
    ``witness``   the member of staff to whom it was given on paper
    """

    referral = models.ForeignKey(
        Referral, models.PROTECT, related_name="consents", verbose_name=_("referral")
    )
    receiver = models.ForeignKey(
        "clinics.Institution", models.PROTECT, related_name="+", verbose_name=_("may be read by")
    )
    resident = models.ForeignKey(
        "accounts.Resident", models.PROTECT, null=True, related_name="+", verbose_name=_("resident")
    )
    witness = models.ForeignKey(
        "accounts.Staff", models.PROTECT, null=True, related_name="+", verbose_name=_("witness")
    )
    note = models.CharField(_("how"), max_length=120, blank=True)
    given_at = models.DateTimeField(_("given"))
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True)

    class Meta:
        verbose_name = _("consent to a referral")
        verbose_name_plural = _("consents to referrals")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(resident__isnull=False, witness=None) | Q(resident=None, witness__isnull=False),
                name="referral_consent_by_one",
            ),
            models.UniqueConstraint(
                fields=["referral", "receiver"], condition=Q(withdrawn_at=None), name="referral_consent_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.given_at:%F}"


class ReferralEvent(models.Model):
    """One act on a referral, with its words.  Append-only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    referral = models.ForeignKey(Referral, models.PROTECT, related_name="events", verbose_name=_("referral"))
    verb = models.CharField(_("act"), max_length=12)
    state = models.CharField(_("state then"), max_length=14)
    text = EncryptedTextField(null=True)
    staff = models.ForeignKey(
        "accounts.Staff", models.PROTECT, null=True, related_name="+", verbose_name=_("member of staff")
    )
    resident = models.ForeignKey(
        "accounts.Resident", models.PROTECT, null=True, related_name="+", verbose_name=_("resident")
    )
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("entry of a referral")
        verbose_name_plural = _("entries of referrals")
        indexes: ClassVar = [models.Index(fields=["referral", "id"], name="referral_event_order")]

    def __str__(self) -> str:
        return f"{self.at:%F %T} {self.verb}"

    @property
    def state_shown(self) -> str:
        """The state then, in words."""
        return str(Referral.State(self.state).label)


class ReferralTerm(models.Model):
    """How long whoever must act next has, by urgency and state: dated data that the alliance decides."""

    urgency = models.CharField(_("urgency"), max_length=10, choices=Referral.UrgencyChoice)
    state = models.CharField(_("state"), max_length=14, choices=Referral.State)
    hours = models.PositiveSmallIntegerField(_("hours"))
    valid_from = models.DateField(_("valid from"))
    source = models.CharField(_("source"), max_length=200)

    class Meta:
        verbose_name = _("term of referrals")
        verbose_name_plural = _("terms of referrals")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["urgency", "state", "valid_from"], name="referral_term_once"),
            models.CheckConstraint(condition=Q(hours__gte=1), name="referral_term_hours"),
        ]

    def __str__(self) -> str:
        return f"{self.urgency} {self.state} {self.hours} h"
