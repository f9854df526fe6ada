"""The SMS provider of the simulator (rule 17): signature, checks, limits, receipts."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import time
import urllib.error
import urllib.request

import pytest

from apps.common import clock as project_clock
from apps.wechat.receipts import receipts_read
from apps.wechat.simulator.sms_account import SmsTemplate

from .stage import SMS_TEMPLATES, receiving

ANSWERED, NOTICE = SMS_TEMPLATES
SIGN = ANSWERED["sign"]
PHONE = "+8619900001234"
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def signed(payload, *, host, at_s, key, secret_id, date=None):
    """The Authorization header, written from the provider's page on signature v3."""
    date = date or dt.datetime.fromtimestamp(at_s, tz=dt.UTC).date().isoformat()
    digest = hashlib.sha256(payload).hexdigest()
    canonical = f"POST\n/\n\ncontent-type:application/json\nhost:{host}\n\ncontent-type;host\n{digest}"
    scope = f"{date}/sms/tc3_request"
    text = f"TC3-HMAC-SHA256\n{at_s}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    step = f"TC3{key}".encode()
    for part in (date, "sms", "tc3_request"):
        step = hmac.new(step, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(step, text.encode(), hashlib.sha256).hexdigest()
    return f"TC3-HMAC-SHA256 Credential={secret_id}/{scope}, SignedHeaders=content-type;host, Signature={signature}"


def ask(
    stage, action="SendSms", *, shift_s=0, key=None, secret_id=None, date=None, headers=None, raw=None, **body
):
    """One signed call; what stands in Response."""
    account, host = stage.state.sms_account, stage.running.base_url.removeprefix("http://")
    payload = raw or json.dumps({"SmsSdkAppId": account.app_id} | body, ensure_ascii=False).encode()
    at_s = int(stage.state.now_s()) + shift_s
    given = {
        "Content-Type": "application/json",
        "Host": host,
        "X-TC-Action": action,
        "X-TC-Version": "2021-01-11",
        "X-TC-Timestamp": str(at_s),
        "Authorization": signed(
            payload,
            host=host,
            at_s=at_s,
            key=key or account.secret_key,
            secret_id=secret_id or account.secret_id,
            date=date,
        ),
    } | (headers or {})
    request = urllib.request.Request(f"{stage.running.base_url}/", data=payload, headers=given)
    with _OPENER.open(request, timeout=10) as response:
        answer = json.loads(response.read())["Response"]
    assert len(answer.pop("RequestId")) == 32
    return answer


def send(stage, *numbers, **given):
    wanted = {
        "PhoneNumberSet": list(numbers or [PHONE]),
        "SignName": SIGN,
        "TemplateId": ANSWERED["template_id"],
        "TemplateParamSet": ["QS1"],
    }
    return ask(stage, **wanted | given)


def codes(answer):
    return [status["Code"] for status in answer["SendStatusSet"]]


def texts(stage, **query):
    return [(row["phone"], row["text"]) for row in stage.control("GET", "sms", **query)]


def error(answer):
    return answer["Error"]["Code"]


def test_a_text_is_accepted_filled_and_listed_by_its_number(stage):
    answer = send(stage, PHONE, "19900005678", SessionContext="c1")

    first, second = answer["SendStatusSet"]
    assert (first["PhoneNumber"], second["PhoneNumber"]) == (PHONE, "+8619900005678")
    assert first["SerialNo"] != second["SerialNo"]
    assert {key: first[key] for key in ("Fee", "SessionContext", "Code", "Message", "IsoCode")} == {
        "Fee": 1,
        "SessionContext": "c1",
        "Code": "Ok",
        "Message": "send success",
        "IsoCode": "CN",
    }
    text = ANSWERED["text"].replace("{1}", "QS1")
    assert texts(stage) == [(PHONE, text), ("+8619900005678", text)]
    assert texts(stage, phone="19900001234") == texts(stage, phone=PHONE) == [(PHONE, text)]
    (row,) = stage.control("GET", "sms", phone=PHONE)
    assert (row["serial"], row["sign"], row["template_id"]) == (first["SerialNo"], SIGN, "2800001")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"key": "wrong"}, "AuthFailure.SignatureFailure"),
        ({"secret_id": "other"}, "AuthFailure.SecretIdNotFound"),
        ({"shift_s": -601}, "AuthFailure.SignatureExpire"),
        ({"shift_s": 602}, "AuthFailure.SignatureExpire"),
        ({"date": "2020-01-01"}, "AuthFailure.SignatureExpire"),
        ({"headers": {"Authorization": ""}}, "AuthFailure.InvalidAuthorization"),
        ({"headers": {"Authorization": "TC3-HMAC-SHA256 Credential=x"}}, "AuthFailure.InvalidAuthorization"),
        ({"headers": {"X-TC-Timestamp": "now"}}, "AuthFailure.InvalidAuthorization"),
        ({"headers": {"X-TC-Version": "2019-07-11"}}, "NoSuchVersion"),
        ({"action": "SendMail"}, "InvalidAction"),
        ({"raw": b"[]"}, "InvalidRequest"),
        ({"raw": b"{"}, "InvalidRequest"),
        ({"SmsSdkAppId": "1"}, "UnauthorizedOperation.SmsSdkAppIdVerifyFail"),
    ],
)
def test_a_call_that_is_not_the_accounts_own_is_refused(stage, given, code):
    action = given.pop("action", "SendSms")

    assert error(ask(stage, action, **{"PhoneNumberSet": [PHONE]} | given)) == code
    assert texts(stage) == []


def test_the_clock_of_the_signature_is_the_simulators(stage):
    stage.control("POST", "clock", {"advance_s": 86400})

    assert codes(send(stage)) == ["Ok"]
    assert error(send(stage, shift_s=-86400)) == "AuthFailure.SignatureExpire"


def test_at_most_200_numbers_a_call(stage):
    numbers = [f"199000{number:05d}" for number in range(201)]

    assert error(send(stage, *numbers)) == "LimitExceeded.PhoneNumberCountLimit"
    assert texts(stage) == []
    assert codes(send(stage, *numbers[:200])) == ["Ok"] * 200
    assert error(ask(stage, PhoneNumberSet=[])) == "MissingParameter"
    assert error(ask(stage, PhoneNumberSet="19900001234")) == "InvalidParameter"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"SignName": "别的签名"}, "FailedOperation.SignatureIncorrectOrUnapproved"),
        ({"TemplateId": "1"}, "FailedOperation.TemplateUnapprovedOrNotExist"),
        ({"TemplateParamSet": []}, "FailedOperation.TemplateParamSetNotMatchApprovedTemplate"),
        ({"TemplateParamSet": ["a", "b"]}, "FailedOperation.TemplateParamSetNotMatchApprovedTemplate"),
        ({"TemplateParamSet": ["字" * 21]}, "InvalidParameterValue.TemplateParameterLengthLimit"),
        ({"TemplateParamSet": ["http://a.cn"]}, "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter"),
    ],
)
def test_a_text_that_was_not_approved_fails_for_each_number(stage, given, code):
    answer = send(stage, PHONE, "19900005678", **given)

    assert codes(answer) == [code, code]
    assert [(one["SerialNo"], one["Fee"]) for one in answer["SendStatusSet"]] == [("", 0), ("", 0)]
    assert texts(stage) == []


def test_each_number_has_a_code_of_its_own(stage):
    stage.control("POST", "sms", {"codes": {"19900007777": "FailedOperation.ForbidAddMarketingTemplates"}})

    answer = send(
        stage,
        PHONE,
        "8619900005678",
        "123",
        "+86123",
        "19900009001",
        "+8619900009002",
        "19900009003",
        "19900009004",
        "19900007777",
    )

    assert codes(answer) == [
        "Ok",
        "Ok",
        "InvalidParameterValue.IncorrectPhoneNumber",
        "InvalidParameterValue.IncorrectPhoneNumber",
        "FailedOperation.PhoneNumberInBlacklist",
        "FailedOperation.ContainSensitiveWord",
        "InternalError.OtherError",
        "FailedOperation.InsufficientBalanceInSmsPackage",
        "FailedOperation.ForbidAddMarketingTemplates",
    ]
    assert [phone for phone, _ in texts(stage)] == [PHONE, "+8619900005678"]


def test_numbers_at_home_and_abroad_do_not_go_together(stage):
    code = "UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber"

    assert error(send(stage, PHONE, "+85291234567")) == code
    assert codes(send(stage, "+85291234567")) == ["Ok"]


def test_the_same_text_goes_to_a_number_once_in_30_seconds(stage):
    assert codes(send(stage, PHONE, "19900001234")) == ["Ok", "LimitExceeded.PhoneNumberThirtySecondLimit"]
    assert codes(send(stage, TemplateParamSet=["QS2"])) == ["Ok"]
    stage.control("POST", "clock", {"advance_s": 29})
    assert codes(send(stage)) == ["LimitExceeded.PhoneNumberThirtySecondLimit"]
    stage.control("POST", "clock", {"advance_s": 2})
    assert codes(send(stage)) == ["Ok"]


def test_a_number_gets_so_many_texts_an_hour_and_a_day(stage):
    day_s = 86400
    stage.control("POST", "clock", {"advance_s": day_s - (stage.state.now_s() + 8 * 3600) % day_s + 60})
    assert stage.control("POST", "sms", {"an_hour": 2, "a_day": 3}) == {
        "receipt_url": "",
        "an_hour": 2,
        "a_day": 3,
    }
    tried = iter(range(100))

    def code():
        return codes(send(stage, TemplateParamSet=[f"QS{next(tried)}"]))[0]

    assert [code(), code(), code()] == ["Ok", "Ok", "LimitExceeded.PhoneNumberOneHourLimit"]
    stage.control("POST", "clock", {"advance_s": 3601})
    assert [code(), code()] == ["Ok", "LimitExceeded.PhoneNumberDailyLimit"]
    assert codes(send(stage, "19900005678")) == ["Ok"]
    stage.control("POST", "clock", {"advance_s": 86400})
    assert code() == "Ok"


def test_ten_texts_a_day_and_no_hourly_limit_stand_at_first(stage):
    tried = [codes(send(stage, TemplateParamSet=[f"QS{number}"]))[0] for number in range(11)]

    assert tried == ["Ok"] * 10 + ["LimitExceeded.PhoneNumberDailyLimit"]


def test_a_long_text_costs_more_than_one(stage):
    long = NOTICE | {"template_id": "9", "text": "字" * 70 + "{1}"}
    stage.state.sms_account.templates["9"] = SmsTemplate.of(long)

    answer = send(stage, TemplateId="9", TemplateParamSet=["字" * 5])

    assert answer["SendStatusSet"][0]["Fee"] == 2


@pytest.fixture
def receiver(stage):
    with receiving() as server:
        server.answers = []
        account = stage.state.sms_account
        account.receipt_url = f"{server.url}/sms/receipts/token"
        account.receipt_least_s, account.receipt_most_s = 0.01, 0.02
        yield server


def until(held):
    deadline = time.monotonic() + 5
    while not held():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_receipts_are_posted_until_they_are_taken(stage, receiver):
    receiver.answers = [(500, b""), (200, b'{"result":1}'), (200, b'{"result":0,"errmsg":"OK"}')]
    answer = send(stage, PHONE, "19900009011", "19900009013")
    until(lambda: stage.state.sms.receipts_posted == 2)

    bodies = {raw for _, _, raw in receiver.got}
    assert (len(receiver.got), len(bodies)) == (3, 1)
    rows = json.loads(bodies.pop())
    assert [(row["nationcode"], row["mobile"], row["report_status"], row["errmsg"]) for row in rows] == [
        ("86", "19900001234", "SUCCESS", "DELIVRD"),
        ("86", "19900009011", "FAIL", "UNDELIV"),
    ]
    assert [row["sid"] for row in rows] == [one["SerialNo"] for one in answer["SendStatusSet"][:2]]
    # The project's own reader takes them.
    events = receipts_read(body=json.dumps(rows).encode(), now=project_clock.now())
    assert [event.items[0]["report_status"] for event in events] == ["SUCCESS", "FAIL"]
    assert abs(events[0].created_at.timestamp() - stage.state.now_s()) < 5


def test_receipts_are_given_up_after_three_tries(stage, receiver):
    receiver.answers = [(200, b"no")] * 3
    send(stage)
    until(lambda: stage.state.sms.receipts_lost == 1)

    assert len(receiver.got) == 3
    assert stage.control("GET", "pushes")["receipts_failed"] == 1


def test_receipts_come_after_a_tenth_of_a_second_to_a_second(stage):
    account = stage.state.sms_account

    assert (account.receipt_least_s, account.receipt_most_s) == (0.1, 1.0)


def test_without_an_address_receipts_wait_to_be_pulled(stage):
    stage.state.sms_account.receipt_least_s = stage.state.sms_account.receipt_most_s = 0.01
    answer = send(stage, PHONE, "19900009012", SessionContext="c1")
    until(lambda: len(stage.state.sms.pullable) == 2)

    first = ask(stage, "PullSmsSendStatus", Limit=1)["PullSmsSendStatusSet"]
    second = ask(stage, "PullSmsSendStatus", Limit=100)["PullSmsSendStatusSet"]

    (row,) = first
    assert abs(row.pop("UserReceiveTime") - stage.state.now_s()) < 5
    assert row == {
        "CountryCode": "86",
        "SubscriberNumber": "19900001234",
        "PhoneNumber": PHONE,
        "SerialNo": answer["SendStatusSet"][0]["SerialNo"],
        "ReportStatus": "SUCCESS",
        "Description": "DELIVRD",
        "SessionContext": "c1",
    }
    assert [(one["ReportStatus"], one["Description"]) for one in second] == [("FAIL", "MK:0001")]
    assert ask(stage, "PullSmsSendStatus", Limit=100)["PullSmsSendStatusSet"] == []
    assert error(ask(stage, "PullSmsSendStatus", Limit=101)) == "InvalidParameterValue"


def test_faults_strike_the_provider_too(stage):
    stage.fault("/", "errcode", value="InternalError.Timeout", times=1)
    assert error(send(stage)) == "InternalError.Timeout"
    stage.fault("/", "errcode", times=1)
    assert error(send(stage)) == "InternalError"
    stage.fault("/", "http", value=503, times=1)
    with pytest.raises(urllib.error.HTTPError, match="503"):
        send(stage)
    stage.fault("/", "cut_before", times=1)
    with pytest.raises((ConnectionError, urllib.error.URLError)):
        send(stage)
    assert texts(stage) == []
    stage.fault("/", "slow", value=0.3, times=1)
    started = time.monotonic()
    assert codes(send(stage)) == ["Ok"]
    assert time.monotonic() - started >= 0.3
    stage.fault("/", "cut_after", times=1)
    with pytest.raises((ConnectionError, urllib.error.URLError)):
        send(stage, "19900005678")
    assert [phone for phone, _ in texts(stage)] == [PHONE, "+8619900005678"]


def test_a_text_as_an_errcode_is_refused_for_wechats_paths(stage):
    assert stage.control("POST", "faults", {"path": "/x", "kind": "errcode", "value": "InternalError"}) == {
        "error": "value: a number"
    }


def test_the_path_of_the_provider_without_its_header_is_wechats(stage):
    assert stage.errcode("POST", "/", {}) == 40066


def test_a_reset_forgets_the_texts_and_keeps_the_account(stage):
    send(stage)

    stage.control("POST", "reset")

    assert texts(stage) == []
    assert codes(send(stage)) == ["Ok"]


def test_settings_of_the_provider_that_make_no_sense_change_nothing(stage):
    assert stage.control("POST", "sms", {"an_hour": "x", "a_day": 1}) == {
        "error": "an_hour: a whole number, 0 or more"
    }
    assert stage.control("POST", "sms", {"codes": {"1": 2}, "a_day": 1}) == {
        "error": "codes: an object of numbers and codes"
    }
    assert (stage.state.sms_account.an_hour, stage.state.sms_account.a_day) == (None, 10)


def test_the_texts_of_the_demonstration_are_whole():
    for row in SMS_TEMPLATES:
        assert set(row) == {"name", "template_id", "sign", "text", "param_chars"}
        assert (row["text"].count("{1}"), row["text"].count("{")) == (1, 1)
