"""A place, and someone who looks after the directory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from apps.accounts.models import Staff
from apps.common import clock as project_clock
from apps.facilities import services
from apps.facilities.models import Facility
from tests.factories.people import staff_make


@pytest.fixture
def operator(db: None) -> Staff:
    """Who looks after the directory."""
    return staff_make("service_operator")


@pytest.fixture
def enter(operator: Staff) -> Callable[..., Facility]:
    """Enter a place at the present moment: ``enter("测试服务中心", kind_id="service_hall", …)``."""

    def do(name: str = "测试便民服务中心", **values: Any) -> Facility:
        given = {"name": name, "kind_id": "street_office", **values}
        return services.facility_write(
            facility_id=None, values=given, staff=operator, version=None, now=project_clock.now()
        )

    return do
