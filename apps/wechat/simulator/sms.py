"""The provider of text messages (rule 17): Tencent Cloud's SendSms and PullSmsSendStatus, and its receipts."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import aiohttp

from apps.wechat.simulator.pushes import Pusher
from apps.wechat.simulator.sms_account import (
    DELIVERED,
    MAGIC_CODES,
    MAGIC_RECEIPTS,
    Receipt,
    SmsMessage,
    SmsTemplate,
)
from apps.wechat.simulator.state import BEIJING, State
from apps.wechat.simulator.tc3 import SignatureRefused, signature_check

VERSION = "2021-01-11"
NUMBERS_MOST = 200
PULL_MOST = 100
CONTEXT_BYTES = 512
RECEIPT_TRIES = 3
RECEIPT_TIMEOUT_S = 5.0
# A text of one part has 70 characters, the parts of a longer one 67 each.
ONE_PART, EACH_PART = 70, 67
_HOUR_S, _DAY_S, _BEIJING_S = 3600, 86400, 8 * 3600
_HOME = re.compile(r"(?:\+?86)?(1[0-9]{10})")
_ABROAD = re.compile(r"\+(?!86)[1-9][0-9]{5,14}")
_URL = re.compile(r"https?://|www\.", re.IGNORECASE)


class SmsRefused(Exception):
    """The whole call is refused: ``Response.Error``."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


def answered(
    *, state: State, pusher: Pusher, headers: Mapping[str, str], payload: bytes, code: str = ""
) -> dict[str, Any]:
    """Answer one POST to "/".  code: an error on order, given to a call that would be taken, with no effect."""
    request_id = f"{state.rng.getrandbits(128):032x}"
    try:
        body = _body(state, headers, payload)
        answer = _error(code) if code else ACTIONS[headers["X-TC-Action"]](state, pusher, body)
    except SmsRefused as refusal:
        answer = _error(refusal.code)
    return {"Response": {**answer, "RequestId": request_id}}


def _error(code: str) -> dict[str, Any]:
    return {"Error": {"Code": code, "Message": "refused by the simulator"}}


def _body(state: State, headers: Mapping[str, str], payload: bytes) -> dict[str, Any]:
    account = state.sms_account
    try:
        signature_check(
            headers=headers,
            payload=payload,
            secret_id=account.secret_id,
            secret_key=account.secret_key,
            now_s=state.now_s(),
        )
    except SignatureRefused as refusal:
        raise SmsRefused(refusal.code) from None
    if headers.get("X-TC-Action", "") not in ACTIONS:
        raise SmsRefused("InvalidAction")
    if headers.get("X-TC-Version", "") != VERSION:
        raise SmsRefused("NoSuchVersion")
    try:
        body = json.loads(payload)
    except ValueError:
        raise SmsRefused("InvalidRequest") from None
    if not isinstance(body, dict):
        raise SmsRefused("InvalidRequest")
    if body.get("SmsSdkAppId") != account.app_id:
        raise SmsRefused("UnauthorizedOperation.SmsSdkAppIdVerifyFail")
    return body


def _send(state: State, pusher: Pusher, body: Mapping[str, Any]) -> dict[str, Any]:
    numbers, values = _texts(body, "PhoneNumberSet"), _texts(body, "TemplateParamSet")
    context = body.get("SessionContext") or ""
    if not numbers:
        raise SmsRefused("MissingParameter")
    if len(numbers) > NUMBERS_MOST:
        raise SmsRefused("LimitExceeded.PhoneNumberCountLimit")
    if not isinstance(context, str) or len(context.encode()) > CONTEXT_BYTES:
        raise SmsRefused("InvalidParameterValue.SessionContextLengthLimit")
    if len({bool(_HOME.fullmatch(number)) for number in numbers}) > 1 and all(map(_phone, numbers)):
        raise SmsRefused("UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber")
    sign, template_id = str(body.get("SignName") or ""), str(body.get("TemplateId") or "")
    wrong = _text_trouble(state, sign, template_id, values)
    statuses, accepted = [], []
    for number in numbers:
        message = None
        code = wrong or _number_trouble(state, number)
        if not code:
            text = state.sms_account.templates[template_id].filled(values)
            message = SmsMessage(
                _phone(number), sign, template_id, text, _serial(state), context, state.now_s()
            )
            code = _limit_trouble(state, message)
        if message is not None and not code:
            state.sms.keep(message=message)
            accepted.append(message)
        statuses.append(_status(number, context, message, code))
    if accepted:
        pusher.later(_receipts(state, accepted))
    return {"SendStatusSet": statuses}


def _pull(state: State, _pusher: Pusher, body: Mapping[str, Any]) -> dict[str, Any]:
    limit = body.get("Limit")
    if not isinstance(limit, int) or not 0 < limit <= PULL_MOST:
        raise SmsRefused("InvalidParameterValue")
    waiting = state.sms.pullable
    pulled = [waiting.popleft() for _ in range(min(limit, len(waiting)))]
    return {
        "PullSmsSendStatusSet": [
            {
                "UserReceiveTime": int(receipt.at_s),
                "CountryCode": _parts(receipt.message.phone)[0],
                "SubscriberNumber": _parts(receipt.message.phone)[1],
                "PhoneNumber": receipt.message.phone,
                "SerialNo": receipt.message.serial,
                "ReportStatus": receipt.status,
                "Description": receipt.errmsg,
                "SessionContext": receipt.message.context,
            }
            for receipt in pulled
        ]
    }


ACTIONS: Mapping[str, Callable[[State, Pusher, Mapping[str, Any]], dict[str, Any]]] = {
    "SendSms": _send,
    "PullSmsSendStatus": _pull,
}


def _text_trouble(state: State, sign: str, template_id: str, values: Sequence[str]) -> str:
    template = state.sms_account.templates.get(template_id)
    if sign not in state.sms_account.signs:
        return "FailedOperation.SignatureIncorrectOrUnapproved"
    if template is None:
        return "FailedOperation.TemplateUnapprovedOrNotExist"
    return _value_trouble(template, values)


def _value_trouble(template: SmsTemplate, values: Sequence[str]) -> str:
    if len(values) != template.places:
        return "FailedOperation.TemplateParamSetNotMatchApprovedTemplate"
    if template.value_chars and any(len(value) > template.value_chars for value in values):
        return "InvalidParameterValue.TemplateParameterLengthLimit"
    if any(_URL.search(value) for value in values):
        return "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter"
    return ""


def _number_trouble(state: State, number: str) -> str:
    phone = _phone(number)
    if not phone:
        return "InvalidParameterValue.IncorrectPhoneNumber"
    plain = phone.removeprefix("+86")
    return state.sms_account.codes.get(plain) or MAGIC_CODES.get(plain, "")


def _limit_trouble(state: State, message: SmsMessage) -> str:
    account, at_s = state.sms_account, message.at_s
    earlier = state.sms.by_phone.get(message.phone, [])
    if any(one.text == message.text and at_s - one.at_s < account.same_content_s for one in earlier):
        return "LimitExceeded.PhoneNumberThirtySecondLimit"
    hour = sum(at_s - one.at_s < _HOUR_S for one in earlier)
    if account.an_hour is not None and hour >= account.an_hour:
        return "LimitExceeded.PhoneNumberOneHourLimit"
    today = sum(_day(one.at_s) == _day(at_s) for one in earlier)
    if account.a_day is not None and today >= account.a_day:
        return "LimitExceeded.PhoneNumberDailyLimit"
    return ""


def _status(number: str, context: str, message: SmsMessage | None, code: str) -> dict[str, Any]:
    taken = message is not None and not code
    length = len(message.text) if message is not None else 0
    parts = 1 if length <= ONE_PART else -(-length // EACH_PART)
    return {
        "SerialNo": message.serial if message is not None and taken else "",
        "PhoneNumber": _phone(number) or number,
        "Fee": parts if taken else 0,
        "SessionContext": context,
        "Code": code or "Ok",
        "Message": "send success" if taken else "refused by the simulator",
        "IsoCode": "CN" if _phone(number).startswith("+86") else "",
    }


async def _receipts(state: State, messages: Sequence[SmsMessage]) -> None:
    """What became of the texts of one call: posted together, or left to be pulled."""
    account = state.sms_account
    await asyncio.sleep(state.rng.uniform(account.receipt_least_s, account.receipt_most_s))
    receipts = []
    for message in messages:
        outcome = MAGIC_RECEIPTS.get(message.phone.removeprefix("+86"), DELIVERED)
        if outcome is not None:
            receipts.append(Receipt(message, *outcome, state.now_s()))
    if not account.receipt_url:
        state.sms.pullable.extend(receipts)
        return
    if not receipts:
        return
    body = json.dumps([_receipt_row(receipt) for receipt in receipts], ensure_ascii=False).encode()
    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=RECEIPT_TIMEOUT_S), trust_env=False
    ) as session:
        for _try in range(RECEIPT_TRIES):
            if await _posted(session, account.receipt_url, body):
                state.sms.receipts_posted += len(receipts)
                return
    state.sms.receipts_lost += len(receipts)


async def _posted(session: aiohttp.ClientSession, url: str, body: bytes) -> bool:
    try:
        async with session.post(
            url, data=body, headers={"Content-Type": "application/json"}, allow_redirects=False
        ) as response:
            answer = json.loads(await response.read())
            return response.status == 200 and isinstance(answer, dict) and answer.get("result") == 0
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
        return False


def _receipt_row(receipt: Receipt) -> dict[str, str]:
    country, number = _parts(receipt.message.phone)
    return {
        "user_receive_time": f"{dt.datetime.fromtimestamp(receipt.at_s, tz=BEIJING):%Y-%m-%d %H:%M:%S}",
        "nationcode": country,
        "mobile": number,
        "report_status": receipt.status,
        "errmsg": receipt.errmsg,
        "description": "用户短信送达成功" if receipt.status == DELIVERED[0] else "用户短信送达失败",
        "sid": receipt.message.serial,
    }


def _texts(body: Mapping[str, Any], key: str) -> list[str]:
    value = body.get(key) or []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise SmsRefused("InvalidParameter")
    return value


def _phone(number: str) -> str:
    """The number with "+" and its country code; "" if it is none."""
    home = _HOME.fullmatch(number)
    if home:
        return f"+86{home.group(1)}"
    return number if _ABROAD.fullmatch(number) else ""


def _parts(phone: str) -> tuple[str, str]:
    """Country code and number; of a foreign number only that it is foreign is known here."""
    return ("86", phone[3:]) if phone.startswith("+86") else ("", phone[1:])


def _serial(state: State) -> str:
    return f"{int(state.now_s())}:{state.rng.randrange(10**20):020d}"


def _day(at_s: float) -> int:
    return (int(at_s) + _BEIJING_S) // _DAY_S
