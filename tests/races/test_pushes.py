"""Two workers on the same pushes, and one push that comes several times at once."""

import threading
from collections import Counter

import pytest

from apps.common import clock
from apps.wechat import handlers, services
from apps.wechat.models import ProviderPush
from apps.wechat.pushes import event_of
from apps.wechat.services import pushes as work


def events(count):
    now = clock.now()
    return [
        event_of(
            message={"FromUserName": f"o{number}", "Event": "demo", "CreateTime": 1620973045},
            row_id=None,
            received_at=now,
        )
        for number in range(count)
    ]


@pytest.fixture
def seen(monkeypatch):
    """Who was handled, by how many calls."""
    counts, guard = Counter(), threading.Lock()

    def handler(given, _now):
        with guard:
            counts.update(event.openid for event in given)

    monkeypatch.setattr(handlers, "_handlers", {"demo": handler})
    return counts


def test_four_workers_at_once_handle_each_push_once(at_once, seen, monkeypatch):
    monkeypatch.setattr(work, "BATCH", 10)
    services.pushes_store(source=ProviderPush.Source.WECHAT, events=events(120))

    taken = at_once(4, lambda: services.pushes_process(now=clock.now()))

    assert sum(taken) == 120
    assert seen == Counter({f"o{number}": 1 for number in range(120)})
    assert dict(Counter(ProviderPush.objects.values_list("state", flat=True))) == {"done": 120}


def test_a_push_that_comes_six_times_at_once_is_kept_once(at_once, seen):
    (event,) = events(1)

    at_once(6, lambda: services.pushes_store(source=ProviderPush.Source.WECHAT, events=[event]))

    assert ProviderPush.objects.count() == 1
    assert services.pushes_process(now=clock.now()) == 1
    assert seen == {"o0": 1}
