"""Rounds of review, signatures, proof passes and what the checks found.

Triggers (migration 0004) keep what a constraint of one row can not say: nobody signs what they wrote, a signature is
for the round's revision and its fingerprint, nothing is published without every signature.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.common.ids import uuid7
from apps.news.labels import (
    DECISION_LABELS,
    FINDING_LABELS,
    LEVEL_LABELS,
    PLACE_LABELS,
    STAGE_LABELS,
    choices,
)
from apps.news.models.articles import Article, Revision
from apps.news.states import Decision, FindingKind, FindingLevel, Point, Stage

NOTE_CHARS = 300


class ReviewRound(models.Model):
    """One way of a text through the reviews (审核单), from its submission to its release or return.

    ``levels``, ``proofs``  what the column asked for when it began; 0 levels: published before the reviews existed
    """

    class Outcome(models.TextChoices):
        RELEASED = "released", _("published")
        RETURNED = "returned", _("sent back")
        WITHDRAWN = "withdrawn", _("taken back")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    article = models.ForeignKey(Article, models.PROTECT, related_name="rounds", verbose_name=_("article"))
    number = models.PositiveIntegerField(_("round"))
    revision = models.ForeignKey(Revision, models.PROTECT, related_name="rounds", verbose_name=_("revision"))
    levels = models.PositiveSmallIntegerField(_("reviews"))
    proofs = models.PositiveSmallIntegerField(_("proof passes"))
    opened_by = models.ForeignKey(
        "accounts.Staff", models.PROTECT, null=True, related_name="+", verbose_name=_("submitted by")
    )
    opened_at = models.DateTimeField(_("submitted at"))
    closed_at = models.DateTimeField(_("closed at"), null=True)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome, blank=True)

    class Meta:
        verbose_name = _("round of review")
        verbose_name_plural = _("rounds of review")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["article", "number"], name="round_number_once"),
            models.UniqueConstraint(fields=["article"], condition=Q(closed_at=None), name="round_one_open"),
            models.CheckConstraint(
                condition=Q(closed_at=None, outcome="") | (Q(closed_at__isnull=False) & ~Q(outcome="")),
                name="round_closed_whole",
            ),
            models.CheckConstraint(condition=Q(levels__lte=3, proofs__lte=3), name="round_levels"),
        ]

    def __str__(self) -> str:
        return f"{self.article_id} #{self.number}"


class ReviewStep(models.Model):
    """A signature or a return (审签).  Only ``voided_at`` is ever written again, once."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    round = models.ForeignKey(
        ReviewRound, models.PROTECT, related_name="steps", verbose_name=_("round of review")
    )
    revision = models.ForeignKey(Revision, models.PROTECT, related_name="+", verbose_name=_("revision"))
    sha256 = models.CharField(_("fingerprint"), max_length=64)
    stage = models.CharField(_("stage"), max_length=8, choices=choices(STAGE_LABELS))
    actor = models.ForeignKey(
        "accounts.Staff", models.PROTECT, related_name="+", verbose_name=_("member of staff")
    )
    decision = models.CharField(_("decision"), max_length=8, choices=choices(DECISION_LABELS))
    checklist = models.JSONField(_("checklist"), default=list)
    note = models.CharField(_("note"), max_length=NOTE_CHARS, blank=True)
    at = models.DateTimeField(_("at"))
    voided_at = models.DateTimeField(_("void since"), null=True)

    class Meta:
        verbose_name = _("signature")
        verbose_name_plural = _("signatures")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(stage__in=[s.value for s in Stage]), name="step_stage"),
            models.CheckConstraint(
                condition=Q(decision__in=[d.value for d in Decision]), name="step_decision"
            ),
            # Four different people: whoever signed one stage of a round signs no other.
            models.UniqueConstraint(
                fields=["round", "actor"], condition=Q(decision="approve", voided_at=None), name="step_one_a_person"
            ),
            models.UniqueConstraint(
                fields=["round", "stage"], condition=Q(decision="approve", voided_at=None), name="step_one_a_stage"
            ),
            models.CheckConstraint(
                condition=~Q(decision="approve") | Q(checklist__contains=[p.value for p in Point]),
                name="step_six_points",
            ),
            models.CheckConstraint(condition=~Q(decision="return") | ~Q(note=""), name="step_return_has_reason"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.round_id} {self.stage}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write once."""
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)


class ProofPass(models.Model):
    """One reading for errors (校次) of a revision, by somebody who did not write it.  Append-only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    round = models.ForeignKey(
        ReviewRound, models.PROTECT, related_name="proof_passes", verbose_name=_("round of review")
    )
    revision = models.ForeignKey(Revision, models.PROTECT, related_name="+", verbose_name=_("revision"))
    number = models.PositiveSmallIntegerField(_("pass"))
    actor = models.ForeignKey(
        "accounts.Staff", models.PROTECT, related_name="+", verbose_name=_("member of staff")
    )
    errors_found = models.PositiveSmallIntegerField(_("errors found"), default=0)
    note = models.CharField(_("note"), max_length=NOTE_CHARS, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("proof pass")
        verbose_name_plural = _("proof passes")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["revision", "round", "number"], name="proof_number_once"),
            models.UniqueConstraint(fields=["revision", "round", "actor"], name="proof_one_a_person"),
            models.CheckConstraint(condition=Q(number__gte=1, number__lte=3), name="proof_number"),
        ]

    def __str__(self) -> str:
        return f"{self.round_id} {self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write once."""
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)


class WordCheck(models.Model):
    """With which versions of the word lists a revision was checked last."""

    revision = models.OneToOneField(Revision, models.PROTECT, primary_key=True)
    versions = ArrayField(models.BigIntegerField(), default=list)
    checked_at = models.DateTimeField()

    class Meta:
        verbose_name = _("check of listed words")
        verbose_name_plural = _("checks of listed words")

    def __str__(self) -> str:
        return str(self.revision_id)


class Finding(models.Model):
    """What the checks found in a revision.  Open until it is waived or a later check no longer finds it.

    ``excerpt``  never the personal data itself: masked
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    revision = models.ForeignKey(
        Revision, models.PROTECT, related_name="findings", verbose_name=_("revision")
    )
    kind = models.CharField(_("kind"), max_length=12, choices=choices(FINDING_LABELS))
    level = models.CharField(_("weight"), max_length=8, choices=choices(LEVEL_LABELS))
    place = models.CharField(_("where it stands"), max_length=120)
    start = models.PositiveIntegerField(_("from character"), default=0)
    end = models.PositiveIntegerField(_("to character"), default=0)
    what = models.CharField(_("found"), max_length=80)
    excerpt = models.CharField(_("excerpt"), max_length=160, blank=True)
    suggestion = models.CharField(_("write instead"), max_length=80, blank=True)
    found_at = models.DateTimeField(_("found at"))
    gone_at = models.DateTimeField(_("no longer found since"), null=True)
    waived_by = models.ForeignKey(
        "accounts.Staff", models.PROTECT, null=True, related_name="+", verbose_name=_("waived by")
    )
    waived_at = models.DateTimeField(_("waived at"), null=True)
    waive_reason = models.CharField(_("reason"), max_length=NOTE_CHARS, blank=True)

    class Meta:
        verbose_name = _("finding")
        verbose_name_plural = _("findings")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["revision", "kind", "place", "start", "what"], name="finding_once"
            ),
            models.CheckConstraint(condition=Q(kind__in=[k.value for k in FindingKind]), name="finding_kind"),
            models.CheckConstraint(
                condition=Q(level__in=[x.value for x in FindingLevel]), name="finding_level"
            ),
            models.CheckConstraint(
                condition=Q(waived_at=None, waived_by=None, waive_reason="")
                | (Q(waived_at__isnull=False, waived_by__isnull=False) & ~Q(waive_reason="")),
                name="finding_waived_whole",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["revision"], condition=Q(gone_at=None, waived_at=None), name="finding_open"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.what}"

    @property
    def place_label(self) -> str:
        """The place in words; an attachment by its name."""
        return str(PLACE_LABELS.get(self.place, self.place))
