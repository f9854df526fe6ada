"""Chainable filters of messages."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef

from apps.accounts.states import Role
from apps.notifications.states import DeliveryState


class InboxQuerySet(models.QuerySet[Any]):
    """Inbox messages."""

    def unread(self) -> InboxQuerySet:
        """Keep what was not read."""
        return self.filter(read_at=None)


class DeliveryQuerySet(models.QuerySet[Any]):
    """Deliveries."""

    def due(self, *, lane: str, now: dt.datetime) -> DeliveryQuerySet:
        """Keep what of ``lane`` is to be sent now, the longest due first."""
        return self.filter(state=DeliveryState.QUEUED, lane=lane, due_at__lte=now).order_by("due_at", "id")

    def phone_idle(self) -> DeliveryQuerySet:
        """Keep those whose resident has no other message in a worker's hand: WeChat refuses two at once (43108)."""
        busy = self.model.objects.filter(
            state=DeliveryState.SENDING, message__resident_id=OuterRef("message__resident_id")
        )
        return self.filter(~Exists(busy))

    def stale(self, *, now: dt.datetime) -> DeliveryQuerySet:
        """Keep the claims that have run out: their worker died."""
        return self.filter(state=DeliveryState.SENDING, claimed_until__lt=now)

    def visible_to(self, staff: Any) -> DeliveryQuerySet:
        """Keep what ``staff`` may list: administrators and auditors, without content."""
        return self if staff.is_superuser or staff.roles & {Role.ADMINISTRATOR, Role.AUDITOR} else self.none()
