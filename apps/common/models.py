"""Reference data and small infrastructure that every app stands on."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.common.ids import uuid7


class ValidityQuerySet(models.QuerySet[Any]):
    """Rows with ``valid_from`` (inclusive) and ``valid_to`` (exclusive); empty means open on that side."""

    def in_force(self, on: dt.date) -> ValidityQuerySet:
        """Keep the rows that hold on ``on``."""
        return self.filter(Q(valid_to=None) | Q(valid_to__gt=on), Q(valid_from=None) | Q(valid_from__lte=on))


class CalendarDay(models.Model):
    """A date that differs from its weekday: a day off or an adjusted workday (调休)."""

    class Kind(models.TextChoices):
        OFF = "off", _("day off")
        WORKDAY = "workday", _("adjusted workday")

    class Status(models.TextChoices):
        OFFICIAL = "official", _("official notice")
        PROVISIONAL = "provisional", _("provisional")

    on = models.DateField(_("date"), primary_key=True)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    name = models.CharField(_("holiday"), max_length=20)
    status = models.CharField(_("status"), max_length=12, choices=Status)
    source = models.CharField(_("source"), max_length=200)

    class Meta:
        verbose_name = _("calendar day")
        verbose_name_plural = _("calendar days")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(kind__in=["off", "workday"]), name="calendar_day_kind"),
            models.CheckConstraint(
                condition=Q(status__in=["official", "provisional"]), name="calendar_day_status"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.on} {self.name}"


class Street(models.Model):
    """A street (街道), the level below the district; borders change, so it holds for a time."""

    code = models.CharField(_("code"), max_length=12, primary_key=True)
    name = models.CharField(_("name"), max_length=40)
    pinyin = models.CharField(_("pinyin"), max_length=80, blank=True)
    managed = models.BooleanField(
        _("managed"), default=False, help_text=_("Run with the district, coded elsewhere.")
    )
    selectable = models.BooleanField(_("offered to residents"), default=True)
    valid_from = models.DateField(
        _("valid from"), null=True, blank=True, help_text=_("Empty: older than the records.")
    )
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    replaced_by = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("replaced by")
    )
    source = models.CharField(_("source"), max_length=200, blank=True)

    objects = ValidityQuerySet.as_manager()

    class Meta:
        verbose_name = _("street")
        verbose_name_plural = _("streets")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_from=None) | Q(valid_to__gt=F("valid_from")),
                name="street_validity",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Community(models.Model):
    """A community or village (社区, 村) of a street."""

    code = models.CharField(_("code"), max_length=12, primary_key=True)
    street = models.ForeignKey(Street, models.PROTECT, related_name="communities", verbose_name=_("street"))
    name = models.CharField(_("name"), max_length=40)
    pinyin = models.CharField(_("pinyin"), max_length=80, blank=True)
    is_village = models.BooleanField(_("village"), default=False)
    selectable = models.BooleanField(_("offered to residents"), default=True)
    valid_from = models.DateField(
        _("valid from"), null=True, blank=True, help_text=_("Empty: older than the records.")
    )
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    replaced_by = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("replaced by")
    )

    objects = ValidityQuerySet.as_manager()

    class Meta:
        verbose_name = _("community")
        verbose_name_plural = _("communities")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_from=None) | Q(valid_to__gt=F("valid_from")),
                name="community_validity",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Upload(models.Model):
    """An image that someone uploaded, re-encoded and without its metadata; claimed once by what it belongs to."""

    class Purpose(models.TextChoices):
        CASE = "case", _("feedback case")
        ARTICLE = "article", _("news article")
        FACILITY = "facility", _("photo of a place")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner_id = models.UUIDField(_("owner"), null=True)  # a resident's id; empty for staff
    purpose = models.CharField(_("purpose"), max_length=12, choices=Purpose)
    path = models.CharField(_("path"), max_length=100, unique=True)
    thumb_path = models.CharField(_("thumbnail path"), max_length=100, unique=True)
    content_type = models.CharField(_("content type"), max_length=20)
    size_bytes = models.PositiveIntegerField(_("size in bytes"))
    width = models.PositiveIntegerField(_("width"))
    height = models.PositiveIntegerField(_("height"))
    sha256 = models.CharField(max_length=64)
    alt = models.CharField(_("alternative text"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("created"))
    attached_at = models.DateTimeField(_("attached"), null=True)
    attached_to = models.UUIDField(null=True)  # the timeline entry or article that claimed it

    class Meta:
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(attached_at=None, attached_to=None)
                | Q(attached_at__isnull=False, attached_to__isnull=False),
                name="upload_attached_whole",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["attached_to"], name="upload_attached_to"),
            models.Index(fields=["created_at"], condition=Q(attached_at=None), name="upload_loose"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class IdempotencyKey(models.Model):
    """The first answer to a creating request, written in the same transaction as what it made.  Kept 24 h."""

    actor_id = models.UUIDField()
    key = models.CharField(max_length=64)
    fingerprint = models.CharField(max_length=64)  # sha256 of method, path and body
    status = models.PositiveSmallIntegerField(null=True)
    answer = models.BinaryField(null=True)  # encrypted: it holds what the resident wrote
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["actor_id", "key"], name="idempotency_key_per_actor"),
        ]
        indexes: ClassVar = [models.Index(fields=["created_at"], name="idempotency_created")]

    def __str__(self) -> str:
        return str(self.pk)
