"""The public writes of notifications."""

from apps.notifications.services.inbox import inbox_read
from apps.notifications.services.ledger import grants_report, templates_load
from apps.notifications.services.notices import notice_enqueue
from apps.notifications.services.outbox import pump, sweep

__all__ = ["grants_report", "inbox_read", "notice_enqueue", "pump", "sweep", "templates_load"]
