"""Public clients, unmodified, against the simulator: only the host they talk to is changed."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import xmltodict
from PIL import Image
from requests.adapters import HTTPAdapter
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.sms.v20210111.models import PullSmsSendStatusRequest, SendSmsRequest
from tencentcloud.sms.v20210111.sms_client import SmsClient
from wechatpy.client import WeChatClient
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import APILimitedException, WeChatClientException
from wechatpy.utils import check_signature

from apps.wechat.simulator.state import PushTarget

from .stage import APPID, CASE, CASE_DATA, SECRET, SMS_TEMPLATES, Stage, receiving
from .test_simulator_pushes import wait_for_pushes

TOKEN, AES_KEY = "pushtoken", "b2" * 21 + "d"
DATA = {key: {"value": value} for key, value in CASE_DATA.items()}


class ElsewhereAdapter(HTTPAdapter):
    """Carries each request to another host; the client knows nothing of it."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        super().__init__()

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        parts = urlsplit(str(request.url))
        request.url = f"{self.base_url}{parts.path}?{parts.query}"
        return super().send(request, *args, **kwargs)


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def wechatpy(stage: Stage) -> Iterator[WeChatClient]:
    made = WeChatClient(APPID, SECRET, timeout=10)
    made._http.mount("https://api.weixin.qq.com/", ElsewhereAdapter(stage.running.base_url))
    yield made
    made._http.close()


@pytest.fixture
def sms(stage: Stage) -> SmsClient:
    return sms_client(stage, stage.state.sms_account.secret_key)


def sms_client(stage: Stage, secret_key: str) -> SmsClient:
    endpoint = stage.running.base_url.removeprefix("http://")
    profile = ClientProfile(httpProfile=HttpProfile(protocol="http", endpoint=endpoint, reqTimeout=10))
    return SmsClient(Credential(stage.state.sms_account.secret_id, secret_key), "ap-guangzhou", profile)


def sms_request(stage: Stage, *numbers: str, **change: Any) -> SendSmsRequest:
    request = SendSmsRequest()
    request.from_json_string(
        json.dumps(
            {
                "SmsSdkAppId": stage.state.sms_account.app_id,
                "PhoneNumberSet": list(numbers),
                "SignName": SMS_TEMPLATES[0]["sign"],
                "TemplateId": SMS_TEMPLATES[0]["template_id"],
                "TemplateParamSet": ["QS1"],
            }
            | change
        )
    )
    return request


def test_wechatpy_fetches_a_token_and_sends_a_subscription_message(stage, wechatpy):
    openid = stage.user()
    stage.allow(openid)

    answer = wechatpy.wxa.send_subscribe_message(openid, CASE, DATA, page="pages/index")

    assert answer["errcode"] == 0
    (message,) = stage.control("GET", "messages")
    assert (message["openid"], message["data"], message["msgid"]) == (openid, DATA, answer["msgid"])
    assert stage.control("GET", "calls") == {"/cgi-bin/token": 1, "/cgi-bin/message/subscribe/send": 1}


def test_wechatpy_is_told_of_a_refusal_and_of_a_limit(stage, wechatpy):
    openid = stage.user()
    with pytest.raises(WeChatClientException) as refusal:
        wechatpy.wxa.send_subscribe_message(openid, CASE, DATA)
    assert refusal.value.errcode == 43101

    stage.allow(openid, times=2)
    stage.control("POST", "limits", {"path": "/cgi-bin/message/subscribe/send", "day": 1})
    wechatpy.wxa.send_subscribe_message(openid, CASE, DATA)
    with pytest.raises(APILimitedException) as limited:
        wechatpy.wxa.send_subscribe_message(openid, CASE, DATA)
    assert limited.value.errcode == 45009


def test_wechatpy_renews_a_token_that_expired(stage, wechatpy):
    openid = stage.user()
    stage.allow(openid, times=2)
    wechatpy.wxa.send_subscribe_message(openid, CASE, DATA)
    stage.control("POST", "tokens", {"expire": True})

    assert wechatpy.wxa.send_subscribe_message(openid, CASE, DATA)["errcode"] == 0
    assert stage.control("GET", "calls")["/cgi-bin/token"] == 2


def test_wechatpy_signs_in_checks_a_text_and_draws_a_code(stage, wechatpy):
    openid = stage.user()

    session = wechatpy.wxa.code_to_session(stage.login_code(openid))
    assert (session["openid"], session["session_key"]) == (openid, stage.state.users[openid].session_key)
    assert wechatpy.wxa.check_text_security("路灯不亮")["errcode"] == 0
    with pytest.raises(WeChatClientException) as refusal:
        wechatpy.wxa.check_text_security("模拟违规词")
    assert refusal.value.errcode == 87014
    picture = wechatpy.wxa.get_wxa_code_unlimited("a1b2c3", page="pages/index")
    assert Image.open(io.BytesIO(picture.content)).size == (430, 430)


@pytest.mark.parametrize("form", ["json", "xml"])
def test_wechatpy_reads_a_push_of_the_safe_mode(stage, form):
    with receiving() as server:
        stage.running.account.push = PushTarget(
            url=f"{server.url}/push", token=TOKEN, aes_key=AES_KEY, mode="safe", format=form
        )
        openid = stage.user()
        stage.allow(openid)
        wait_for_pushes(stage, 1)
        ((_, query, raw),) = server.got

    check_signature(TOKEN, query["signature"], query["timestamp"], query["nonce"])
    sealed = json.loads(raw) if form == "json" else raw
    opened = WeChatCrypto(TOKEN, AES_KEY, APPID).decrypt_message(
        sealed, query["msg_signature"], query["timestamp"], query["nonce"]
    )
    message = json.loads(opened) if form == "json" else xmltodict.parse(opened)["xml"]
    assert (message["Event"], message["FromUserName"]) == ("subscribe_msg_popup_event", openid)
    listed = message if form == "json" else message["SubscribeMsgPopupEvent"]
    assert listed["List"] == {"TemplateId": CASE, "SubscribeStatusString": "accept", "PopupScene": "0"}


def test_tencents_own_client_sends_and_gets_a_code_for_each_number(stage, sms):
    answer = sms.SendSms(sms_request(stage, "+8619900001234", "19900009001", SessionContext="c1"))

    first, second = answer.SendStatusSet
    assert (first.Code, first.PhoneNumber, first.SessionContext, first.Fee) == (
        "Ok",
        "+8619900001234",
        "c1",
        1,
    )
    assert (second.Code, second.SerialNo) == ("FailedOperation.PhoneNumberInBlacklist", "")
    (row,) = stage.control("GET", "sms", phone="19900001234")
    assert row["serial"] == first.SerialNo
    assert len(answer.RequestId) == 32


def test_tencents_own_client_with_a_wrong_key_is_refused(stage):
    with pytest.raises(TencentCloudSDKException) as refusal:
        sms_client(stage, "wrong").SendSms(sms_request(stage, "19900001234"))

    assert refusal.value.get_code() == "AuthFailure.SignatureFailure"
    assert stage.control("GET", "sms") == []


def test_tencents_own_client_is_told_of_an_error_of_the_whole_call(stage, sms):
    with pytest.raises(TencentCloudSDKException) as refusal:
        sms.SendSms(sms_request(stage, *[f"199000{number:05d}" for number in range(201)]))

    assert refusal.value.get_code() == "LimitExceeded.PhoneNumberCountLimit"


def test_tencents_own_client_pulls_receipts(stage, sms):
    stage.state.sms_account.receipt_least_s = stage.state.sms_account.receipt_most_s = 0.0
    sent = sms.SendSms(sms_request(stage, "19900001234"))
    request = PullSmsSendStatusRequest()
    request.from_json_string(json.dumps({"SmsSdkAppId": stage.state.sms_account.app_id, "Limit": 10}))

    pulled = sms.PullSmsSendStatus(request).PullSmsSendStatusSet

    assert [(one.SerialNo, one.ReportStatus) for one in pulled] == [
        (sent.SendStatusSet[0].SerialNo, "SUCCESS")
    ]
