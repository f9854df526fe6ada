"""The pump: claim a batch, send it with no transaction open, write what came of it.  And the sweep behind it.

A worker that dies between claim and outcome leaves rows in ``sending``; when the claim runs out the sweep puts them
back and they are sent (again: WeChat takes no idempotency key, and a reply that never comes is worse than one that
comes twice).  A lost *answer* is different: the worker knows that the request left, so the row ends as ``unknown``.
"""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction

from apps.common import clock
from apps.common.dispatch import Lane, send_after_commit
from apps.notifications.channels import wechat
from apps.notifications.kinds import kind_of
from apps.notifications.models import Delivery, DeliveryAttempt, WechatTemplate
from apps.notifications.services import ledger
from apps.notifications.states import (
    FINAL,
    FIRST_DELAY_S,
    MAX_ATTEMPTS,
    SHORT_DELAY_S,
    DeliveryState,
    Outcome,
    move_target,
    retry_delay,
)

log = structlog.get_logger(__name__)
BATCH = 50
# What the pump and the sweep change of a delivery; a batch is written in one statement.
WRITTEN = (
    "state", "claimed_until", "attempts", "reserved", "template_id", "data", "due_at", "last_code", "provider_id",
    "finished_at",
)  # fmt: skip
SOON_S = 60  # what is due sooner than the next sweep gets a wake-up of its own
ROUNDS = 20  # a task ends after 1,000 messages and queues the next, so that a worker can be stopped


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery in hand: what to send and to whom."""

    delivery: Delivery
    send: wechat.WechatSend
    started_at: dt.datetime


def pump(*, lane: Lane) -> int:
    """Send what is due in ``lane``; returns how many deliveries were handled.

    Round after round until one finds nothing, at most 20 × 50 a call, then it queues itself again.  Never holds a
    transaction while it sends.
    """
    handled = 0
    for _round in range(ROUNDS):
        claimed, finished = _claim(lane)
        if not claimed and not finished:
            return handled
        if claimed:
            _record(lane, claimed, wechat.send_many([item.send for item in claimed]))
        handled += len(claimed) + finished
    send_after_commit("notifications.pump", lane=lane)
    return handled


def _claim(lane: Lane) -> tuple[list[Claimed], int]:
    """Move due rows to ``sending``, or to ``suppressed`` where nothing may be sent.

    Returns the claimed and the number suppressed.  One message for each resident at a time: WeChat refuses two at
    once for one openid (43108), and a batch must end before its claim does.
    """
    now = clock.now()
    claimed: list[Claimed] = []
    finished = 0
    residents: set[UUID] = set()
    touched: list[Delivery] = []
    with transaction.atomic():
        rows = list(
            Delivery.objects.due(lane=lane, now=now)
            .phone_idle()
            .select_related("message__resident")
            .select_for_update(of=("self",), skip_locked=True)[:BATCH]
        )
        templates = {t.name: t for t in WechatTemplate.objects.filter(is_active=True)} if rows else {}
        for row in rows:
            if row.message.resident_id in residents:
                continue
            residents.add(row.message.resident_id)
            touched.append(row)
            item = _prepare(row, templates, now)
            if item is None:
                finished += 1
            else:
                claimed.append(item)
        Delivery.objects.bulk_update(touched, WRITTEN)
    return claimed, finished


def _prepare(row: Delivery, templates: dict[str, WechatTemplate], now: dt.datetime) -> Claimed | None:
    """Set what a claim sets, or the final state of a row that can not be sent; ``_claim`` writes all rows at once."""
    try:
        kind = kind_of(row.message.kind)
        data = row.data or wechat.data_fit(kind.wechat_data(row.message.fields) if kind.wechat_data else {})
    except (KeyError, ValueError) as error:
        # A kind that is gone or fields that do not fit it: one such row must not hold the lane up.
        log.error("delivery_defect", delivery=str(row.id), kind=row.message.kind, error=type(error).__name__)
        _finish(row, Outcome.FAILED, "defect", now)
        return None
    template = templates.get(kind.wechat_template or "")
    openid = row.message.resident.openid
    if template is None or openid is None:
        _finish(row, Outcome.SUPPRESSED, "no_template" if template is None else "no_recipient", now)
        return None
    # After a claim that ran out nobody knows whether the message left.  A reply is sent again with the permission it
    # had; news on the way need a fresh one, so that a doubt about them never costs the resident the reply.
    if not row.reserved or kind.keep_grants:
        resident_id = row.message.resident_id
        if not ledger.grant_reserve(
            resident_id=resident_id, template=template, keep=kind.keep_grants, now=now
        ):
            _finish(row, Outcome.SUPPRESSED, "no_permission", now)
            return None
    row.state = move_target(source=DeliveryState(row.state), outcome=Outcome.CLAIM).value
    row.claimed_until = now + dt.timedelta(seconds=settings.OUTBOX_CLAIM_S)
    row.attempts += 1
    row.reserved = True
    row.template_id = template.template_id
    row.data = data
    query = "&".join(f"{name}={value}" for name, value in row.message.params.items())
    page = f"{row.message.page}?{query}" if query else row.message.page
    return Claimed(row, wechat.WechatSend(openid, template.template_id, row.data, page), now)


def _record(lane: Lane, claimed: list[Claimed], results: list[wechat.SendResult]) -> None:
    """Write the outcomes, one transaction for the batch; a row that is no longer ours is left alone."""
    now = clock.now()
    touched: list[Delivery] = []
    attempts: list[DeliveryAttempt] = []
    with transaction.atomic():
        ours = {
            row.id: row
            for row in Delivery.objects.select_for_update(of=("self",))
            .filter(id__in=[item.delivery.id for item in claimed], state=DeliveryState.SENDING.value)
            .order_by("id")
            .select_related("message")
        }
        for item, result in zip(claimed, results, strict=True):
            row = ours.get(item.delivery.id)
            if row is None or row.attempts != item.delivery.attempts:
                log.warning("late_outcome", delivery=str(item.delivery.id), outcome=result.outcome)
                continue
            attempts.append(_outcome_set(row, result, item.started_at, now))
            touched.append(row)
        DeliveryAttempt.objects.bulk_create(attempts)
        Delivery.objects.bulk_update(touched, WRITTEN)
        soon = [row.due_at for row in ours.values() if row.state == DeliveryState.QUEUED.value]
        if soon and (wait_s := (min(soon) - now).total_seconds()) <= SOON_S:
            send_after_commit("notifications.pump", lane=lane, countdown_s=wait_s)


def _outcome_set(
    row: Delivery, result: wechat.SendResult, started_at: dt.datetime, now: dt.datetime
) -> DeliveryAttempt:
    """Set what an answer sets, correct the ledger, and return the attempt to record."""
    attempt = DeliveryAttempt(
        delivery=row, number=row.attempts, outcome=result.outcome.value, code=result.code,
        request_id=result.request_id, started_at=started_at, ended_at=now,
    )  # fmt: skip
    who: dict[str, Any] = {"resident_id": row.message.resident_id, "template_id": row.template_id}
    if result.outcome is Outcome.SUPPRESSED:
        ledger.grant_clear(**who, now=now)
    elif result.outcome not in (Outcome.SENT, Outcome.UNKNOWN):
        ledger.grant_give_back(**who, now=now)
    row.reserved = result.outcome in (Outcome.SENT, Outcome.UNKNOWN)
    row.provider_id = result.provider_id
    outcome = result.outcome
    if outcome in (Outcome.RETRY, Outcome.LATER) and row.attempts >= MAX_ATTEMPTS:
        outcome = Outcome.FAILED
    if outcome is Outcome.RETRY:
        first_s = SHORT_DELAY_S if result.code == str(wechat.PHONE_BUSY) else FIRST_DELAY_S
        spread = random.random()  # noqa: S311 - jitter
        row.due_at = now + retry_delay(attempts=row.attempts, spread=spread, first_s=first_s)
    elif outcome is Outcome.LATER:
        row.due_at = _next_day(now)
    _finish(row, outcome, result.code, now)
    return attempt


def _finish(row: Delivery, outcome: Outcome, code: str, now: dt.datetime) -> None:
    """Set the state after ``outcome``; for a state that is final also when."""
    target = move_target(source=DeliveryState(row.state), outcome=outcome)
    row.state, row.last_code, row.claimed_until = target.value, code, None
    row.finished_at = now if target in FINAL else None


def _next_day(now: dt.datetime) -> dt.datetime:
    """Return ten past midnight in Beijing: WeChat's daily quotas begin anew at 00:00."""
    local = clock.local(now)
    return local.replace(hour=0, minute=10, second=0, microsecond=0) + dt.timedelta(days=1)


def sweep(*, now: dt.datetime) -> dict[str, int]:
    """Put back the claims that ran out and wake the lanes that have something due.  Returns the counts.

    Finds what a dead worker or a dead broker left behind; at most 500 claims a call.
    """
    with transaction.atomic():
        stale = list(
            Delivery.objects.stale(now=now)
            .select_for_update(of=("self",), skip_locked=True)
            .order_by("id")[:500]
        )
        DeliveryAttempt.objects.bulk_create(
            DeliveryAttempt(
                delivery=row, number=row.attempts, outcome=Outcome.CLAIM_EXPIRED.value, code="worker_lost",
                started_at=row.claimed_until or now, ended_at=now,
            )
            for row in stale
        )  # fmt: skip
        for row in stale:
            row.due_at = now
            lost = Outcome.CLAIM_EXPIRED if row.attempts < MAX_ATTEMPTS else Outcome.FAILED
            _finish(row, lost, "worker_lost", now)
        Delivery.objects.bulk_update(stale, WRITTEN)
    woken = [lane for lane in ("interactive", "bulk") if Delivery.objects.due(lane=lane, now=now).exists()]
    for lane in woken:
        send_after_commit("notifications.pump", lane=lane)  # type: ignore[arg-type]
    if stale or woken:
        log.info("outbox_swept", claims_expired=len(stale), lanes_woken=woken)
    return {"claims_expired": len(stale), "lanes_woken": len(woken)}
