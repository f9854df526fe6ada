"""Counters of what can run out, the claims that move them, waiting lists, and intervals of what only one can have."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.capacity.states import ENTRY_OPEN, TIMED, ClaimState, EntryState
from apps.common.ids import uuid7


class Capacity(models.Model):
    """One thing that can run out (容量): a slot, a school's places, a meal, a month's vouchers; its units stand in pools.

    ``key``    by the app that owns the thing: ``clinics.slot:<id>``
    ``queue``  whose waiting list a free unit belongs to, empty for none; ``happens_at`` when the thing takes place
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    key = models.CharField(_("key"), max_length=80, unique=True)
    queue = models.CharField(_("waiting list"), max_length=80, blank=True)
    happens_at = models.DateTimeField(_("takes place"), null=True)
    happens_on = models.DateField(_("day"), null=True)  # of happens_at in Beijing
    created_at = models.DateTimeField(_("since"))
    closed_why = models.CharField(_("closed because"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("capacity")
        verbose_name_plural = _("capacities")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(happens_at=None, happens_on=None)
                | Q(happens_at__isnull=False, happens_on__isnull=False),
                name="capacity_moment_has_day",
            ),
            models.CheckConstraint(
                condition=Q(queue="") | Q(happens_on__isnull=False), name="capacity_queue_has_day"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["queue", "happens_on"], condition=~Q(queue=""), name="capacity_of_queue"),
        ]

    def __str__(self) -> str:
        return self.key


class Pool(models.Model):
    """The units of one capacity that one sort of people may take (号池): public, referral, counter, elderly.

    ``used``   moved by claims alone, ``total`` by changes of total alone: triggers refuse any other hand
    ``opens_at``         nothing can be taken before; empty: at once
    ``opens_to_all_at``  from then on whoever may take from ``public`` takes from here too; empty: never
    """

    capacity = models.ForeignKey(Capacity, models.CASCADE, related_name="pools", verbose_name=_("capacity"))
    name = models.CharField(_("pool"), max_length=20)
    total = models.PositiveIntegerField(_("quantity"))
    used = models.PositiveIntegerField(_("used"), default=0)
    opens_at = models.DateTimeField(_("opens"), null=True)
    opens_to_all_at = models.DateTimeField(_("opens to all"), null=True)
    is_closed = models.BooleanField(_("closed"), default=False)

    class Meta:
        verbose_name = _("pool")
        verbose_name_plural = _("pools")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["capacity", "name"], name="pool_once"),
            models.CheckConstraint(
                condition=Q(used__gte=0, used__lte=F("total")), name="pool_used_within_total"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.used}/{self.total}"


class Claim(models.Model):
    """Units of a pool that someone has or is kept (占用).  Never rewritten but for its state; ends once."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    pool = models.ForeignKey(Pool, models.PROTECT, related_name="claims", verbose_name=_("pool"))
    units = models.PositiveSmallIntegerField(_("quantity"), default=1)
    owner = models.CharField(_("owner"), max_length=80)
    idempotency_key = models.CharField(_("key"), max_length=120, unique=True)
    state = models.CharField(
        _("state"), max_length=10, choices=[(one.value, one.value) for one in ClaimState]
    )
    expires_at = models.DateTimeField(_("until"), null=True)
    created_at = models.DateTimeField(_("since"))
    ended_at = models.DateTimeField(_("ended"), null=True)
    ended_why = models.CharField(_("why"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("claim")
        verbose_name_plural = _("claims")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(units__gte=1), name="claim_units"),
            models.CheckConstraint(condition=Q(state__in=list(ClaimState)), name="claim_state"),
            models.CheckConstraint(
                condition=~Q(state__in=list(TIMED)) | Q(expires_at__isnull=False), name="claim_timed_has_end"
            ),
            models.CheckConstraint(
                condition=Q(state__in=[ClaimState.RELEASED, ClaimState.EXPIRED], ended_at__isnull=False)
                | Q(ended_at=None, state__in=[*TIMED, ClaimState.TAKEN]),
                name="claim_ended_has_moment",
            ),
        ]
        indexes: ClassVar = [
            # What has expired by now: of a pool at a take, of all at the sweep.
            models.Index(
                fields=["pool", "expires_at"], condition=Q(state__in=list(TIMED)), name="claim_timed_of_pool"
            ),
            models.Index(fields=["expires_at"], condition=Q(state__in=list(TIMED)), name="claim_timed"),
            models.Index(fields=["owner"], name="claim_owner"),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.units}"


class WaitEntry(models.Model):
    """A place in a waiting list (候补): the oldest whose days fit is offered what becomes free.  One offer at a time."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    queue = models.CharField(_("waiting list"), max_length=80)
    first_on = models.DateField(_("from day"))
    last_on = models.DateField(_("to day"))
    pools = ArrayField(models.CharField(max_length=20), verbose_name=_("pools"))
    units = models.PositiveSmallIntegerField(_("quantity"), default=1)
    priority = models.SmallIntegerField(_("class"), default=100)  # the lower comes first
    owner = models.CharField(_("owner"), max_length=80)
    idempotency_key = models.CharField(_("key"), max_length=120, unique=True)
    state = models.CharField(
        _("state"), max_length=10, choices=[(one.value, one.value) for one in EntryState]
    )
    claim = models.OneToOneField(
        Claim, models.PROTECT, null=True, related_name="entry", verbose_name=_("claim offered")
    )
    created_at = models.DateTimeField(_("since"))
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        verbose_name = _("place in a waiting list")
        verbose_name_plural = _("places in waiting lists")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(last_on__gte=F("first_on")), name="wait_days"),
            models.CheckConstraint(condition=Q(state__in=list(EntryState)), name="wait_state"),
            models.CheckConstraint(condition=Q(units__gte=1), name="wait_units"),
            models.CheckConstraint(
                condition=~Q(state__in=[EntryState.OFFERED, EntryState.ACCEPTED]) | Q(claim__isnull=False),
                name="wait_offer_has_claim",
            ),
            models.UniqueConstraint(
                fields=["queue", "owner"], condition=Q(state__in=list(ENTRY_OPEN)), name="wait_once_per_owner"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["queue", "priority", "id"], condition=Q(state=EntryState.WAITING), name="wait_next"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.queue} {self.state}"


class TotalChange(models.Model):
    """That a pool has more or fewer units than before, why, and who said so; inserting it changes the pool.  Append-only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    pool = models.ForeignKey(Pool, models.PROTECT, related_name="changes", verbose_name=_("pool"))
    before = models.PositiveIntegerField(_("before"))
    after = models.PositiveIntegerField(_("after"))
    reason = models.CharField(_("reason"), max_length=200)
    actor = models.CharField(_("by"), max_length=80)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("change of units")
        verbose_name_plural = _("changes of units")
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(before=F("after")), name="total_change_changes"),
            models.CheckConstraint(condition=~Q(reason=""), name="total_change_has_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.before} → {self.after}"


class Interval(models.Model):
    """That one person or thing is taken for a time (时段占用): a practitioner, a room, a bed, a patient."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    resource = models.CharField(_("what is taken"), max_length=80)
    span = DateTimeRangeField(_("time"))
    owner = models.CharField(_("owner"), max_length=80)
    key = models.CharField(_("key"), max_length=120, unique=True)
    created_at = models.DateTimeField(_("since"))
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        verbose_name = _("interval")
        verbose_name_plural = _("intervals")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(span__isempty=False, span__lower_inf=False, span__upper_inf=False),
                name="interval_has_both_ends",
            ),
            ExclusionConstraint(
                name="interval_taken_once",
                expressions=[("resource", RangeOperators.EQUAL), ("span", RangeOperators.OVERLAPS)],
                condition=Q(ended_at=None),
            ),
        ]

    def __str__(self) -> str:
        return self.resource


class Reconciliation(models.Model):
    """What a night's count of all claims against all counters found (对账): ``differing`` must be zero.  Append-only."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField(_("at"))
    pools = models.PositiveIntegerField(_("pools"))
    units = models.PositiveBigIntegerField(_("quantity"))
    used = models.PositiveBigIntegerField(_("used"))
    claimed = models.PositiveBigIntegerField(_("claimed"))
    differing = models.PositiveIntegerField(_("pools that differ"))

    class Meta:
        verbose_name = _("reconciliation")
        verbose_name_plural = _("reconciliations")
        indexes: ClassVar = [models.Index(fields=["-at"], name="reconciliation_newest")]

    def __str__(self) -> str:
        return f"{self.at:%F %T}"
