"""Cases, their categories, deadlines, history, replies and ratings."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.common.crypto import EncryptedTextField
from apps.common.geo import Point
from apps.common.ids import uuid7
from apps.common.models import ValidityQuerySet
from apps.feedback import labels
from apps.feedback.querysets import CaseQuerySet, CategoryQuerySet
from apps.feedback.states import AT_REST, CaseState, Identity, RequestType, Verb


class DeadlineProfile(models.Model):
    """How long a kind of case may take; dated, since decrees change it."""

    code = models.CharField(_("code"), max_length=20)
    name = models.CharField(_("name"), max_length=40)
    respond_value = models.PositiveSmallIntegerField(_("first answer within"))
    respond_unit = models.CharField(
        _("unit of the first answer"),
        max_length=8,
        choices=[("hour", _("hours")), ("workday", _("working days"))],
    )
    settle_value = models.PositiveSmallIntegerField(_("settled within"))
    settle_unit = models.CharField(
        _("unit of settling"), max_length=8, choices=[("hour", _("hours")), ("workday", _("working days"))]
    )
    extension_max_workdays = models.PositiveSmallIntegerField(_("longest extension, working days"), default=0)
    nudge_every_h = models.PositiveSmallIntegerField(_("hours between two nudges"), default=24)
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    basis = models.CharField(_("source"), max_length=300)
    confirmed = models.BooleanField(_("confirmed by the district"), default=False)

    objects = ValidityQuerySet.as_manager()

    class Meta:
        verbose_name = _("deadline profile")
        verbose_name_plural = _("deadline profiles")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["code", "valid_from"], name="profile_once_per_date"),
            models.CheckConstraint(
                condition=Q(respond_value__gte=1, settle_value__gte=1, settle_value__lte=250),
                name="profile_terms",
            ),
            models.CheckConstraint(
                condition=Q(respond_unit__in=["hour", "workday"], settle_unit__in=["hour", "workday"]),
                name="profile_units",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Category(models.Model):
    """What a case is about: 18 groups with their sub-categories; a case carries a sub-category."""

    code = models.CharField(_("code"), max_length=8, primary_key=True)
    name = models.CharField(_("name"), max_length=30)
    name_en = models.CharField(_("English name"), max_length=60, blank=True)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("group")
    )
    lead = models.ForeignKey(
        "accounts.Department",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("lead unit"),
    )
    support = models.ManyToManyField(
        "accounts.Department", blank=True, related_name="+", verbose_name=_("supporting units")
    )
    territorial = models.BooleanField(_("street of the place first"), default=False)
    profile_code = models.CharField(_("deadline profile"), max_length=20, blank=True)
    public_by_default = models.BooleanField(_("public by default"), default=False)
    sensitive = models.BooleanField(_("sensitive"), default=False)
    keywords = ArrayField(
        models.CharField(max_length=20), default=list, blank=True, verbose_name=_("keywords")
    )
    notice = models.CharField(_("notice before the form"), max_length=200, blank=True)
    stopper = models.CharField(_("stop text before the form"), max_length=200, blank=True)
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid to"), null=True, blank=True)

    objects = CategoryQuerySet.as_manager()

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(parent=None) | (Q(lead__isnull=False) & ~Q(profile_code="")),
                name="category_sub_has_lead_and_profile",
            ),
            models.CheckConstraint(condition=~Q(parent=F("code")), name="category_not_its_own_group"),
        ]

    def __str__(self) -> str:
        return self.name


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
    state = models.CharField(
        _("state"),
        max_length=12,
        choices=labels.choices(labels.STATE_LABELS),
        default=CaseState.SUBMITTED.value,
    )
    unit = models.ForeignKey(
        "accounts.Department", models.PROTECT, null=True, related_name="+", verbose_name=_("unit")
    )
    profile = models.ForeignKey(
        DeadlineProfile, models.PROTECT, null=True, related_name="+", verbose_name=_("deadline profile")
    )
    submitted_at = models.DateTimeField(_("submitted at"))
    due_at = models.DateTimeField(_("deadline"), null=True)
    due_explained = models.JSONField(default=list)
    due_provisional = models.BooleanField(_("deadline provisional"), default=False)
    settled_at = models.DateTimeField(_("settled at"), null=True)
    updated_at = models.DateTimeField(_("changed"))
    version = models.PositiveIntegerField(default=1)

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
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
        ]
        indexes: ClassVar = [
            models.Index(fields=["resident", "-submitted_at", "-id"], name="case_own_newest"),
            models.Index(fields=["state", "due_at", "id"], name="case_queue"),
            models.Index(fields=["unit", "state", "due_at", "id"], name="case_unit_queue"),
            models.Index(fields=["-submitted_at", "-id"], name="case_newest"),
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
        if self.due_at is None or self.state in (
            CaseState.WITHDRAWN,
            CaseState.NOT_ACCEPTED,
            CaseState.MERGED,
        ):
            return False
        if CaseState(self.state) in AT_REST:
            return self.settled_at is not None and self.settled_at > self.due_at
        return now > self.due_at


class TimelineEntry(models.Model):
    """One act on a case.  Append-only: a trigger of the database refuses changes and deletions."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    case = models.ForeignKey(Case, models.PROTECT, related_name="timeline", verbose_name=_("case"))
    at = models.DateTimeField(_("at"))
    verb = models.CharField(_("act"), max_length=12, choices=labels.choices(labels.VERB_LABELS))
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

    class Meta:
        verbose_name = _("timeline entry")
        verbose_name_plural = _("timeline")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(verb__in=[v.value for v in Verb]), name="timeline_verb"),
        ]
        indexes: ClassVar = [models.Index(fields=["case", "id"], name="timeline_of_case")]

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
