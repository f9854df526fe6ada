"""Chainable filters of places."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import models
from django.db.models import OuterRef, Subquery

from apps.facilities.states import Status


class FacilityQuerySet(models.QuerySet[Any]):
    """Places."""

    def public(self) -> FacilityQuerySet:
        """Keep what residents see: planned places too, so that they know, but not what has ended."""
        return self.exclude(status=Status.ENDED)

    def with_assurance(self) -> FacilityQuerySet:
        """Add ``assured_on`` and ``assured_until`` of the newest assurance."""
        assurances: Any = self.model._meta.get_field("assurances").related_model
        newest = assurances._default_manager.filter(facility=OuterRef("pk")).order_by("-id")
        rows: FacilityQuerySet = self.annotate(
            assured_on=Subquery(newest.values("assured_on")[:1], output_field=models.DateField()),
            assured_until=Subquery(newest.values("valid_to")[:1], output_field=models.DateField()),
        )
        return rows


class ClosureQuerySet(models.QuerySet[Any]):
    """Closures."""

    def in_force(self, now: dt.datetime) -> ClosureQuerySet:
        """Keep those that cover ``now``."""
        return self.filter(models.Q(ends_at=None) | models.Q(ends_at__gt=now), starts_at__lte=now)

    def not_over(self, now: dt.datetime) -> ClosureQuerySet:
        """Keep those that cover ``now`` or are to come."""
        return self.filter(models.Q(ends_at=None) | models.Q(ends_at__gt=now))
