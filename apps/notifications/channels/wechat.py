"""The WeChat channel: values cut to WeChat's rules, a batch sent at once, answers in the outbox's words."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog
from prometheus_client import Counter

from apps.notifications.states import Outcome
from apps.wechat.bridge import run_sync
from apps.wechat.client import WechatClient, client
from apps.wechat.errors import Answer, WechatOutcomeUnknown, WechatRefused, WechatUnavailable
from apps.wechat.values import value_fit

# The classes of section "client rules": what each kind of refusal means for a delivery.
_OUTCOMES = {
    Answer.RETRY: Outcome.RETRY,
    Answer.REFRESH: Outcome.RETRY,  # the client has refreshed once already
    Answer.LATER: Outcome.LATER,
    Answer.FALLBACK: Outcome.FAILED,
    Answer.BUG: Outcome.FAILED,
    Answer.ALARM: Outcome.FAILED,
}
log = structlog.get_logger(__name__)
ALARMS = Counter("wechat_alarms", "Answers of WeChat that need an operator, by errcode.", ["errcode"])
NOT_PERMITTED = 43101
PHONE_BUSY = 43108


@dataclass(frozen=True, slots=True)
class WechatSend:
    """One subscription message."""

    openid: str
    template_id: str
    data: Mapping[str, str]
    page: str


@dataclass(frozen=True, slots=True)
class SendResult:
    """What came of it; ``code`` is WeChat's number or our word, ``request_id`` WeChat's rid."""

    outcome: Outcome
    code: str = ""
    request_id: str = ""
    provider_id: str = ""


def data_fit(data: Mapping[str, str]) -> dict[str, str]:
    """Return the values cut and cleaned so that WeChat takes each of them."""
    return {key: value_fit(key, value) for key, value in data.items()}


def send_many(sends: Sequence[WechatSend]) -> list[SendResult]:
    """Send all at once, each to another openid (43108); results in the order given.

    No exception leaves: each message has its own result.
    """
    return run_sync(_send_all(client(), sends))


async def _send_all(wechat: WechatClient, sends: Sequence[WechatSend]) -> list[SendResult]:
    return list(await asyncio.gather(*(_send(wechat, send) for send in sends)))


def _alarm(kind: Answer, code: str) -> None:
    """Tell the operator of what only a change of configuration or code mends."""
    if kind in (Answer.ALARM, Answer.BUG):
        ALARMS.labels(code).inc()
        log.error("wechat_alarm", errcode=code, kind=kind.value)


async def _send(wechat: WechatClient, send: WechatSend) -> SendResult:
    try:
        receipt = await wechat.subscribe_send(
            openid=send.openid, template_id=send.template_id, data=send.data, page=send.page
        )
    except WechatRefused as error:
        _alarm(error.kind, str(error.errcode))
        outcome = Outcome.SUPPRESSED if error.errcode == NOT_PERMITTED else _OUTCOMES[error.kind]
        return SendResult(outcome, str(error.errcode), error.rid or "")
    except WechatUnavailable as error:
        # It never left, so it waits for the configuration to be mended; the alarm says that someone must.
        _alarm(error.kind, str(error.errcode or ""))
        return SendResult(Outcome.RETRY, f"unavailable {error.errcode or ''}".strip())
    except WechatOutcomeUnknown:
        return SendResult(Outcome.UNKNOWN, "answer_lost")
    except Exception as error:
        # The outcomes of the rest of the batch must be written whatever this one met; it may have left.
        log.error("wechat_send_defect", error=type(error).__name__)
        return SendResult(Outcome.UNKNOWN, "defect")
    return SendResult(Outcome.SENT, "0", provider_id=str(receipt.msgid or ""))
