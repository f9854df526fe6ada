"""What the tests share: reference data, a simulator, residents with a token, staff with a browser-like client."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client
from xdist.scheduler import LoadScopeScheduling

from apps.accounts.models import Staff
from apps.common import clock as project_clock
from apps.common.changes import forget_all
from apps.common.ids import uuid7
from apps.notifications import services as notifications
from apps.notifications.models import WechatGrant, WechatTemplate
from apps.wechat import client as wechat_client
from apps.wechat.bridge import run_sync
from apps.wechat.simulator.harness import RunningSimulator, running_simulator
from qingshan.celery import app as celery_app
from tests.factories.people import ResidentClient, resident_make, staff_make

FIXTURES = Path(__file__).parent.parent / "fixtures"
# A Tuesday morning with nothing special around it.
MORNING = dt.datetime(2026, 3, 10, 10, 0, tzinfo=dt.timezone(dt.timedelta(hours=8)))


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Load the reference data once; tests that truncate load it again (``whole_db``)."""
    with django_db_blocker.unblock():
        call_command("fixtures_load")


@pytest.fixture(autouse=True)
def _fresh_caches() -> None:
    """Each test starts with an empty Redis database of its worker and nothing kept in the process."""
    cache.clear()
    forget_all()
    return


@pytest.fixture
def whole_db(transactional_db: None) -> None:
    """A database whose commits are real, for threads and workers; the reference data is put back after truncation."""
    call_command("fixtures_load")


class WholeStackTogether(LoadScopeScheduling):
    """Each test on whichever worker is free, but those of ``tests/e2e`` on one: they share a running system."""

    def _split_scope(self, nodeid: str) -> str:
        return "tests/e2e" if nodeid.startswith("tests/e2e/") else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> WholeStackTogether:
    """Schedule as above (``--dist loadgroup`` has no effect with this pytest)."""
    return WholeStackTogether(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run tests that truncate after those that roll back: truncation takes the reference data with it."""
    items.sort(key=lambda item: "transactional_db" in getattr(item, "fixturenames", ()))


@pytest.fixture
def redis_away(settings: Any) -> Iterator[None]:
    """Redis does not answer: neither as a cache nor as a broker."""
    nowhere = "redis://127.0.0.1:9/0"
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": nowhere}}
    broker = celery_app.conf.broker_url
    celery_app.conf.broker_url = nowhere
    celery_app.pool.force_close_all()
    celery_app.__dict__.pop("amqp", None)
    yield
    celery_app.conf.broker_url = broker
    celery_app.pool.force_close_all()
    celery_app.__dict__.pop("amqp", None)


@pytest.fixture
def clock() -> Iterator[time_machine.Coordinates]:
    """Stop the clock at ``MORNING``; ``clock.shift(dt.timedelta(...))`` moves it."""
    with time_machine.travel(MORNING, tick=False) as traveller:
        yield traveller


@pytest.fixture(scope="session")
def _simulator_server() -> Iterator[RunningSimulator]:
    from django.conf import settings

    templates = json.loads((FIXTURES / "wechat_templates.json").read_text(encoding="utf-8"))
    sms_templates = json.loads((FIXTURES / "sms_templates.json").read_text(encoding="utf-8"))
    with running_simulator(
        appid=settings.WECHAT_APPID,
        secret=settings.WECHAT_SECRET,
        templates=templates,
        sms_templates=sms_templates,
    ) as running:
        yield running


@pytest.fixture
def simulator(_simulator_server: RunningSimulator, settings: Any) -> RunningSimulator:
    """WeChat on loopback, empty, and a client that holds no token from before."""
    if wechat_client._held is not None:
        run_sync(wechat_client._held[1].close())
        wechat_client._held = None
    _simulator_server.state.reset()
    settings.WECHAT_BASE_URL = _simulator_server.base_url
    return _simulator_server


@pytest.fixture
def resident(db: None) -> ResidentClient:
    """A signed-in resident who agreed to the policy, without WeChat's part."""
    return resident_make()


@pytest.fixture
def other_resident(db: None) -> ResidentClient:
    """Another one."""
    return resident_make()


@pytest.fixture
def anyone() -> ResidentClient:
    """A client without a token."""
    return ResidentClient(resident_id=None, token="")


@pytest.fixture
def staff(db: None) -> Callable[..., Staff]:
    """Make staff: ``staff("handler", unit="CG")``."""
    return staff_make


@pytest.fixture
def clerk(db: None) -> Staff:
    """An intake clerk."""
    return staff_make("intake_clerk", unit="XZSP")


@pytest.fixture
def handler(db: None) -> Staff:
    """A handler of the city-management unit (CG)."""
    return staff_make("handler", unit="CG")


@pytest.fixture
def other_handler(db: None) -> Staff:
    """A handler of the education unit (JY)."""
    return staff_make("handler", unit="JY")


@pytest.fixture
def editor(db: None) -> Staff:
    """An editor."""
    return staff_make("editor", unit="QZB")


@pytest.fixture
def desk() -> Callable[[Staff], Client]:
    """Return a client signed in to the admin as the given member of staff."""

    def signed_in(member: Staff) -> Client:
        client = Client()
        client.force_login(member, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return signed_in


@pytest.fixture
def grant(db: None) -> Callable[..., None]:
    """Permit messages: ``grant(resident, count=1)``."""

    def permit(resident: ResidentClient, *, count: int = 1, template: str = "case_progress") -> None:
        row = WechatTemplate.objects.get(name=template)
        for _each in range(count):
            notifications.grants_report(
                resident_id=resident.resident_id, results={row.template_id: "accept"}, key=uuid7().hex,
                now=project_clock.now(),
            )  # fmt: skip

    return permit


@pytest.fixture
def remaining() -> Callable[[ResidentClient], int]:
    """Return how many one-time messages a resident still permits."""

    def count(resident: ResidentClient) -> int:
        return sum(
            WechatGrant.objects.filter(resident_id=resident.resident_id).values_list("remaining", flat=True)
        )

    return count


@pytest.fixture
def at_once(whole_db: None) -> Callable[[int, Callable[[], Any]], list[Any]]:
    """Call a function from several threads that start together; returns what each returned."""

    def run(count: int, call: Callable[[], Any]) -> list[Any]:
        barrier = threading.Barrier(count)

        def one(_place: int) -> Any:
            try:
                barrier.wait(timeout=10)
                return call()
            finally:
                connection.close()

        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(one, range(count)))

    return run
