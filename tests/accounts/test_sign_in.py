"""Signing in with WeChat, and the line of tokens behind it."""

import datetime as dt
import json
import urllib.request

import pytest

from apps.accounts.models import Consent, Resident, ResidentSession
from tests.factories.people import code_of, policy_now, resident_make


def control(simulator, path, body):
    request = urllib.request.Request(
        simulator.control_url + path, method="POST", data=json.dumps(body).encode()
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.loads(answer.read())


@pytest.fixture
def code(simulator, db):
    def make(**user):
        openid = control(simulator, "/control/users", {"nickname": "某人", **user})["openid"]
        return control(simulator, "/control/codes", {"openid": openid})["code"]

    return make


def test_a_code_gives_tokens_and_a_new_resident(code, anyone):
    answer = anyone.post("auth/wechat", {"code": code(), "privacy_version": policy_now()})

    body = answer.json()
    assert answer.status_code == 200
    assert body["resident"]["is_new"] is True
    assert body["expires_in"] == 1800
    assert Consent.objects.filter(resident_id=body["resident"]["id"]).count() == 1


def test_the_same_person_is_one_resident(code, anyone, simulator):
    openid = control(simulator, "/control/users", {"nickname": "某人"})["openid"]
    codes = [control(simulator, "/control/codes", {"openid": openid})["code"] for _each in range(2)]

    first, second = (anyone.post("auth/wechat", {"code": one}).json()["resident"] for one in codes)

    assert first["id"] == second["id"]
    assert (first["is_new"], second["is_new"]) == (True, False)


def test_a_used_code_and_an_unknown_code_are_told_apart_and_nothing_is_written(code, anyone):
    used = code()
    anyone.post("auth/wechat", {"code": used})
    before = ResidentSession.objects.count()

    again, unknown = (
        anyone.post("auth/wechat", {"code": used}),
        anyone.post("auth/wechat", {"code": "nonsense"}),
    )

    assert (again.status_code, code_of(again)) == (400, "wechat_code_used")
    assert (unknown.status_code, code_of(unknown)) == (400, "wechat_code_invalid")
    assert ResidentSession.objects.count() == before


def test_an_expired_code_is_invalid(code, anyone, simulator):
    late = code()
    control(simulator, "/control/clock", {"advance_s": 301})

    answer = anyone.post("auth/wechat", {"code": late})

    assert (answer.status_code, code_of(answer)) == (400, "wechat_code_invalid")


def test_wechat_away_is_503_and_nothing_is_written(anyone, db, settings):
    settings.WECHAT_BASE_URL = "http://127.0.0.1:9"

    answer = anyone.post("auth/wechat", {"code": "any"})

    assert (answer.status_code, code_of(answer)) == (503, "wechat_unavailable")
    assert answer["Retry-After"] == "5"
    assert Resident.objects.count() == 0


def test_a_slow_wechat_is_503_within_the_time_limit(code, anyone, simulator, settings):
    settings.WECHAT_TIMEOUT_S = 0.5
    slow = code()
    control(
        simulator, "/control/faults", {"path": "/sns/jscode2session", "kind": "slow", "value": 3, "times": 1}
    )

    answer = anyone.post("auth/wechat", {"code": slow})

    assert (answer.status_code, code_of(answer)) == (503, "wechat_unavailable")
    assert Resident.objects.count() == 0


def test_a_wrong_policy_version_is_refused_and_no_session_opens(code, anyone):
    answer = anyone.post("auth/wechat", {"code": code(), "privacy_version": "1999"})

    assert (answer.status_code, code_of(answer)) == (400, "privacy_version_unknown")
    assert ResidentSession.objects.count() == 0


def test_a_refresh_gives_new_tokens_and_the_old_one_ends_the_line(code, anyone):
    first = anyone.post("auth/wechat", {"code": code()}).json()["refresh"]
    second = anyone.post("auth/refresh", {"refresh": first})
    assert second.status_code == 200

    reused = anyone.post("auth/refresh", {"refresh": first})
    after = anyone.post("auth/refresh", {"refresh": second.json()["refresh"]})

    assert (reused.status_code, code_of(reused)) == (401, "refresh_invalid")
    assert after.status_code == 401
    assert list(ResidentSession.objects.values_list("ended_why", flat=True)) == ["reuse"]


def test_of_two_refreshes_at_once_one_wins(at_once, anyone):
    from apps.accounts import services
    from apps.common import clock

    _resident, pair, _new = services.resident_sign_in(
        openid="two-at-once", unionid=None, privacy_version=None, now=clock.now()
    )

    answers = at_once(2, lambda: anyone.post("auth/refresh", {"refresh": pair.refresh}).status_code)

    assert sorted(answers) == [200, 401]


def test_two_first_sign_ins_at_once_make_one_resident(at_once):
    from apps.accounts import services
    from apps.common import clock

    def sign_in():
        return services.resident_sign_in(
            openid="first-time", unionid=None, privacy_version=None, now=clock.now()
        )[0].id

    assert len(set(at_once(4, sign_in))) == 1
    assert Resident.objects.count() == 1


def test_after_logout_neither_token_works(code, anyone):
    from tests.factories.people import ResidentClient

    body = anyone.post("auth/wechat", {"code": code()}).json()
    assert anyone.post("auth/logout", {"refresh": body["refresh"]}).status_code == 204

    assert ResidentClient(None, body["access"]).get("me").status_code == 401
    assert anyone.post("auth/refresh", {"refresh": body["refresh"]}).status_code == 401


def test_an_access_token_dies_after_half_an_hour(db, clock):
    client = resident_make()
    assert client.get("me").status_code == 200

    clock.shift(dt.timedelta(minutes=31))

    assert client.get("me").status_code == 401


@pytest.mark.parametrize("token", ["x", "a.b.c", "", "Bearer", "é"])
def test_a_token_that_is_none_is_401(db, token):
    from django.test import Client

    from tests.factories.people import BASE

    answer = Client().get(BASE + "me", headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == 401


def test_a_refresh_token_is_no_access_token(code, anyone):
    from tests.factories.people import ResidentClient

    body = anyone.post("auth/wechat", {"code": code()}).json()

    assert ResidentClient(None, body["refresh"]).get("me").status_code == 401


def test_a_phone_is_kept_encrypted_and_shown_masked(simulator, code, anyone):
    from tests.factories.people import ResidentClient

    openid = control(simulator, "/control/users", {"nickname": "某人", "phone": "19900001234"})["openid"]
    login = control(simulator, "/control/codes", {"openid": openid})["code"]
    body = anyone.post("auth/wechat", {"code": login, "privacy_version": policy_now()}).json()
    phone_code = control(simulator, "/control/phone-codes", {"openid": openid})["code"]

    answer = ResidentClient(None, body["access"]).post("me/phone", {"code": phone_code})

    assert answer.json() == {"phone_masked": "199****1234"}
