"""The public writes of notifications."""

from apps.notifications.services.inbox import inbox_read
from apps.notifications.services.ledger import grants_report, templates_load
from apps.notifications.services.notices import Told, notice_enqueue, notices_enqueue_many
from apps.notifications.services.outbox import pump, sweep
from apps.notifications.services.staff import StaffTold, staff_notices_read, staff_tell

__all__ = [
    "StaffTold",
    "Told",
    "grants_report",
    "inbox_read",
    "notice_enqueue",
    "notices_enqueue_many",
    "pump",
    "staff_notices_read",
    "staff_tell",
    "sweep",
    "templates_load",
]
