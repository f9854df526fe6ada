"""Chainable filters of pushes."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.expressions import RawSQL


class ProviderPushQuerySet(models.QuerySet[Any]):
    """Pushes."""

    def pending(self) -> ProviderPushQuerySet:
        """Keep what waits to be handled."""
        # A constant, no parameter: a prepared plan for any state can not use the index of the waiting rows, and
        # would look for the few of them among millions that are done.
        return self.filter(RawSQL("wechat_providerpush.state = 'pending'", (), models.BooleanField()))

    def due(self, *, now: dt.datetime) -> ProviderPushQuerySet:
        """Keep what is to be handled now: new ones, and failed ones whose next attempt has come."""
        return self.pending().filter(Q(retry_at=None) | Q(retry_at__lte=now))
