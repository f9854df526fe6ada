"""Cases with photos, checks as they stand, and what is queued."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest

from apps.feedback.models import Case
from apps.safety.models import MediaCheck, TextCheck
from apps.wechat.simulator.faults import Fault
from apps.wechat.simulator.harness import RunningSimulator
from tests.factories.cases import case_make
from tests.factories.people import ResidentClient, resident_make
from tests.factories.pictures import jpeg


@pytest.fixture
def with_photo(db: None) -> Callable[..., tuple[Case, MediaCheck]]:
    """Hand in a case with a photo: ``with_photo(resident, text="…")`` gives the case and the photo's check."""

    def make(resident: ResidentClient, **draft: Any) -> tuple[Case, MediaCheck]:
        photo = resident.upload(io.BytesIO(jpeg())).json()["id"]
        case = case_make(resident, uploads=[photo], **draft)
        return case, MediaCheck.objects.get(subject_id=str(case.id))

    return make


@pytest.fixture
def text_check(db: None) -> Callable[[Case], TextCheck]:
    """Return the check of a case's text as it stands."""
    return lambda case: TextCheck.objects.get(subject_kind="feedback.case", subject_id=str(case.id))


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any) -> Callable[..., Any]:
    """Do an act with its commit and return the wake-ups it queued: ``woken(lambda: …)`` gives (name, lane, countdown_s)."""

    def run(act: Callable[[], Any]) -> list[tuple[str, str, float | None]]:
        sent: list[tuple[str, str, float | None]] = []
        monkeypatch.setattr("apps.common.dispatch._sender.add", lambda wake_up: sent.append(wake_up[:3]))
        with django_capture_on_commit_callbacks(execute=True):
            act()
        return sent

    return run


@pytest.fixture
def visitor(simulator: RunningSimulator, db: None) -> ResidentClient:
    """A resident whom WeChat knows and who is in the mini-program right now."""
    return visitor_make(simulator)


def visitor_make(running: RunningSimulator) -> ResidentClient:
    """Return one more of them."""
    user = running.state.user_make()
    user.last_visit_at_s = running.state.now_s()
    return resident_make(openid=user.openid)


@pytest.fixture
def broken(simulator: RunningSimulator) -> Callable[..., None]:
    """Have calls of a kind go wrong: ``broken("text", "slow", value=5, times=1)``."""
    paths = {"text": "/wxa/msg_sec_check", "media": "/wxa/media_check_async"}

    def order(what: str, kind: str, **more: Any) -> None:
        simulator.state.faults.faults.append(Fault.of({"path": paths[what], "kind": kind, **more}))

    return order
