from __future__ import annotations

import datetime as dt

import pytest

from apps.common import clock as the_clock
from tests.factories.clinics import department_make, institution_make, rule_make
from tests.factories.people import ResidentClient, resident_make


@pytest.fixture
def now(clock) -> dt.datetime:
    return the_clock.now()


@pytest.fixture
def tomorrow(now) -> dt.datetime:
    """Nine o'clock in Beijing, the day after."""
    return the_clock.local(now).replace(hour=9, minute=0, second=0, microsecond=0) + dt.timedelta(days=1)


@pytest.fixture
def department(db, now):
    rule_make()
    return department_make(institution_make(now=now))


class Lasting(ResidentClient):
    """Signs in anew with each request: the clock of these tests goes further than a token lasts."""

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        self.token = resident_make(openid=self.openid).token
        return super()._headers(more)


@pytest.fixture
def resident(db, clock):
    made = resident_make()
    return Lasting(made.resident_id, made.token, made.openid)
