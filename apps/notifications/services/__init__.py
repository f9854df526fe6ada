"""The public writes of notifications."""

from apps.notifications.services.campaign_rows import campaign_write
from apps.notifications.services.campaign_tending import campaigns_tend
from apps.notifications.services.campaigns import campaign_act, campaign_draft, campaign_redraft
from apps.notifications.services.inbox import inbox_read
from apps.notifications.services.ledger import grants_report
from apps.notifications.services.notices import Told, notice_enqueue, notices_enqueue_many
from apps.notifications.services.outbox import pump, sweep
from apps.notifications.services.staff import StaffTold, staff_notices_read, staff_tell
from apps.notifications.services.staff_mail import staff_mail_send
from apps.notifications.services.templates import (
    sms_templates_load,
    wechat_templates_load,
    wechat_templates_sync,
)

__all__ = [
    "StaffTold",
    "Told",
    "campaign_act",
    "campaign_draft",
    "campaign_redraft",
    "campaign_write",
    "campaigns_tend",
    "grants_report",
    "inbox_read",
    "notice_enqueue",
    "notices_enqueue_many",
    "pump",
    "sms_templates_load",
    "staff_mail_send",
    "staff_notices_read",
    "staff_tell",
    "sweep",
    "wechat_templates_load",
    "wechat_templates_sync",
]
