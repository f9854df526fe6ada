"""Chainable filters of messages."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, Q

from apps.accounts.states import Role
from apps.notifications.states import WAITING, DeliveryState


class InboxQuerySet(models.QuerySet[Any]):
    """Inbox messages."""

    def unread(self) -> InboxQuerySet:
        """Keep what was not read."""
        return self.filter(read_at=None)


class DeliveryQuerySet(models.QuerySet[Any]):
    """Deliveries."""

    def due(self, *, lane: str, now: dt.datetime) -> DeliveryQuerySet:
        """Keep what of ``lane`` is to be sent now."""
        return self.filter(state__in=[state.value for state in WAITING], lane=lane, due_at__lte=now)

    def under_way(self) -> DeliveryQuerySet:
        """Keep what is neither over nor given up."""
        # As three conditions: each is that of a partial index, and PostgreSQL does not split a longer list.
        return self.filter(
            Q(state__in=[state.value for state in WAITING])
            | Q(state=DeliveryState.SENDING.value)
            | Q(state=DeliveryState.UNKNOWN.value, finished_at=None)
        )

    def stale(self, *, now: dt.datetime) -> DeliveryQuerySet:
        """Keep the claims that have run out: their worker died."""
        return self.filter(state=DeliveryState.SENDING, claimed_until__lt=now)

    def in_doubt_still(self) -> DeliveryQuerySet:
        """Keep those that may have left and are not given up."""
        return self.filter(state=DeliveryState.UNKNOWN, finished_at=None)

    def in_doubt(self, *, now: dt.datetime) -> DeliveryQuerySet:
        """Keep those that may have left and have waited long enough for a receipt.

        Not of a resident who has another message in hand: a receipt that is there may be that one's.
        """
        in_hand = self.model.objects.filter(resident_id=OuterRef("resident_id"), state=DeliveryState.SENDING)
        return self.in_doubt_still().filter(~Exists(in_hand), due_at__lte=now)

    def visible_to(self, staff: Any) -> DeliveryQuerySet:
        """Keep what ``staff`` may list: administrators and auditors, without content."""
        return self if staff.is_superuser or staff.roles & {Role.ADMINISTRATOR, Role.AUDITOR} else self.none()
