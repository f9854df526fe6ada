"""Words for what is pushed to us."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django.utils.translation import gettext_lazy as _

EVENT_LABELS: Mapping[str, Any] = MappingProxyType(
    {
        "subscribe_msg_popup_event": _("permission dialog answered"),
        "subscribe_msg_change_event": _("messages switched off in the settings"),
        "subscribe_msg_sent_event": _("outcome of a message"),
        "wxa_media_check": _("verdict on a picture"),
        "sms_receipt": _("receipt of a text message"),
    }
)
OTHER_EVENT = _("another event")
