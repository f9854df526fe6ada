"""The public board: what is shown of a case, who decided it, who follows it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.common.geo import Point
from apps.common.ids import uuid7
from apps.feedback import board_labels as labels
from apps.feedback.board_querysets import BoardQuerySet
from apps.feedback.board_states import BoardState, BoardVerb, Place
from apps.feedback.models.cases import Case, TimelineEntry
from apps.feedback.models.tables import Category

_PUBLISHED = Q(state=BoardState.PUBLISHED.value)


class BoardEntry(models.Model):
    """What the public reads of a case (公示): its own texts, redacted and confirmed by a person."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.OneToOneField(Case, models.PROTECT, related_name="board_entry", verbose_name=_("case"))
    state = models.CharField(
        _("state"),
        max_length=12,
        choices=labels.choices(labels.BOARD_STATE_LABELS),
        default=BoardState.PROPOSED.value,
    )
    title = models.CharField(_("title"), max_length=60)
    text = models.TextField(_("text"), max_length=2000)
    reply_text = models.TextField(_("answer"), max_length=2000)
    # "You said, we did" (您提我办): what changed for good, beyond the single answer.
    note = models.CharField(_("what changed"), max_length=500, blank=True)
    noted_at = models.DateTimeField(_("since"), null=True)
    # Kinds and counts of what was masked in the proposal; never what it was.
    findings = models.JSONField(_("masked"), default=dict)
    category = models.ForeignKey(Category, models.PROTECT, related_name="+", verbose_name=_("category"))
    street = models.ForeignKey(
        "common.Street", models.PROTECT, null=True, related_name="+", verbose_name=_("street")
    )
    place = models.CharField(_("place shown"), max_length=8, choices=labels.choices(labels.PLACE_LABELS))
    lng = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    crs = models.CharField(max_length=5, blank=True)
    submitted_at = models.DateTimeField(_("submitted at"))
    replied_at = models.DateTimeField(_("answered at"))
    proposed_by = models.ForeignKey(
        "accounts.Staff", models.PROTECT, related_name="+", verbose_name=_("proposed by")
    )
    proposed_at = models.DateTimeField(_("proposed at"))
    confirmed_by = models.ForeignKey(
        "accounts.Staff", models.PROTECT, null=True, related_name="+", verbose_name=_("confirmed by")
    )
    published_at = models.DateTimeField(_("published at"), null=True)
    taken_down_at = models.DateTimeField(_("taken down at"), null=True)
    taken_down_reason = models.CharField(_("reason"), max_length=300, blank=True)
    updated_at = models.DateTimeField(_("changed"))
    version = models.PositiveIntegerField(default=1)
    search = SearchVectorField(null=True, editable=False)

    objects = BoardQuerySet.as_manager()

    class Meta:
        verbose_name = _("board entry")
        verbose_name_plural = _("public board")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=[s.value for s in BoardState]), name="board_state"),
            models.CheckConstraint(
                condition=~_PUBLISHED | Q(confirmed_by__isnull=False, published_at__isnull=False),
                name="board_published_has_confirmer",
            ),
            models.CheckConstraint(
                condition=Q(state=BoardState.TAKEN_DOWN.value, taken_down_at__isnull=False)
                & ~Q(taken_down_reason="")
                | Q(~Q(state=BoardState.TAKEN_DOWN.value), taken_down_at=None, taken_down_reason=""),
                name="board_taken_down_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(place=Place.NONE.value, lng=None, lat=None, crs="")
                | Q(
                    place__in=[Place.CELL.value, Place.EXACT.value],
                    lng__isnull=False,
                    lat__isnull=False,
                    # One system for all, so that a search compares like with like.
                    crs="gcj02",
                ),
                name="board_place_whole",
            ),
            models.CheckConstraint(
                condition=Q(note="", noted_at=None) | (~Q(note="") & Q(noted_at__isnull=False)),
                name="board_note_has_date",
            ),
            models.CheckConstraint(condition=~Q(title="") & ~Q(text=""), name="board_texts"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["-published_at", "-id"], condition=_PUBLISHED, name="board_newest"),
            models.Index(
                fields=["category", "-published_at", "-id"], condition=_PUBLISHED, name="board_category"
            ),
            models.Index(
                fields=["street", "-published_at", "-id"], condition=_PUBLISHED, name="board_street"
            ),
            models.Index(fields=["lat", "lng"], condition=_PUBLISHED, name="board_near"),
            # Open311 asks by the day of the request.
            models.Index(fields=["-submitted_at", "-id"], condition=_PUBLISHED, name="board_requested"),
            models.Index(fields=["state", "-updated_at", "-id"], name="board_desk"),
            GinIndex(fields=["search"], condition=_PUBLISHED, name="board_words"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def state_label(self) -> str:
        """The state in words."""
        return str(labels.BOARD_STATE_LABELS[BoardState(self.state)])

    @property
    def point(self) -> Point | None:
        """The place as it is shown, in gcj02, or None."""
        return None if self.lng is None or self.lat is None else Point(self.lng, self.lat, "gcj02")


class BoardEvent(models.Model):
    """One act on an entry: who, when, why.  Append-only: a trigger of the database refuses changes and deletions."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    entry = models.ForeignKey(
        BoardEntry, models.PROTECT, related_name="events", verbose_name=_("board entry")
    )
    at = models.DateTimeField(_("at"))
    verb = models.CharField(_("act"), max_length=12, choices=labels.choices(labels.BOARD_VERB_LABELS))
    staff = models.ForeignKey(
        "accounts.Staff", models.PROTECT, null=True, related_name="+", verbose_name=_("member of staff")
    )
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    # The texts that the act left, so that one can see what the public read when.
    title = models.CharField(_("title"), max_length=60)
    text = models.TextField(_("text"), max_length=2000)
    reply_text = models.TextField(_("answer"), max_length=2000)
    note = models.CharField(_("what changed"), max_length=500, blank=True)
    version = models.PositiveIntegerField(_("version"))

    class Meta:
        verbose_name = _("board event")
        verbose_name_plural = _("board events")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(verb__in=[v.value for v in BoardVerb]), name="board_event_verb"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["entry", "id"], name="board_event_of_entry")]

    def __str__(self) -> str:
        return f"{self.entry_id} {self.verb}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write once."""
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)


class Follow(models.Model):
    """That a resident wants to hear how someone else's case goes on (关注)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, models.CASCADE, related_name="follows", verbose_name=_("case"))
    resident = models.ForeignKey(
        "accounts.Resident", models.CASCADE, related_name="+", verbose_name=_("resident")
    )
    created_at = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("follower")
        verbose_name_plural = _("followers")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["resident", "case"], name="follow_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["case", "id"], name="follow_of_case")]

    def __str__(self) -> str:
        return str(self.id)


class FollowRound(models.Model):
    """That the followers of a case were told of one step; what is missing here a sweep finds and tells."""

    entry = models.OneToOneField(
        TimelineEntry, models.CASCADE, primary_key=True, related_name="+", verbose_name=_("timeline entry")
    )
    told = models.PositiveIntegerField(_("told"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("notices to followers")
        verbose_name_plural = _("notices to followers")

    def __str__(self) -> str:
        return f"{self.entry_id} {self.told}"
