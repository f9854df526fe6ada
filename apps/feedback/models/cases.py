"""A case, its history and its ratings."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.common import clock
from apps.common.crypto import EncryptedTextField
from apps.common.geo import Point
from apps.common.ids import uuid7
from apps.feedback import labels
from apps.feedback.models.tables import Category, DeadlineProfile
from apps.feedback.numbers import public_number_new
from apps.feedback.querysets import CaseQuerySet
from apps.feedback.states import (
    AT_REST,
    MAX_REOPENS,
    RANK_NORMAL,
    SETTLED,
    CaseState,
    Identity,
    RequestType,
    Urgency,
    Verb,
)


class Case(models.Model):
    """A case (诉求): what a resident asks for, and where it stands."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    number = models.CharField(_("number"), max_length=16, unique=True)
    resident = models.ForeignKey(
        "accounts.Resident", models.PROTECT, related_name="+", verbose_name=_("resident")
    )
    request_type = models.CharField(_("type"), max_length=12, choices=labels.choices(labels.TYPE_LABELS))
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, related_name="+", verbose_name=_("category")
    )
    text = models.TextField(_("text"), max_length=4000)
    address = EncryptedTextField(null=True)
    street = models.ForeignKey(
        "common.Street", models.PROTECT, null=True, related_name="+", verbose_name=_("street")
    )
    lng = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    crs = models.CharField(max_length=5, blank=True)
    identity = models.CharField(_("identity"), max_length=10, choices=labels.choices(labels.IDENTITY_LABELS))
    allow_public = models.BooleanField(_("may be published"), default=False)
    # What others may call it by; it says nothing until the case is published or offered to be followed.
    public_number = models.CharField(
        _("public number"), max_length=12, unique=True, default=public_number_new
    )
    urgency = models.CharField(
        _("urgency"),
        max_length=10,
        choices=labels.choices(labels.URGENCY_LABELS),
        default=Urgency.NORMAL.value,
    )
    state = models.CharField(
        _("state"),
        max_length=12,
        choices=labels.choices(labels.STATE_LABELS),
        default=CaseState.SUBMITTED.value,
    )
    unit = models.ForeignKey(
        "accounts.Department", models.PROTECT, null=True, related_name="+", verbose_name=_("unit")
    )
    reported_unit = models.ForeignKey(
        "accounts.Department", models.PROTECT, null=True, related_name="+", verbose_name=_("reported unit")
    )
    master = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="members", verbose_name=_("merged into")
    )
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="parts", verbose_name=_("part of")
    )
    profile = models.ForeignKey(
        DeadlineProfile, models.PROTECT, null=True, related_name="+", verbose_name=_("deadline profile")
    )
    submitted_at = models.DateTimeField(_("submitted at"))
    # The clock runs from here: the submission, after a reopening that.
    clock_from = models.DateTimeField(_("clock runs from"), default=clock.now)
    due_at = models.DateTimeField(_("deadline"), null=True)
    due_explained = models.JSONField(default=list)
    due_provisional = models.BooleanField(_("deadline provisional"), default=False)
    extension_workdays = models.PositiveSmallIntegerField(_("extended by, working days"), default=0)
    dispatched_at = models.DateTimeField(_("dispatched at"), null=True)
    sign_due_at = models.DateTimeField(_("to be signed for by"), null=True)
    signed_at = models.DateTimeField(_("signed for at"), null=True)
    contact_due_at = models.DateTimeField(_("first contact by"), null=True)
    contacted_at = models.DateTimeField(_("first contact at"), null=True)
    settled_at = models.DateTimeField(_("settled at"), null=True)
    hops = models.PositiveSmallIntegerField(_("returns"), default=0)
    ruled_at = models.DateTimeField(_("ruled at"), null=True)
    reopens = models.PositiveSmallIntegerField(_("reopenings"), default=0)
    nudges = models.PositiveSmallIntegerField(_("nudges"), default=0)
    nudged_at = models.DateTimeField(_("last nudge"), null=True)
    followers = models.PositiveIntegerField(_("followers"), default=0)
    supervised_at = models.DateTimeField(_("supervised since"), null=True)
    # Before the deadline in every queue: what is supervised, then what its resident asks for.
    queue_rank = models.PositiveSmallIntegerField(default=RANK_NORMAL)
    # What was found out when it came in; kept as it was found, with why.
    suggested = models.JSONField(default=list)
    routing = models.JSONField(default=dict)
    similar = models.JSONField(default=list)
    cell = models.IntegerField(null=True)
    search = SearchVectorField(null=True, editable=False)
    updated_at = models.DateTimeField(_("changed"))
    version = models.PositiveIntegerField(default=1)

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        permissions: ClassVar = [("export_case", _("Can export cases"))]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=[s.value for s in CaseState]), name="case_state"),
            models.CheckConstraint(
                condition=Q(request_type__in=[t.value for t in RequestType]), name="case_request_type"
            ),
            models.CheckConstraint(
                condition=Q(identity__in=[i.value for i in Identity]), name="case_identity"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["dispatched", "signed", "in_progress", "replied"])
                | Q(unit__isnull=False),
                name="case_under_way_has_unit",
            ),
            models.CheckConstraint(
                condition=Q(lng=None, lat=None, crs="")
                | Q(lng__isnull=False, lat__isnull=False, crs__in=["gcj02", "wgs84"]),
                name="case_place_whole",
            ),
            models.CheckConstraint(condition=Q(urgency__in=[u.value for u in Urgency]), name="case_urgency"),
            models.CheckConstraint(
                condition=Q(state=CaseState.MERGED.value, master__isnull=False)
                | ~Q(state=CaseState.MERGED.value),
                name="case_merged_has_master",
            ),
            models.CheckConstraint(condition=~Q(master=F("id")), name="case_not_its_own_master"),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="case_not_its_own_part"),
            models.CheckConstraint(condition=Q(reopens__lte=MAX_REOPENS), name="case_reopens"),
            models.CheckConstraint(
                condition=Q(state__in=sorted(s.value for s in SETTLED), settled_at__isnull=False)
                | Q(~Q(state__in=sorted(s.value for s in SETTLED)), settled_at=None),
                name="case_settled_has_time",
            ),
            models.CheckConstraint(
                condition=Q(reported_unit=None) | Q(unit=None) | ~Q(reported_unit=F("unit")),
                name="case_not_with_reported_unit",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["resident", "-submitted_at", "-id"], name="case_own_newest"),
            models.Index(fields=["state", "queue_rank", "due_at", "id"], name="case_queue"),
            models.Index(fields=["unit", "state", "queue_rank", "due_at", "id"], name="case_unit_queue"),
            # What waits is a small part of all cases; the queues without a chosen state walk only that.
            models.Index(
                fields=["queue_rank", "due_at", "id"], condition=Q(settled_at=None), name="case_waiting"
            ),
            models.Index(
                fields=["unit", "queue_rank", "due_at", "id"],
                condition=Q(settled_at=None),
                name="case_unit_waiting",
            ),
            models.Index(fields=["-submitted_at", "-id"], name="case_newest"),
            models.Index(fields=["unit", "-submitted_at", "-id"], name="case_unit_newest"),
            # Where the next report of one event is looked for: among what waits.
            models.Index(
                fields=["category", "street", "-submitted_at"],
                condition=Q(settled_at=None),
                name="case_same_matter",
            ),
            models.Index(
                fields=["cell", "-submitted_at"],
                condition=Q(cell__isnull=False, settled_at=None),
                name="case_same_place",
            ),
            models.Index(fields=["master"], condition=Q(master__isnull=False), name="case_members"),
            models.Index(fields=["parent"], condition=Q(parent__isnull=False), name="case_parts"),
            GinIndex(fields=["search"], name="case_words"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def point(self) -> Point | None:
        """The place as it was given, or None."""
        if self.lng is None or self.lat is None:
            return None
        return Point(self.lng, self.lat, "wgs84" if self.crs == "wgs84" else "gcj02")

    @property
    def state_label(self) -> str:
        """The state in words."""
        return str(labels.STATE_LABELS[CaseState(self.state)])

    def overdue(self, now: dt.datetime) -> bool:
        """Whether the district is late: due and not settled, or settled after the deadline."""
        if self.due_at is None or self.state in (CaseState.WITHDRAWN, CaseState.NOT_ACCEPTED):
            return False
        if CaseState(self.state) in AT_REST:
            return self.settled_at is not None and self.settled_at > self.due_at
        return now > self.due_at


class TimelineEntry(models.Model):
    """One act on a case.  Append-only: a trigger of the database refuses changes and deletions."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, models.PROTECT, related_name="timeline", verbose_name=_("case"))
    at = models.DateTimeField(_("at"))
    verb = models.CharField(_("act"), max_length=14, choices=labels.choices(labels.VERB_LABELS))
    source = models.CharField(_("from"), max_length=12, blank=True)
    target = models.CharField(_("to"), max_length=12)
    actor = models.CharField(_("actor"), max_length=12)
    staff = models.ForeignKey(
        "accounts.Staff", models.PROTECT, null=True, related_name="+", verbose_name=_("member of staff")
    )
    unit = models.ForeignKey(
        "accounts.Department", models.PROTECT, null=True, related_name="+", verbose_name=_("unit")
    )
    text = models.TextField(_("text"), max_length=4000, blank=True)
    public = models.BooleanField(_("shown to the resident"), default=True)
    # What held once the act was done: figures are replayed from these and not from the case, which moves on.
    lead = models.ForeignKey(
        "accounts.Department", models.PROTECT, null=True, related_name="+", verbose_name=_("lead unit")
    )
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, related_name="+", verbose_name=_("category")
    )
    due_at = models.DateTimeField(_("deadline"), null=True)
    details = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("timeline entry")
        verbose_name_plural = _("timeline")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(verb__in=[v.value for v in Verb]), name="timeline_verb"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["case", "id"], name="timeline_of_case"),
            models.Index(fields=["at"], name="timeline_when"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.verb}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write once."""
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)


class Rating(models.Model):
    """What the resident says of a reply: resolved or not, apart from satisfied or not.  One per reply."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, models.PROTECT, related_name="ratings", verbose_name=_("case"))
    reply = models.OneToOneField(
        TimelineEntry, models.PROTECT, related_name="rating", verbose_name=_("reply")
    )
    resolved = models.BooleanField(_("resolved"))
    satisfaction = models.PositiveSmallIntegerField(_("satisfaction"))
    comment = models.TextField(_("comment"), max_length=500, blank=True)
    at = models.DateTimeField(_("at"))
    # Empty when the resident gave it; else who wrote down what the resident said on the telephone (回访).
    called_by = models.ForeignKey(
        "accounts.Staff", models.PROTECT, null=True, related_name="+", verbose_name=_("written down by")
    )

    class Meta:
        verbose_name = _("rating")
        verbose_name_plural = _("ratings")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(satisfaction__gte=1, satisfaction__lte=5), name="rating_scale"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.satisfaction}"
