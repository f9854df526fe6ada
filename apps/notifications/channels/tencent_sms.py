"""Tencent Cloud SMS (SendSms, API 3.0, version 2021-01-11), signed with TC3-HMAC-SHA256.

Source: the API's documentation and tencentcloud-sdk-python, sms/v20210111 (facts only).  Every number has its own code;
an answer of the whole call counts for all of its numbers.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import structlog
from django.conf import settings
from prometheus_client import Counter

from apps.common import clock
from apps.notifications.channels.results import SendResult, Trouble
from apps.notifications.channels.sms import SmsCall
from apps.notifications.states import Outcome

log = structlog.get_logger(__name__)
ALARMS = Counter("sms_alarms", "Answers of the SMS provider that need an operator, by code.", ["code"])
ACTION, VERSION, SERVICE = "SendSms", "2021-01-11", "sms"
_TYPE = "application/json; charset=utf-8"
_MESSAGE = (Outcome.FAILED, Trouble.NONE)  # this number or this text: nothing to mend
_DEFECT = (Outcome.FAILED, Trouble.DEFECT)
_ACCOUNT = (Outcome.RETRY, Trouble.ALARM)
_SOON = (Outcome.RETRY, Trouble.NONE)
_TOMORROW = (Outcome.LATER, Trouble.NONE)
_DOUBT = (Outcome.UNKNOWN, Trouble.NONE)
# By code, else by what stands before its dot.
CODES: Mapping[str, tuple[Outcome, Trouble]] = {
    "FailedOperation.SignatureIncorrectOrUnapproved": _DEFECT,
    "FailedOperation.TemplateIncorrectOrUnapproved": _DEFECT,
    "FailedOperation.TemplateUnapprovedOrNotExist": _DEFECT,
    "FailedOperation.TemplateParamSetNotMatchApprovedTemplate": _DEFECT,
    "FailedOperation.ContainSensitiveWord": _MESSAGE,
    "FailedOperation.PhoneNumberInBlacklist": _MESSAGE,
    "FailedOperation.InsufficientBalanceInSmsPackage": _ACCOUNT,
    "FailedOperation.MarketingSendTimeConstraint": _SOON,
    "InvalidParameterValue.SdkAppIdNotExist": _ACCOUNT,
    "InvalidParameterValue.UnsupportedTemplateVariable": _DEFECT,
    "InvalidParameterValue.IncorrectPhoneNumber": _MESSAGE,
    "InvalidParameterValue": _DEFECT,
    "LimitExceeded.AppDailyLimit": (Outcome.LATER, Trouble.QUOTA_DAY),
    "LimitExceeded.AppMainlandChinaDailyLimit": (Outcome.LATER, Trouble.QUOTA_DAY),
    "LimitExceeded.PhoneNumberDailyLimit": _TOMORROW,
    "LimitExceeded.PhoneNumberSameContentDailyLimit": _TOMORROW,
    "LimitExceeded.PhoneNumberCountLimit": _DEFECT,  # more than 200: our own fault
    "LimitExceeded": _SOON,
    "RequestLimitExceeded": (Outcome.RETRY, Trouble.QUOTA_MINUTE),
    "InternalError": _DOUBT,
    "AuthFailure": _ACCOUNT,
    "UnauthorizedOperation": _ACCOUNT,
}


def classified(code: str) -> tuple[Outcome, Trouble]:
    """Return what a code means for a delivery and beyond it; an unknown one needs an operator."""
    return CODES.get(code) or CODES.get(code.partition(".")[0]) or _ACCOUNT


def tc3_authorization(*, secret_id: str, secret_key: str, host: str, payload: bytes, at_s: int) -> str:
    """Return the Authorization header of a POST of ``payload`` to ``/`` of ``host`` at unix second ``at_s``."""
    date = dt.datetime.fromtimestamp(at_s, tz=dt.UTC).date().isoformat()
    scope = f"{date}/{SERVICE}/tc3_request"
    canonical = "\n".join(
        ["POST", "/", "", f"content-type:{_TYPE}", f"host:{host}", "", "content-type;host", _sha256(payload)]
    )
    to_sign = "\n".join(["TC3-HMAC-SHA256", str(at_s), scope, _sha256(canonical.encode())])
    key = f"TC3{secret_key}".encode()
    for part in (date, SERVICE, "tc3_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    return f"TC3-HMAC-SHA256 Credential={secret_id}/{scope}, SignedHeaders=content-type;host, Signature={signature}"


def _sha256(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


class TencentSms:
    """The provider.  Belongs to the event loop that makes its first call."""

    def __init__(
        self, *, base_url: str, secret_id: str, secret_key: str, app_id: str, region: str, timeout_s: float
    ) -> None:
        self._url = base_url.rstrip("/") + "/"
        self._host = urlsplit(base_url).netloc
        self._secret_id, self._secret_key = secret_id, secret_key
        self._app_id, self._region, self._timeout_s = app_id, region, timeout_s
        self._session: aiohttp.ClientSession | None = None

    async def send(self, call: SmsCall) -> list[SendResult]:
        """Send one text to at most 200 numbers; a result for each, in their order."""
        body = {
            "PhoneNumberSet": [_international(number) for number in call.numbers],
            "SmsSdkAppId": self._app_id, "SignName": call.sign, "TemplateId": call.template_id,
            "TemplateParamSet": list(call.params),
        }  # fmt: skip
        answer = await self._post(json.dumps(body, ensure_ascii=False).encode())
        if isinstance(answer, SendResult):
            return [answer] * len(call.numbers)
        request_id = str(answer.get("RequestId", ""))
        error = answer.get("Error")
        if isinstance(error, dict):
            return [self._result(str(error.get("Code", "")), "", request_id)] * len(call.numbers)
        statuses = answer.get("SendStatusSet")
        if not isinstance(statuses, list) or len(statuses) != len(call.numbers):
            return [SendResult(Outcome.UNKNOWN, "unreadable", request_id)] * len(call.numbers)
        return [
            self._result(str(one.get("Code", "")), str(one.get("SerialNo", "")), request_id)
            for one in statuses
        ]

    def _result(self, code: str, serial: str, request_id: str) -> SendResult:
        if code == "Ok":
            return SendResult(Outcome.SENT, code, request_id, provider_id=serial)
        outcome, trouble = classified(code)
        if trouble in (Trouble.ALARM, Trouble.DEFECT):
            ALARMS.labels(code).inc()
            log.error("sms_alarm", code=code)
        return SendResult(outcome, code, request_id, trouble=trouble)

    async def _post(self, payload: bytes) -> dict[str, Any] | SendResult:
        at_s = int(clock.now().timestamp())
        headers = {
            "Authorization": tc3_authorization(
                secret_id=self._secret_id, secret_key=self._secret_key, host=self._host, payload=payload, at_s=at_s
            ),
            "Content-Type": _TYPE, "X-TC-Action": ACTION, "X-TC-Version": VERSION, "X-TC-Timestamp": str(at_s),
            "X-TC-Region": self._region,
        }  # fmt: skip
        try:
            async with self._open().post(
                self._url, data=payload, headers=headers, allow_redirects=False
            ) as response:
                raw = await response.read()
        except aiohttp.ClientConnectorError:
            return SendResult(Outcome.RETRY, "unavailable", trouble=Trouble.UNAVAILABLE)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            log.warning("sms_no_answer", error=type(error).__name__)
            return SendResult(Outcome.UNKNOWN, "answer_lost")
        try:
            answer = json.loads(raw)["Response"]
        except (ValueError, KeyError, TypeError):
            # 504: the gateway passed the request on and waited in vain.
            if response.status >= 400 and response.status != 504:
                return SendResult(Outcome.RETRY, f"http {response.status}", trouble=Trouble.UNAVAILABLE)
            return SendResult(Outcome.UNKNOWN, "unreadable")
        return answer if isinstance(answer, dict) else SendResult(Outcome.UNKNOWN, "unreadable")

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=self._timeout_s, sock_connect=3.0),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
        return self._session


def _international(number: str) -> str:
    return number if number.startswith("+") else f"+86{number}"


_held: tuple[tuple[object, ...], TencentSms] | None = None


def provider() -> TencentSms:
    """Return this process's provider, made from the settings SMS_*; changed settings or a fork give a new one."""
    global _held
    wanted = (
        os.getpid(), id(asyncio.get_running_loop()), settings.SMS_BASE_URL, settings.SMS_SECRET_ID,
        settings.SMS_SECRET_KEY, settings.SMS_SDK_APP_ID, settings.SMS_REGION, float(settings.SMS_TIMEOUT_S),
    )  # fmt: skip
    if _held is None or _held[0] != wanted:
        _pid, _loop, base_url, secret_id, secret_key, app_id, region, timeout_s = wanted
        made = TencentSms(
            base_url=str(base_url), secret_id=str(secret_id), secret_key=str(secret_key), app_id=str(app_id),
            region=str(region), timeout_s=float(str(timeout_s)),
        )  # fmt: skip
        _held = (wanted, made)
    return _held[1]
