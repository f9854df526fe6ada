"""Limits: exact within one process, per person, and no reason to turn residents away when Redis is gone."""

import pytest
from rest_framework.settings import api_settings

from tests.factories.people import code_of

CASE = {"request_type": "help", "text": "路灯不亮"}


@pytest.fixture
def five_writes(monkeypatch):
    monkeypatch.setitem(api_settings.DEFAULT_THROTTLE_RATES, "write", "5/min")
    monkeypatch.setattr("apps.common.api.throttling._counts", {})


def test_the_sixth_write_of_a_minute_is_429_and_writes_nothing(clock, five_writes, resident):
    statuses = [resident.post("feedback/cases", CASE).status_code for _each in range(5)]

    refused = resident.post("feedback/cases", CASE)

    assert statuses == [201] * 5
    assert (refused.status_code, code_of(refused)) == (429, "throttled")
    assert int(refused["Retry-After"]) == 60
    assert len(resident.get("feedback/cases").json()["results"]) == 5


def test_another_resident_is_not_held_up(clock, five_writes, resident, other_resident):
    for _each in range(6):
        resident.post("feedback/cases", CASE)

    assert other_resident.post("feedback/cases", CASE).status_code == 201


def test_the_next_minute_begins_anew(clock, five_writes, resident):
    import datetime as dt

    for _each in range(6):
        resident.post("feedback/cases", CASE)
    clock.shift(dt.timedelta(minutes=1))

    assert resident.post("feedback/cases", CASE).status_code == 201
