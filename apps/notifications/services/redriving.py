"""Sending failed messages again: what staff mended is tried once more, and nobody is told twice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from apps.common.errors import Refused
from apps.common.locks import Lock, lock_hold
from apps.notifications.kinds import kind_of
from apps.notifications.models import Delivery, Redrive
from apps.notifications.services.notices import quiet_over
from apps.notifications.services.waking import pump_wake
from apps.notifications.states import NIGHT, Channel, Quiet
from apps.notifications.wording import channel_data

if TYPE_CHECKING:
    from apps.accounts.models import Staff

log = structlog.get_logger(__name__)
MOST = 5000
LONGEST = dt.timedelta(days=7)
REASON_CHARS = 300
# One re-drive at a time: the second sees the rows of the first.
# Failed rows whose message has reached nobody and is not on its way: a row of it in any other state but failed,
# suppressed or called back may have arrived or may still leave, also one of which nobody knows.  The newest round of the
# first such channel goes again; the rest of its chain follows as always.  Rows of a campaign that is over are left:
# no sender takes them.
_FAILED = """
SELECT DISTINCT ON (d.message_id) d.id FROM notifications_delivery d
WHERE d.state = 'failed' AND d.finished_at >= %(since)s AND d.finished_at < %(until)s AND d.last_code = %(code)s
    AND NOT EXISTS (
        SELECT 1 FROM notifications_delivery o WHERE o.message_id = d.message_id
            AND (o.state NOT IN ('failed', 'suppressed', 'cancelled') OR o.round > d.round))
    AND (d.campaign_id IS NULL OR EXISTS (
        SELECT 1 FROM notifications_campaign c WHERE c.id = d.campaign_id AND c.state IN ('running', 'paused')))
ORDER BY d.message_id, d.id LIMIT %(most)s
"""


class RedriveWindow(Refused):
    code = "redrive_window"
    message = _("The period lies in the past and is at most seven days long.")
    status = 400


class RedriveReason(Refused):
    code = "redrive_reason"
    message = _("Say why the messages are sent again.")
    status = 400


class RedriveNothing(Refused):
    code = "redrive_nothing"
    message = _(
        "There is nothing to send again: these messages have arrived, are on their way, or were sent again already."
    )
    status = 409


def redrive_count(*, code: str, since: dt.datetime, until: dt.datetime, now: dt.datetime) -> int:
    """Return how many messages ``deliveries_redrive`` would send again, at most 5,000.  1 query.  Raises RedriveWindow."""
    _window_check(since, until, now)
    return len(_failed(code, since, until))


def deliveries_redrive(
    *, staff: Staff, code: str, since: dt.datetime, until: dt.datetime, reason: str, now: dt.datetime
) -> Redrive:
    """Queue a new round for messages that failed with ``code`` from ``since`` up to ``until``, and record who did it.

    At most 5,000 messages a call, 4 queries and one for each 500.  What the channel says is made anew from the fields
    frozen with the message and the texts live now, so that a mended text is what goes out.
    Raises RedriveWindow, RedriveReason, RedriveNothing.
    """
    _window_check(since, until, now)
    reason = reason.strip()[:REASON_CHARS]
    if not reason:
        raise RedriveReason
    with transaction.atomic():
        lock_hold(Lock.REDRIVE)
        rows = Delivery.objects.filter(id__in=_failed(code, since, until)).select_related("message")
        again = [_again(row, now) for row in rows.order_by("id")]
        if not again:
            raise RedriveNothing
        Delivery.objects.bulk_create(again, batch_size=500)
        redrive: Redrive = Redrive.objects.create(
            staff=staff,
            reason=reason,
            code=code,
            failed_since=since,
            failed_until=until,
            count=len(again),
            at=now,
        )
        _wake(again)
    log.warning("deliveries_redriven", redrive=redrive.pk, code=code, count=len(again))
    return redrive


def _window_check(since: dt.datetime, until: dt.datetime, now: dt.datetime) -> None:
    if not since < until <= now or until - since > LONGEST:
        raise RedriveWindow


def _failed(code: str, since: dt.datetime, until: dt.datetime) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(_FAILED, {"code": code, "since": since, "until": until, "most": MOST})
        return [row[0] for row in cursor.fetchall()]


def _again(row: Delivery, now: dt.datetime) -> Delivery:
    channel, values = Channel(row.channel), _frozen(row)
    quiet: Quiet | None = NIGHT
    if row.campaign_id is None:
        try:
            kind = kind_of(row.message.kind)
            given = channel_data(kind=kind, channel=channel, fields=row.message.fields)
        except KeyError as error:
            # A kind that is gone: what was frozen goes out as it is.
            log.error("delivery_defect", delivery=str(row.id), error=type(error).__name__)
        else:
            quiet = kind.quiet_of(channel)
            values = {
                "wechat_template_id": given.wechat_template_id, "sms_template_id": given.sms_template_id,
                "text_version": given.version, "data": given.data or {},
            }  # fmt: skip
    return Delivery(
        message_id=row.message_id, resident_id=row.resident_id, campaign_id=row.campaign_id, channel=row.channel,
        round=row.round + 1, lane=row.lane, fallbacks=row.fallbacks, keep_grants=row.keep_grants,
        due_at=quiet_over(quiet=quiet, now=now), created_at=now, **values,
    )  # fmt: skip


def _frozen(row: Delivery) -> dict[str, Any]:
    return {
        "wechat_template_id": row.wechat_template_id, "sms_template_id": row.sms_template_id,
        "text_version": row.text_version, "data": row.data,
    }  # fmt: skip


def _wake(rows: Iterable[Delivery]) -> None:
    for lane, channel in sorted({(row.lane, row.channel) for row in rows}):
        pump_wake(lane=lane, channel=Channel(channel))  # type: ignore[arg-type]
