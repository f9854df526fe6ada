"""The frozen roster, the draw and the allocation: written once, never changed."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.common.crypto import EncryptedTextField
from apps.common.ids import uuid7
from apps.schools.models.applications import Application, Preference
from apps.schools.models.rounds import AdmissionRound, Intake, PriorityCategory


class RosterFreeze(models.Model):
    """The roster of a round, byte for byte (名单冻结).  ``sha256`` is public from this moment."""

    round = models.OneToOneField(
        AdmissionRound,
        models.PROTECT,
        primary_key=True,
        related_name="freeze",
        verbose_name=_("admission round"),
    )
    roster = models.BinaryField(editable=False)
    sha256 = models.CharField(_("fingerprint of the roster"), max_length=64)
    applicants = models.PositiveIntegerField(_("applicants"))
    frozen_at = models.DateTimeField(_("frozen"))
    frozen_by = models.ForeignKey("accounts.Staff", models.PROTECT, related_name="+", verbose_name=_("by"))

    class Meta:
        verbose_name = _("frozen roster")
        verbose_name_plural = _("frozen rosters")

    def __str__(self) -> str:
        return self.sha256[:12]


class FrozenEntry(models.Model):
    """Which pseudonym stands for which application; twins placed together share one.  Known to family and office only."""

    application = models.OneToOneField(Application, models.PROTECT, primary_key=True, related_name="frozen")
    round = models.ForeignKey(AdmissionRound, models.PROTECT, related_name="+")
    pseudonym = models.CharField(_("pseudonym"), max_length=32)

    class Meta:
        verbose_name = _("entry of a frozen roster")
        verbose_name_plural = _("entries of frozen rosters")
        indexes: ClassVar = [models.Index(fields=["round", "pseudonym"], name="frozen_entry_pseudonym")]

    def __str__(self) -> str:
        return self.pseudonym


class Draw(models.Model):
    """Commitment, public number and reveal of a round's draw (可验证派位): in this order, each once.

    ``secret``  encrypted; given out with the reveal    ``committed_by``, ``fixed_by``  two people
    """

    round = models.OneToOneField(
        AdmissionRound,
        models.PROTECT,
        primary_key=True,
        related_name="draw",
        verbose_name=_("admission round"),
    )
    secret = EncryptedTextField()  # 64 hex digits
    commitment = models.CharField(_("commitment"), max_length=64)
    committed_at = models.DateTimeField(_("committed"))
    committed_by = models.ForeignKey(
        "accounts.Staff", models.PROTECT, related_name="+", verbose_name=_("committed by")
    )
    public_number = models.CharField(_("public draw number"), max_length=64, blank=True)
    public_source = models.CharField(_("where the public number comes from"), max_length=200, blank=True)
    revealed_at = models.DateTimeField(_("revealed"), null=True)
    revealed_by = models.ForeignKey(
        "accounts.Staff", models.PROTECT, null=True, related_name="+", verbose_name=_("revealed by")
    )

    class Meta:
        verbose_name = _("draw")
        verbose_name_plural = _("draws")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(revealed_at=None, revealed_by=None, public_number="")
                | (Q(revealed_at__gt=F("committed_at"), revealed_by__isnull=False) & ~Q(public_number="") & ~Q(public_source="")),
                name="draw_revealed_whole",
            ),
            models.CheckConstraint(
                condition=Q(revealed_by=None) | ~Q(revealed_by=F("committed_by")), name="draw_two_people"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.commitment[:12]


class AllocationRun(models.Model):
    """The one allocation of a round with the certificate of the independent checker."""

    round = models.OneToOneField(
        AdmissionRound,
        models.PROTECT,
        primary_key=True,
        related_name="run",
        verbose_name=_("admission round"),
    )
    algorithm = models.CharField(_("version of the algorithm"), max_length=40)
    bundle = models.JSONField(editable=False)  # file name → text
    sha256 = models.CharField(_("fingerprint of the bundle"), max_length=64)
    holds = models.BooleanField(_("certificate holds"))
    placed = models.PositiveIntegerField(_("children with a place"))
    unplaced = models.PositiveIntegerField(_("children without a place"))
    ran_at = models.DateTimeField(_("worked out"))

    class Meta:
        verbose_name = _("allocation")
        verbose_name_plural = _("allocations")

    def __str__(self) -> str:
        return self.sha256[:12]


class PreferenceResult(models.Model):
    """What became of one choice, for the family's letter: own class and rank, the last admitted, the places."""

    preference = models.OneToOneField(Preference, models.PROTECT, primary_key=True, related_name="result")
    admitted = models.BooleanField(_("admitted"))
    rank = models.PositiveIntegerField(_("own rank"))
    priority = models.PositiveSmallIntegerField(_("own class"))

    class Meta:
        verbose_name = _("result of a choice")
        verbose_name_plural = _("results of choices")

    def __str__(self) -> str:
        return f"{self.rank}"


class Cutoff(models.Model):
    """The last who was admitted to an intake, over all classes (``category`` empty) or of one; kept for later years."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    intake = models.ForeignKey(Intake, models.PROTECT, related_name="cutoffs", verbose_name=_("intake"))
    category = models.ForeignKey(
        PriorityCategory, models.PROTECT, null=True, related_name="+", verbose_name=_("class of applicants")
    )
    admitted = models.PositiveIntegerField(_("admitted"))
    applied = models.PositiveIntegerField(_("applied"))
    last_rank = models.PositiveIntegerField(_("rank of the last admitted"), null=True)
    last_priority = models.PositiveSmallIntegerField(_("class of the last admitted"), null=True)
    last_points = models.PositiveIntegerField(_("points of the last admitted"), null=True)
    last_band = models.PositiveSmallIntegerField(_("distance band of the last admitted"), null=True)

    class Meta:
        verbose_name = _("cut-off")
        verbose_name_plural = _("cut-offs")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["intake", "category"], nulls_distinct=False, name="cutoff_once"),
        ]

    def __str__(self) -> str:
        return f"{self.last_rank}"
