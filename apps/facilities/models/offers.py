"""What is offered, and where."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.facilities.models.places import Facility, FacilityKind


class Service(models.Model):
    """A service, or a matter (政务事项) of government service points: who may have it, what it costs, what to bring."""

    class Kind(models.TextChoices):
        SERVICE = "service", _("service")
        MATTER = "matter", _("government matter")

    code = models.CharField(_("code"), max_length=30, unique=True)
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    description = models.TextField(_("description"), max_length=1000, blank=True)
    eligibility = models.CharField(_("who may have it"), max_length=300, blank=True)
    min_age = models.PositiveSmallIntegerField(_("from age"), null=True, blank=True)
    max_age = models.PositiveSmallIntegerField(_("to age"), null=True, blank=True)
    fee = models.CharField(_("fee"), max_length=120, blank=True, help_text=_("Empty: not known."))
    fee_source = models.CharField(_("source of the fee"), max_length=200, blank=True)
    documents = models.JSONField(
        _("what to bring"), default=list, blank=True, help_text=_("A list of name, copies and note.")
    )
    promised_days = models.PositiveSmallIntegerField(_("done within, in working days"), null=True, blank=True)
    levels = ArrayField(
        models.CharField(max_length=10, choices=FacilityKind.Tier), default=list, blank=True, verbose_name=_("levels")
    )  # fmt: skip
    department = models.ForeignKey(
        "accounts.Department", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("unit")
    )
    source = models.CharField(_("source"), max_length=200, blank=True)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("service or matter")
        verbose_name_plural = _("services and matters")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(kind__in=["service", "matter"]), name="service_kind"),
            models.CheckConstraint(
                condition=Q(max_age=None) | Q(min_age=None) | Q(max_age__gte=F("min_age")),
                name="service_ages",
            ),
            models.CheckConstraint(
                condition=Q(levels__contained_by=["district", "street", "community"]), name="service_levels"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ServiceAtFacility(models.Model):
    """That a place offers a service (服务网点)."""

    facility = models.ForeignKey(Facility, models.CASCADE, related_name="offers", verbose_name=_("facility"))
    service = models.ForeignKey(
        Service, models.PROTECT, related_name="offers", verbose_name=_("service or matter")
    )
    note = models.CharField(_("note"), max_length=120, blank=True)
    fee = models.CharField(_("fee here"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("service at a place")
        verbose_name_plural = _("services at places")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["facility", "service"], name="service_at_place_once")
        ]

    def __str__(self) -> str:
        return f"{self.facility_id} {self.service_id}"
