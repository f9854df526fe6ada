"""Templates: WeChat's own list, and those of the SMS provider."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import transaction

from apps.common.changes import announce
from apps.notifications.models import SmsTemplate, WechatTemplate
from apps.notifications.wording import NAMESPACE
from apps.wechat.answers import Template, template_of
from apps.wechat.bridge import run_sync
from apps.wechat.client import client

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Synced:
    """What comparing with WeChat changed: titles of templates."""

    new: list[str]
    changed: list[str]
    gone: list[str]


def wechat_templates_sync(*, now: dt.datetime) -> Synced:
    """Bring our rows in step with WeChat's ``gettemplate``; names that staff gave stay.

    A template that WeChat no longer lists is switched off, one whose keys changed is written anew: a message with the
    wrong keys is refused (47003).  Asks WeChat with no transaction open.  2 queries and 1 for each row that differs.
    Raises WechatRefused, WechatUnavailable, WechatOutcomeUnknown; then nothing has changed.
    """
    listed = {one.template_id: one for one in run_sync(client().templates())}
    new: list[str] = []
    changed: list[str] = []
    with transaction.atomic():
        known = {row.template_id: row for row in WechatTemplate.objects.select_for_update().order_by("id")}
        for template_id, one in listed.items():
            row = known.get(template_id)
            values = _values(one)
            if row is None:
                WechatTemplate.objects.create(template_id=template_id, synced_at=now, **values)
                new.append(one.title)
            elif any(getattr(row, name) != value for name, value in values.items()) or not row.is_active:
                WechatTemplate.objects.filter(pk=row.pk).update(is_active=True, **values)
                changed.append(one.title)
        gone = [row for row in known.values() if row.template_id not in listed and row.is_active]
        WechatTemplate.objects.filter(pk__in=[row.pk for row in gone]).update(is_active=False)
        WechatTemplate.objects.filter(template_id__in=listed).update(synced_at=now)
        announce(NAMESPACE)
    for row in gone:
        log.error("wechat_template_gone", template=row.template_id)
    return Synced(new, changed, [row.title for row in gone])


def wechat_templates_load(*, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write templates of WeChat's ``gettemplate`` shape with our ``name``; returns how many.  1 or 2 queries each."""
    count = 0
    for row in rows:
        one = template_of(row)
        WechatTemplate.objects.update_or_create(
            name=row["name"], defaults={"template_id": one.template_id, **_values(one)}
        )
        count += 1
    announce(NAMESPACE)
    return count


def sms_templates_load(*, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write SMS templates as the provider approved them; returns how many.  1 or 2 queries each."""
    count = 0
    for row in rows:
        values = {name: row[name] for name in ("template_id", "sign", "text", "param_chars") if name in row}
        SmsTemplate.objects.update_or_create(name=row["name"], defaults=values)
        count += 1
    announce(NAMESPACE)
    return count


def _values(one: Template) -> dict[str, Any]:
    return {
        "title": one.title[:60], "type": one.kind, "keys": list(one.keys), "content": one.content[:1000],
        "enums": {key: list(values) for key, values in one.enums.items()},
    }  # fmt: skip
