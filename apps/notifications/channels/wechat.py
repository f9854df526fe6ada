"""The WeChat channel: subscription messages, answers in the outbox's words."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import structlog
from prometheus_client import Counter

from apps.notifications.channels.results import Send, SendResult, Trouble
from apps.notifications.states import Outcome
from apps.wechat.client import WechatClient, client
from apps.wechat.errors import Answer, WechatOutcomeUnknown, WechatRefused, WechatUnavailable

log = structlog.get_logger(__name__)
ALARMS = Counter("wechat_alarms", "Answers of WeChat that need an operator, by errcode.", ["errcode"])
NOT_PERMITTED = 43101
PHONE_BUSY = 43108
MINUTE_QUOTA = 45011
# The classes of section "client rules": what each kind of refusal means for a delivery, and beyond it.
_OUTCOMES: Mapping[Answer, tuple[Outcome, Trouble]] = {
    Answer.RETRY: (Outcome.RETRY, Trouble.NONE),
    Answer.REFRESH: (Outcome.RETRY, Trouble.NONE),  # the client has refreshed once already
    Answer.LATER: (Outcome.LATER, Trouble.QUOTA_DAY),
    Answer.FALLBACK: (Outcome.FAILED, Trouble.NONE),
    Answer.BUG: (Outcome.FAILED, Trouble.DEFECT),
    # The account's trouble is not the message's: it waits until an operator has mended it.
    Answer.ALARM: (Outcome.RETRY, Trouble.ALARM),
}


class WechatSender:
    """Sends through WeChat.  Each to another openid (43108)."""

    def __init__(self) -> None:
        # Here, on the caller's thread: a client whose settings changed is closed on the loop, which would wait for itself.
        self._wechat = client()

    async def send_many(self, sends: Sequence[Send]) -> list[SendResult]:
        """Send all at once; the client keeps at most 100 in flight."""
        return list(await asyncio.gather(*(_send(self._wechat, send) for send in sends)))


def alarm(kind: Answer, code: str) -> None:
    """Tell the operator of what only a change of configuration or code mends."""
    if kind in (Answer.ALARM, Answer.BUG):
        ALARMS.labels(code).inc()
        log.error("wechat_alarm", errcode=code, kind=kind.value)


async def _send(wechat: WechatClient, send: Send) -> SendResult:
    try:
        receipt = await wechat.subscribe_send(
            openid=send.address,
            template_id=send.template_id,
            data=send.values,
            page=send.page,
        )
    except WechatRefused as error:
        return _refused(error)
    except WechatUnavailable as error:
        # It never left, so it waits; the alarm says that someone must mend the configuration.
        alarm(error.kind, str(error.errcode or ""))
        trouble = Trouble.ALARM if error.kind is Answer.ALARM else Trouble.UNAVAILABLE
        return SendResult(Outcome.RETRY, f"unavailable {error.errcode or ''}".strip(), trouble=trouble)
    except WechatOutcomeUnknown:
        return SendResult(Outcome.UNKNOWN, "answer_lost")
    except Exception as error:
        # The outcomes of the rest of the batch must be written whatever this one met; it may have left.
        log.error("wechat_send_defect", error=type(error).__name__)
        return SendResult(Outcome.UNKNOWN, "defect", trouble=Trouble.DEFECT)
    return SendResult(Outcome.SENT, "0", provider_id=str(receipt.msgid or ""))


def _refused(error: WechatRefused) -> SendResult:
    code, rid = str(error.errcode), error.rid or ""
    alarm(error.kind, code)
    if error.errcode == NOT_PERMITTED:
        return SendResult(Outcome.SUPPRESSED, code, rid)
    outcome, trouble = _OUTCOMES[error.kind]
    if error.errcode == MINUTE_QUOTA:
        trouble = Trouble.QUOTA_MINUTE
    return SendResult(outcome, code, rid, trouble=trouble, soon=error.errcode == PHONE_BUSY)
