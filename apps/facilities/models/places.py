"""Who runs what, and where it is."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.common.geo import Point
from apps.common.ids import uuid7
from apps.facilities.querysets import FacilityQuerySet


class Organisation(models.Model):
    """Who runs places or services (机构)."""

    class Kind(models.TextChoices):
        GOVERNMENT = "government", _("government")
        PUBLIC = "public", _("public institution")
        SOCIAL = "social", _("social organisation")
        MARKET = "market", _("company")

    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=80)
    short = models.CharField(_("short name"), max_length=30, blank=True)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    department = models.ForeignKey(
        "accounts.Department", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("unit")
    )
    source = models.CharField(_("source"), max_length=200, blank=True)
    confidence = models.CharField(_("confidence"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(kind__in=["government", "public", "social", "market"]), name="organisation_kind"
            ),
        ]

    def __str__(self) -> str:
        return self.short or self.name


class FacilityKind(models.Model):
    """A kind of place.  ``circle_group``  what it counts as in the 15-minute circle, empty for nothing."""

    class Tier(models.TextChoices):
        DISTRICT = "district", _("district level")
        STREET = "street", _("street level")
        COMMUNITY = "community", _("community level")

    code = models.CharField(_("code"), max_length=20, primary_key=True)
    name = models.CharField(_("name"), max_length=30)
    circle_group = models.CharField(_("group in the 15-minute circle"), max_length=20, blank=True)
    walk_expected = models.BooleanField(
        _("expected within a walk"), default=False, help_text=_("Named as missing where there is none.")
    )
    tier = models.CharField(_("level of government service"), max_length=10, choices=Tier, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=100)

    class Meta:
        verbose_name = _("kind of place")
        verbose_name_plural = _("kinds of places")
        ordering: ClassVar = ["position", "code"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(tier__in=["", "district", "street", "community"]), name="facility_kind_tier"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Facility(models.Model):
    """A place where residents go (网点).  ``lng``, ``lat``, ``crs`` as they came; ``gcj_lng``, ``gcj_lat`` for every computation.

    ``provenance``     field → ``{"source", "confidence", "on"}``
    ``accessible_for``, ``search_text``, ``search``  made from others by the services
    """

    class Crs(models.TextChoices):
        GCJ02 = "gcj02", _("GCJ-02 (Tencent, Amap)")
        WGS84 = "wgs84", _("WGS-84 (GPS)")

    class Status(models.TextChoices):
        PLANNED = "planned", _("planned")
        ACTIVE = "active", _("in service")
        PAUSED = "paused", _("paused")
        ENDED = "ended", _("ended for good")

    class Holiday(models.TextChoices):
        CLOSED = "closed", _("closed on public holidays")
        AS_WEEKDAY = "as_weekday", _("as on any such weekday")
        AS_SUNDAY = "as_sunday", _("as on a Sunday")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(_("code"), max_length=20, unique=True, null=True, blank=True)
    name = models.CharField(_("name"), max_length=80)
    kind = models.ForeignKey(
        FacilityKind, models.PROTECT, related_name="facilities", verbose_name=_("kind of place")
    )
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="facilities",
        verbose_name=_("organisation"),
    )
    address = models.CharField(_("address"), max_length=120, blank=True)
    street = models.ForeignKey(
        "common.Street", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("street")
    )
    community = models.ForeignKey(
        "common.Community",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("community"),
    )
    lng = models.FloatField(_("longitude"), null=True, blank=True)
    lat = models.FloatField(_("latitude"), null=True, blank=True)
    crs = models.CharField(_("coordinate system"), max_length=6, choices=Crs, default=Crs.GCJ02)
    gcj_lng = models.FloatField(null=True, editable=False)
    gcj_lat = models.FloatField(null=True, editable=False)
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.ACTIVE)
    description = models.TextField(_("description"), max_length=1000, blank=True)
    phone = models.CharField(_("public telephone"), max_length=40, blank=True)
    languages = ArrayField(
        models.CharField(max_length=20), default=list, blank=True, verbose_name=_("languages"),
        help_text=_("For example: Mandarin, Wuhan dialect, sign language."),
    )  # fmt: skip
    holiday_mode = models.CharField(
        _("on public holidays"), max_length=10, choices=Holiday, default=Holiday.CLOSED
    )
    capacity_note = models.CharField(_("capacity"), max_length=120, blank=True)
    provenance = models.JSONField(_("sources of the entries"), default=dict, blank=True)
    accessible_for = ArrayField(models.CharField(max_length=12), default=list, editable=False)
    pinyin = models.CharField(max_length=300, blank=True, editable=False)
    initials = models.CharField(max_length=80, blank=True, editable=False)
    search = SearchVectorField(null=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(_("entered on"))
    updated_at = models.DateTimeField(_("changed"))

    objects = FacilityQuerySet.as_manager()

    class Meta:
        verbose_name = _("facility")
        verbose_name_plural = _("facilities")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(status__in=["planned", "active", "paused", "ended"]), name="facility_status"
            ),
            models.CheckConstraint(condition=Q(crs__in=["gcj02", "wgs84"]), name="facility_crs"),
            models.CheckConstraint(
                condition=Q(lng=None, lat=None, gcj_lng=None, gcj_lat=None)
                | Q(
                    lng__range=(73.0, 135.5),
                    lat__range=(17.5, 54.0),
                    gcj_lng__isnull=False,
                    gcj_lat__isnull=False,
                ),
                name="facility_point_whole",
            ),
            models.CheckConstraint(
                condition=Q(holiday_mode__in=["closed", "as_weekday", "as_sunday"]),
                name="facility_holiday_mode",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["pinyin", "id"], name="facility_by_name"),
            models.Index(fields=["kind", "pinyin", "id"], name="facility_of_kind"),
            models.Index(fields=["street"], name="facility_of_street"),
            GinIndex(fields=["search"], name="facility_words"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write the point once more in the system that distances are computed in."""
        if self.lng is None or self.lat is None:
            self.lng = self.lat = self.gcj_lng = self.gcj_lat = None
        else:
            there = Point(self.lng, self.lat, self.crs).to("gcj02")  # type: ignore[arg-type]
            self.gcj_lng, self.gcj_lat = there.lng, there.lat
        super().save(*args, **kwargs)

    @property
    def point(self) -> Point | None:
        """The place in GCJ-02, or None."""
        return None if self.gcj_lng is None or self.gcj_lat is None else Point(self.gcj_lng, self.gcj_lat)


class Alias(models.Model):
    """Another name that people use for a place."""

    facility = models.ForeignKey(Facility, models.CASCADE, related_name="aliases", verbose_name=_("facility"))
    name = models.CharField(_("name"), max_length=80)

    class Meta:
        verbose_name = _("other name")
        verbose_name_plural = _("other names")
        constraints: ClassVar = [models.UniqueConstraint(fields=["facility", "name"], name="alias_once")]

    def __str__(self) -> str:
        return self.name


class Photo(models.Model):
    """A picture of a place: its entrance above all."""

    facility = models.ForeignKey(Facility, models.CASCADE, related_name="photos", verbose_name=_("facility"))
    upload = models.OneToOneField(
        "common.Upload", models.PROTECT, related_name="+", verbose_name=_("picture")
    )
    alt = models.CharField(_("alternative text"), max_length=200)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("photo")
        verbose_name_plural = _("photos")
        constraints: ClassVar = [models.CheckConstraint(condition=~Q(alt=""), name="photo_has_alt")]

    def __str__(self) -> str:
        return self.alt
