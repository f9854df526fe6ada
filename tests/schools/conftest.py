from __future__ import annotations

import datetime as dt

import pytest

from apps.common import clock as the_clock
from tests.clinics.conftest import Lasting
from tests.factories.people import policy_now, resident_make
from tests.factories.schools import Office, office_make


@pytest.fixture
def now(clock) -> dt.datetime:
    return the_clock.now()


@pytest.fixture
def office(db, now) -> Office:
    policy_now()
    return office_make()


@pytest.fixture
def resident(db, clock):
    made = resident_make()
    return Lasting(made.resident_id, made.token, made.openid)
