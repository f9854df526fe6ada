"""Offers, waiting for one, and appeals."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.common.crypto import EncryptedTextField
from apps.common.ids import uuid7
from apps.schools.models.applications import Application
from apps.schools.models.children import Child
from apps.schools.models.rounds import Intake
from apps.schools.states import OFFER_LIVE, OfferState


class Offer(models.Model):
    """A place offered to a child (录取): it stands on a claim of the intake's capacity, so there are never more than places."""

    class State(models.TextChoices):
        OFFERED = OfferState.OFFERED.value, _("offered")
        ACCEPTED = OfferState.ACCEPTED.value, _("place accepted")
        DECLINED = OfferState.DECLINED.value, _("declined")
        LAPSED = OfferState.LAPSED.value, _("not answered in time")
        ENROLLED = OfferState.ENROLLED.value, _("enrolled")
        REVOKED = OfferState.REVOKED.value, _("taken back")

    class Origin(models.TextChoices):
        ALLOCATION = "allocation", _("allocation")
        WAITING = "waiting", _("waiting list")
        APPEAL = "appeal", _("appeal")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    application = models.ForeignKey(
        Application, models.PROTECT, related_name="offers", verbose_name=_("application")
    )
    child = models.ForeignKey(Child, models.PROTECT, related_name="+", verbose_name=_("child"))
    intake = models.ForeignKey(Intake, models.PROTECT, related_name="offers", verbose_name=_("intake"))
    claim = models.OneToOneField("capacity.Claim", models.PROTECT, related_name="+", verbose_name=_("claim"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OFFERED)
    origin = models.CharField(_("comes from"), max_length=10, choices=Origin)
    answer_until = models.DateTimeField(_("answer until"))
    made_at = models.DateTimeField(_("offered"))
    answered_at = models.DateTimeField(_("answered"), null=True)
    answered_by = models.ForeignKey(
        "accounts.Resident", models.PROTECT, null=True, related_name="+", verbose_name=_("answered by")
    )
    answered_by_staff = models.ForeignKey(
        "accounts.Staff", models.PROTECT, null=True, related_name="+", verbose_name=_("entered by")
    )
    # One of two parents wants to decline; it counts once the other agrees.
    decline_asked_by = models.ForeignKey("accounts.Resident", models.PROTECT, null=True, related_name="+")
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=list(OfferState)), name="offer_state"),
            models.CheckConstraint(condition=Q(origin__in=["allocation", "waiting", "appeal"]), name="offer_origin"),
            models.UniqueConstraint(
                fields=["child"], condition=Q(state__in=[OfferState.OFFERED, OfferState.ACCEPTED]), name="offer_one_live_per_child"
            ),
            models.UniqueConstraint(
                fields=["application"], condition=Q(state__in=list(OFFER_LIVE)), name="offer_one_per_application"
            ),
            models.CheckConstraint(
                condition=Q(state="offered", answered_at=None) | (~Q(state="offered") & Q(answered_at__isnull=False)),
                name="offer_answered",
            ),
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(fields=["answer_until"], condition=Q(state="offered"), name="offer_unanswered"),
            models.Index(fields=["intake", "state"], name="offer_of_intake"),
        ]

    def __str__(self) -> str:
        return self.get_state_display()


class WaitingPlace(models.Model):
    """A family's place in the waiting list of one intake, in the order of the allocation."""

    application = models.ForeignKey(
        Application, models.PROTECT, related_name="waiting", verbose_name=_("application")
    )
    intake = models.ForeignKey(Intake, models.PROTECT, related_name="waiting", verbose_name=_("intake"))
    entry = models.OneToOneField("capacity.WaitEntry", models.PROTECT, related_name="+")
    rank = models.PositiveIntegerField(_("rank"))

    class Meta:
        verbose_name = _("place in a waiting list of a school")
        verbose_name_plural = _("places in waiting lists of schools")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["application", "intake"], name="waiting_place_once"),
        ]

    def __str__(self) -> str:
        return f"{self.rank}"


class Appeal(models.Model):
    """A family's appeal against a rejection or a result; another person than the reviewers decides (a trigger keeps it)."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        UPHELD = "upheld", _("granted")
        DISMISSED = "dismissed", _("not granted")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    application = models.ForeignKey(
        Application, models.PROTECT, related_name="appeals", verbose_name=_("application")
    )
    text = EncryptedTextField(verbose_name=_("reason"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    made_at = models.DateTimeField(_("made"))
    made_by = models.ForeignKey(
        "accounts.Resident", models.PROTECT, null=True, related_name="+", verbose_name=_("resident")
    )
    decided_at = models.DateTimeField(_("decided"), null=True)
    decided_by = models.ForeignKey(
        "accounts.Staff", models.PROTECT, null=True, related_name="+", verbose_name=_("decided by")
    )
    decision = models.CharField(_("decision"), max_length=300, blank=True)
    intake = models.ForeignKey(
        Intake, models.PROTECT, null=True, related_name="+", verbose_name=_("place given at")
    )

    class Meta:
        verbose_name = _("appeal")
        verbose_name_plural = _("appeals")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=["open", "upheld", "dismissed"]), name="school_appeal_state"),
            models.UniqueConstraint(
                fields=["application"], condition=Q(state="open"), name="school_appeal_one_open"
            ),
            models.CheckConstraint(
                condition=Q(state="open", decided_at=None, decided_by=None)
                | (~Q(state="open") & Q(decided_at__gte=F("made_at"), decided_by__isnull=False) & ~Q(decision="")),
                name="school_appeal_decided_whole",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.get_state_display()
