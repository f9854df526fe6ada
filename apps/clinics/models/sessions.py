"""When who sees patients, and the slots that can be booked."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from apps.clinics.models.institutions import Department, Practitioner, Room
from apps.common.ids import uuid7

POOLS = ("public", "referral", "counter", "elderly")
MOST_UNITS = 200


def pools_usual() -> dict[str, int]:
    """Return one unit for everybody."""
    return {"public": 1}


def pools_check(value: Any) -> None:
    """Refuse what are not units by pool, at least one in all.  Raises ValidationError."""
    good = (
        isinstance(value, dict)
        and set(value) <= set(POOLS)
        and all(type(units) is int and 0 <= units <= MOST_UNITS for units in value.values())
        and any(value.values())
    )
    if not good:
        raise ValidationError(
            _(
                'Units by pool, such as {"public": 2, "referral": 1}: public, referral, counter, elderly; 0 to %(most)s each.'
            ),
            params={"most": MOST_UNITS},
        )


def time_range() -> Func:
    """Return ``starts_at`` to just before ``ends_at``."""
    return Func(F("starts_at"), F("ends_at"), function="tstzrange", output_field=DateTimeRangeField())


WEEKDAYS = [
    (0, _("Monday")), (1, _("Tuesday")), (2, _("Wednesday")), (3, _("Thursday")), (4, _("Friday")), (5, _("Saturday")),
    (6, _("Sunday")),
]  # fmt: skip


class SessionTemplate(models.Model):
    """A weekly session (周排班): sessions are made from it some days ahead.

    ``pools``  units of each slot by pool: ``{"public": 2, "referral": 1}``; the database refuses any other shape
    """

    department = models.ForeignKey(
        Department, models.PROTECT, related_name="templates", verbose_name=_("clinical department")
    )
    practitioner = models.ForeignKey(
        Practitioner,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="templates",
        verbose_name=_("practitioner"),
    )
    room = models.ForeignKey(
        Room, models.PROTECT, null=True, blank=True, related_name="templates", verbose_name=_("room")
    )
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=WEEKDAYS)
    on_holidays = models.BooleanField(
        _("also on public holidays"), default=False, help_text=_("An exception of that day counts more.")
    )
    starts = models.TimeField(_("begins"))
    ends = models.TimeField(_("ends"))
    slot_minutes = models.PositiveSmallIntegerField(_("minutes of a slot"), default=30)
    pools = models.JSONField(_("units of a slot by pool"), default=pools_usual, validators=[pools_check])
    opens_to_all_hours = models.PositiveSmallIntegerField(
        _("other pools open to all, hours before"), default=24
    )
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("valid to"), null=True, blank=True)

    class Meta:
        verbose_name = _("weekly session")
        verbose_name_plural = _("weekly sessions")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(weekday__lte=6), name="session_template_weekday"),
            models.CheckConstraint(condition=Q(ends__gt=F("starts")), name="session_template_order"),
            models.CheckConstraint(condition=Q(slot_minutes__range=(5, 240)), name="session_template_slot"),
            models.CheckConstraint(
                condition=Q(valid_to=None) | Q(valid_to__gt=F("valid_from")), name="session_template_validity"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.starts:%H:%M}"


class TemplateException(models.Model):
    """A day on which a weekly session does not take place, or at other times."""

    template = models.ForeignKey(
        SessionTemplate, models.CASCADE, related_name="exceptions", verbose_name=_("weekly session")
    )
    on = models.DateField(_("date"))
    starts = models.TimeField(
        _("begins"), null=True, blank=True, help_text=_("Empty: it does not take place.")
    )
    ends = models.TimeField(_("ends"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=100)

    class Meta:
        verbose_name = _("exception of a weekly session")
        verbose_name_plural = _("exceptions of weekly sessions")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["template", "on"], name="template_exception_once"),
            models.CheckConstraint(
                # Both or none: with one of them unknown the order alone would be unknown, and so let through.
                condition=Q(starts=None, ends=None)
                | Q(starts__isnull=False, ends__isnull=False, ends__gt=F("starts")),
                name="template_exception_order",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.on}"

    def clean(self) -> None:
        """Refuse a day on which there is no such session, or one that is made already.  Raises ValidationError."""
        on: dt.date | None = self.on  # empty where the form's field was wrong
        if on is None:
            return
        if on.weekday() != self.template.weekday:
            raise ValidationError({"on": _("The weekly session is on another weekday.")})
        if self._state.adding and self.template.pk and self.template.sessions.filter(on=self.on).exists():
            raise ValidationError(
                {"on": _("The session of this day can be booked already: please suspend it instead.")}
            )


class ClinicSession(models.Model):
    """A session (出诊) on a day.  ``release_at``  from when it can be booked, drawn once within the rule's spread."""

    class State(models.TextChoices):
        OPEN = "open", _("as planned")
        SUSPENDED = "suspended", _("not held")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    template = models.ForeignKey(
        SessionTemplate, models.PROTECT, null=True, blank=True, related_name="sessions",
        verbose_name=_("weekly session"),
    )  # fmt: skip
    department = models.ForeignKey(
        Department, models.PROTECT, related_name="sessions", verbose_name=_("clinical department")
    )
    practitioner = models.ForeignKey(
        Practitioner,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="sessions",
        verbose_name=_("practitioner"),
    )
    room = models.ForeignKey(
        Room, models.PROTECT, null=True, blank=True, related_name="sessions", verbose_name=_("room")
    )
    on = models.DateField(_("date"))
    starts_at = models.DateTimeField(_("begins"))
    ends_at = models.DateTimeField(_("ends"))
    release_at = models.DateTimeField(_("can be booked from"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)

    class Meta:
        verbose_name = _("clinic session")
        verbose_name_plural = _("clinic sessions")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="clinic_session_order"),
            models.CheckConstraint(condition=Q(state__in=["open", "suspended"]), name="clinic_session_state"),
            models.UniqueConstraint(fields=["template", "on"], name="clinic_session_once_a_day"),
            ExclusionConstraint(
                name="practitioner_in_one_session",
                expressions=[("practitioner", RangeOperators.EQUAL), (time_range(), RangeOperators.OVERLAPS)],
                condition=Q(state="open"),
            ),
            ExclusionConstraint(
                name="room_for_one_session",
                expressions=[("room", RangeOperators.EQUAL), (time_range(), RangeOperators.OVERLAPS)],
                condition=Q(state="open"),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["department", "on", "starts_at"], name="clinic_session_search"),
            models.Index(fields=["ends_at"], name="clinic_session_ends"),
        ]

    def __str__(self) -> str:
        return f"{self.on}"


class Slot(models.Model):
    """A part of a session that can be booked (号源); how many are free stands in its capacity."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    session = models.ForeignKey(
        ClinicSession, models.PROTECT, related_name="slots", verbose_name=_("clinic session")
    )
    starts_at = models.DateTimeField(_("begins"))
    ends_at = models.DateTimeField(_("ends"))
    capacity = models.OneToOneField(
        "capacity.Capacity", models.PROTECT, related_name="+", verbose_name=_("capacity")
    )

    class Meta:
        verbose_name = _("slot")
        verbose_name_plural = _("slots")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="slot_order"),
            models.UniqueConstraint(fields=["session", "starts_at"], name="slot_once"),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%F %H:%M}"


class Suspension(models.Model):
    """That a session does not take place after all (停诊), why, and whom it met.  Append-only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    session = models.OneToOneField(
        ClinicSession, models.PROTECT, related_name="suspension", verbose_name=_("clinic session")
    )
    reason = models.CharField(_("reason"), max_length=200)
    by = models.ForeignKey(
        "accounts.Staff", models.PROTECT, related_name="+", verbose_name=_("member of staff")
    )
    met = models.PositiveIntegerField(_("appointments that it met"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("suspension of a session")
        verbose_name_plural = _("suspensions of sessions")

    def __str__(self) -> str:
        return self.reason
