"""The consent ledger of WeChat messages: granted, reserved, given back, corrected; a set of rows a statement.

One source is believed.  Where WeChat pushes its events to us, they count, and what the mini-program reports is kept as
a hint; where it does not, the report is all there is.  So nothing is counted twice and a forged report counts for
nothing once the push is set up (wechat.md 11.4).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from apps.common.errors import Refused
from apps.notifications.models import GrantEntry, WechatGrant, WechatTemplate

MAX_KEPT = 50  # more than anyone taps in years; a forged report can not grow beyond it
RESULTS = ("accept", "reject", "ban", "filter")
_GRANT = """
WITH one AS (
    SELECT resident_id, template_id, sum(count)::int AS count, bool_or(long_term) AS long_term
    FROM unnest(%s::uuid[], %s::bigint[], %s::int[], %s::bool[]) AS one (resident_id, template_id, count, long_term)
    GROUP BY 1, 2 ORDER BY 1, 2
)
INSERT INTO notifications_wechatgrant AS g (resident_id, template_id, remaining, long_term_on, updated_at)
SELECT resident_id, template_id, LEAST(count, %s), long_term, %s FROM one
ON CONFLICT (resident_id, template_id) DO UPDATE SET
    remaining = LEAST(g.remaining + EXCLUDED.remaining, %s),
    long_term_on = g.long_term_on OR EXCLUDED.long_term_on,
    updated_at = EXCLUDED.updated_at
"""
# Set one send aside for each delivery that may have one.  The condition is the promise: never below what must stay.
_RESERVE = """
UPDATE notifications_wechatgrant g SET remaining = g.remaining - 1, updated_at = %s
FROM unnest(%s::uuid[], %s::bigint[], %s::int[]) AS one (resident_id, template_id, keep)
WHERE g.resident_id = one.resident_id AND g.template_id = one.template_id AND g.remaining > one.keep
RETURNING g.resident_id
"""
_GIVE_BACK = """
UPDATE notifications_wechatgrant g SET remaining = LEAST(g.remaining + 1, %s), updated_at = %s
FROM unnest(%s::uuid[], %s::bigint[]) AS one (resident_id, template_id), notifications_wechattemplate t
WHERE g.resident_id = one.resident_id AND g.template_id = one.template_id AND t.id = g.template_id AND t.type = 2
"""
_CLEAR = """
UPDATE notifications_wechatgrant g SET remaining = 0, long_term_on = FALSE, updated_at = %s
FROM unnest(%s::uuid[], %s::bigint[]) AS one (resident_id, template_id)
WHERE g.resident_id = one.resident_id AND g.template_id = one.template_id
"""


@dataclass(frozen=True, slots=True)
class Answered:
    """One template's answer of the dialog or of the settings; ``key`` makes it count once."""

    resident_id: UUID
    template: WechatTemplate
    accepted: bool
    key: str


class TemplateUnknown(Refused):
    code = "template_unknown"
    message = _("The mini-program has no message template of this id.")
    status = 400


def push_counts() -> bool:
    """Tell whether WeChat's own events are the source that is believed."""
    return bool(settings.WECHAT_PUSH_TOKEN)


def grants_report(
    *, resident_id: UUID, results: Mapping[str, str], key: str, now: dt.datetime
) -> dict[str, int]:
    """Record what the mini-program says the dialog answered; returns the remaining sends by template id.

    Any result that starts with ``accept`` counts (WeChat adds variants); the others add nothing and take nothing.
    ``key``  1 to 64 characters that name this dialog: reported again it adds nothing
    4 queries.  Raises TemplateUnknown.
    """
    templates = {t.template_id: t for t in WechatTemplate.objects.filter(template_id__in=results.keys())}
    if len(templates) != len(results):
        raise TemplateUnknown(attr="results")
    accepted = [
        Answered(
            resident_id,
            templates[template_id],
            True,
            f"report:{resident_id}:{key}:{templates[template_id].pk}",
        )
        for template_id in sorted(results)
        if results[template_id].startswith("accept")
    ]
    grants_add(answered=accepted, source=GrantEntry.Source.REPORT, now=now)
    left = WechatGrant.objects.filter(resident_id=resident_id, template__in=templates.values())
    known = dict(left.values_list("template__template_id", "remaining"))
    return {template_id: known.get(template_id, 0) for template_id in results}


def grants_add(*, answered: Sequence[Answered], source: GrantEntry.Source, now: dt.datetime) -> int:
    """Add what was accepted; returns how many counted.  What was counted before (``key``) is left out.  2 queries.

    A report counts only where no push is set up, else it is kept as a hint.
    """
    if not answered:
        return 0
    counts = source is GrantEntry.Source.PUSH or not push_counts()
    change = GrantEntry.Change.GRANTED if counts else GrantEntry.Change.HINTED
    with transaction.atomic():
        fresh = _entries_write(answered, source, change, now)
        if counts and fresh:
            one_time = [one.template.type == WechatTemplate.Type.ONE_TIME for one in fresh]
            columns = (
                [one.resident_id for one in fresh], [one.template.pk for one in fresh],
                [int(is_one) for is_one in one_time], [not is_one for is_one in one_time],
            )  # fmt: skip
            with connection.cursor() as cursor:
                cursor.execute(_GRANT, [*columns, MAX_KEPT, now, MAX_KEPT])
    return len(fresh) if counts else 0


def grants_withdraw(*, answered: Sequence[Answered], source: GrantEntry.Source, now: dt.datetime) -> None:
    """Set to nothing what was switched off in the settings.  2 queries, 0 for none."""
    if not answered:
        return
    with transaction.atomic():
        fresh = _entries_write(answered, source, GrantEntry.Change.WITHDRAWN, now)
        grants_clear(rows=[(one.resident_id, one.template.pk) for one in fresh], now=now)


def grants_reserve(*, rows: Sequence[tuple[UUID, int, int]], now: dt.datetime) -> set[UUID]:
    """Set one one-time send aside for each (resident, template, keep); returns the residents for whom it was possible.

    ``keep``  sends that must stay for a more important message.  One row for a resident.  1 query, 0 for none.
    """
    if not rows:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_RESERVE, [now, *(list(column) for column in zip(*sorted(rows), strict=True))])
        return {row[0] for row in cursor.fetchall()}


def long_term_allowed(*, rows: Sequence[tuple[UUID, int]]) -> set[UUID]:
    """Return the residents of (resident, template) whose long-term permission is on.  1 query, 0 for none."""
    if not rows:
        return set()
    wanted = set(rows)
    found = WechatGrant.objects.filter(
        resident_id__in=[row[0] for row in rows], template_id__in={row[1] for row in rows}, long_term_on=True
    ).values_list("resident_id", "template_id")
    return {resident_id for resident_id, template_id in found if (resident_id, template_id) in wanted}


def grants_give_back(*, rows: Sequence[tuple[UUID, int]], now: dt.datetime) -> None:
    """Return one-time sends that were set aside and not used.  1 query, 0 for none."""
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_GIVE_BACK, [MAX_KEPT, now, *(list(c) for c in zip(*sorted(rows), strict=True))])


def grants_clear(*, rows: Sequence[tuple[UUID, int]], now: dt.datetime) -> None:
    """Believe WeChat (43101): nothing is permitted any more.  1 query, 0 for none."""
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_CLEAR, [now, *(list(c) for c in zip(*sorted(rows), strict=True))])


def _entries_write(
    answered: Iterable[Answered], source: GrantEntry.Source, change: GrantEntry.Change, now: dt.datetime
) -> list[Answered]:
    """Write the journal and return what was not in it before.  1 query."""
    by_key = {one.key: one for one in answered}
    rows: list[Any] = [
        [one.resident_id for one in by_key.values()], [one.template.pk for one in by_key.values()], list(by_key),
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO notifications_grantentry (resident_id, template_id, source, change, dedup_key, at)"
            " SELECT resident_id, template_id, %s, %s, key, %s"
            " FROM unnest(%s::uuid[], %s::bigint[], %s::text[]) AS one (resident_id, template_id, key)"
            " ON CONFLICT (dedup_key) DO NOTHING RETURNING dedup_key",
            [source.value, change.value, now, *rows],
        )
        return [by_key[row[0]] for row in cursor.fetchall()]
