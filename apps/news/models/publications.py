"""Publications: which revision the public reads, from when to when."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Case, F, Func, Q, Value, When
from django.db.models.functions import Greatest, Least
from django.utils.translation import gettext_lazy as _

from apps.common.ids import uuid7
from apps.news.models.articles import Article, Revision
from apps.news.models.columns import Column
from apps.news.models.reviews import NOTE_CHARS, ReviewRound
from apps.news.querysets import PublicationQuerySet

_FIRST_END = Least("expire_at", "superseded_at", "retracted_at")


class Publication(models.Model):
    """A release of a revision (发布).  The public reads it while ``go_live_at`` ≤ now < ``ends_at``: no job has to run.

    ``ends_at``   the earliest of running out, being replaced and retraction; not before ``go_live_at``
    ``column``, ``pinned``  copied here for the lists
    ``told_at``   when the followers of the column were told
    The database lets no two publications of an article be public at one moment.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    article = models.ForeignKey(
        Article, models.PROTECT, related_name="publications", verbose_name=_("article")
    )
    revision = models.ForeignKey(
        Revision, models.PROTECT, related_name="publications", verbose_name=_("revision")
    )
    round = models.OneToOneField(
        ReviewRound, models.PROTECT, related_name="publication", verbose_name=_("round of review")
    )
    column = models.ForeignKey(Column, models.PROTECT, related_name="+", verbose_name=_("column"))
    pinned = models.BooleanField(_("pinned"), default=False)
    go_live_at = models.DateTimeField(_("public from"))
    expire_at = models.DateTimeField(_("public until"), null=True, blank=True)
    superseded_at = models.DateTimeField(_("replaced at"), null=True)
    retracted_at = models.DateTimeField(_("retracted at"), null=True)
    retracted_by = models.ForeignKey(
        "accounts.Staff", models.PROTECT, null=True, related_name="+", verbose_name=_("retracted by")
    )
    retract_reason = models.CharField(_("reason"), max_length=NOTE_CHARS, blank=True)
    ends_at = models.GeneratedField(
        expression=Case(
            When(condition=Q(expire_at=None, superseded_at=None, retracted_at=None), then=Value(None)),
            default=Greatest("go_live_at", _FIRST_END),
        ),
        output_field=models.DateTimeField(_("ends at"), null=True),
        db_persist=True,
    )
    created_by = models.ForeignKey(
        "accounts.Staff", models.PROTECT, null=True, related_name="+", verbose_name=_("published by")
    )
    created_at = models.DateTimeField(_("created"))
    told_at = models.DateTimeField(null=True)
    hits = models.PositiveBigIntegerField(_("times read"), default=0)
    search = SearchVectorField(null=True, editable=False)

    objects = PublicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("publication")
        verbose_name_plural = _("publications")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(expire_at=None) | Q(expire_at__gt=F("go_live_at")), name="publication_expires_later"
            ),
            models.CheckConstraint(
                condition=Q(retracted_at=None, retracted_by=None, retract_reason="")
                | (Q(retracted_at__isnull=False, retracted_by__isnull=False) & ~Q(retract_reason="")),
                name="publication_retracted_whole",
            ),
            ExclusionConstraint(
                name="publication_one_at_a_time",
                expressions=[
                    ("article", RangeOperators.EQUAL),
                    (
                        Func("go_live_at", "ends_at", function="tstzrange", output_field=DateTimeRangeField()),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(
                fields=["-pinned", "-go_live_at", "-id"], include=["ends_at", "column"], name="publication_newest"
            ),
            models.Index(
                fields=["column", "-pinned", "-go_live_at", "-id"], include=["ends_at"], name="publication_column"
            ),
            models.Index(fields=["go_live_at"], condition=Q(told_at=None), name="publication_untold"),
            models.Index(fields=["ends_at"], condition=Q(ends_at__isnull=False), name="publication_ends"),
            models.Index(fields=["go_live_at"], name="publication_starts"),
            GinIndex(fields=["search"], name="publication_words"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.revision_id} {self.go_live_at:%F %T}"
