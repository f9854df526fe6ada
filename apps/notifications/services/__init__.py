"""The public writes of notifications."""

from apps.notifications.services.campaign_lists import ListLoaded, campaign_list_load
from apps.notifications.services.campaign_rows import campaign_write
from apps.notifications.services.campaign_tending import campaigns_tend
from apps.notifications.services.campaigns import (
    campaign_act,
    campaign_draft,
    campaign_redraft,
    campaign_verbs_open,
)
from apps.notifications.services.inbox import inbox_read
from apps.notifications.services.ledger import grants_report
from apps.notifications.services.notices import Told, notice_enqueue, notices_enqueue_many
from apps.notifications.services.outbox import pump, sweep
from apps.notifications.services.redriving import deliveries_redrive, redrive_count
from apps.notifications.services.retention import (
    retention_load,
    retention_run,
    retention_terms,
    statistics_nightly,
)
from apps.notifications.services.staff import StaffTold, staff_notices_read, staff_tell
from apps.notifications.services.staff_mail import staff_mail_send
from apps.notifications.services.subscriptions import Wanted, subscriptions_put
from apps.notifications.services.templates import (
    sms_templates_load,
    wechat_templates_load,
    wechat_templates_sync,
)
from apps.notifications.services.texts import text_act, text_draft, text_redraft
from apps.notifications.services.topic_notices import topic_tell, topics_sweep, topics_write

__all__ = [
    "ListLoaded",
    "StaffTold",
    "Told",
    "Wanted",
    "campaign_act",
    "campaign_draft",
    "campaign_list_load",
    "campaign_redraft",
    "campaign_verbs_open",
    "campaign_write",
    "campaigns_tend",
    "deliveries_redrive",
    "grants_report",
    "inbox_read",
    "notice_enqueue",
    "notices_enqueue_many",
    "pump",
    "redrive_count",
    "retention_load",
    "retention_run",
    "retention_terms",
    "sms_templates_load",
    "staff_mail_send",
    "staff_notices_read",
    "staff_tell",
    "statistics_nightly",
    "subscriptions_put",
    "sweep",
    "text_act",
    "text_draft",
    "text_redraft",
    "topic_tell",
    "topics_sweep",
    "topics_write",
    "wechat_templates_load",
    "wechat_templates_sync",
]
