"""Waking the senders."""

from __future__ import annotations

from apps.common.dispatch import Lane, send_after_commit
from apps.notifications.states import Channel


def pump_wake(*, lane: Lane, channel: Channel, countdown_s: float | None = None) -> None:
    """Wake a sender of ``channel`` in ``lane`` after commit; ``countdown_s`` at most 60."""
    send_after_commit(
        "notifications.pump", lane=lane, countdown_s=countdown_s, of=lane, channel=channel.value
    )
