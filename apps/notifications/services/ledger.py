"""The consent ledger of WeChat messages: granted, reserved, given back, corrected."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from apps.common.errors import Refused
from apps.notifications.models import WechatGrant, WechatTemplate

MAX_KEPT = 50  # more than anyone taps in years; a forged report can not grow beyond it
RESULTS = ("accept", "reject", "ban", "filter")
_GRANT = """
INSERT INTO notifications_wechatgrant (resident_id, template_id, remaining, long_term_on, updated_at)
VALUES (%(resident)s, %(template)s, %(count)s, %(long_term)s, %(now)s)
ON CONFLICT (resident_id, template_id) DO UPDATE SET
    remaining = LEAST(notifications_wechatgrant.remaining + EXCLUDED.remaining, %(most)s),
    long_term_on = notifications_wechatgrant.long_term_on OR EXCLUDED.long_term_on,
    updated_at = EXCLUDED.updated_at
"""


class TemplateUnknown(Refused):
    code = "template_unknown"
    message = _("The mini-program has no message template of this id.")
    status = 400


def grants_report(*, resident_id: UUID, results: Mapping[str, str], now: dt.datetime) -> dict[str, int]:
    """Record what the subscription dialog answered; returns the remaining sends by template id.

    Any result that starts with ``accept`` counts (WeChat adds variants); the others add nothing and take nothing.
    At most 5 queries for the dialog's 3 templates.  Raises TemplateUnknown.
    """
    templates = {t.template_id: t for t in WechatTemplate.objects.filter(template_id__in=results.keys())}
    if len(templates) != len(results):
        raise TemplateUnknown(attr="results")
    with connection.cursor() as cursor:
        for template_id in sorted(results):
            if results[template_id].startswith("accept"):
                one_time = templates[template_id].type == WechatTemplate.Type.ONE_TIME
                cursor.execute(
                    _GRANT,
                    {
                        "resident": resident_id, "template": templates[template_id].pk, "count": int(one_time),
                        "long_term": not one_time, "now": now, "most": MAX_KEPT,
                    },
                )  # fmt: skip
    left = WechatGrant.objects.filter(resident_id=resident_id, template__in=templates.values())
    known = dict(left.values_list("template__template_id", "remaining"))
    return {template_id: known.get(template_id, 0) for template_id in results}


def grant_reserve(*, resident_id: UUID, template: WechatTemplate, keep: int, now: dt.datetime) -> bool:
    """Set one send aside; False when none may be used.  1 query.

    ``keep``  one-time sends that must stay for a more important message
    """
    grants = WechatGrant.objects.filter(resident_id=resident_id, template=template)
    if template.type == WechatTemplate.Type.LONG_TERM:
        return grants.filter(long_term_on=True).exists()
    return bool(grants.filter(remaining__gt=keep).update(remaining=F("remaining") - 1, updated_at=now))


def grant_give_back(*, resident_id: UUID, template_id: str, now: dt.datetime) -> None:
    """Return a send that was set aside and not used.  1 query."""
    WechatGrant.objects.filter(
        resident_id=resident_id, template__template_id=template_id,
        template__type=WechatTemplate.Type.ONE_TIME, remaining__lt=MAX_KEPT,
    ).update(remaining=F("remaining") + 1, updated_at=now)  # fmt: skip


def grant_clear(*, resident_id: UUID, template_id: str, now: dt.datetime) -> None:
    """Believe WeChat (43101): nothing is permitted any more.  1 query."""
    WechatGrant.objects.filter(resident_id=resident_id, template__template_id=template_id).update(
        remaining=0, long_term_on=False, updated_at=now
    )


def templates_load(*, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write templates of WeChat's ``gettemplate`` shape with our ``name``; returns how many.  1 query each."""
    count = 0
    for row in rows:
        content = str(row["content"])
        keys = [part.split(".DATA}}")[0] for part in content.split("{{")[1:]]
        WechatTemplate.objects.update_or_create(
            name=row["name"],
            defaults={
                "template_id": row["priTmplId"],
                "title": row["title"],
                "type": row["type"],
                "keys": keys,
            },
        )
        count += 1
    return count
