"""Cases in a state, made through the services."""

from __future__ import annotations

from typing import Any

from apps.accounts.models import Staff
from apps.common import clock
from apps.feedback import services
from apps.feedback.models import Case
from apps.feedback.services import CaseDraft
from apps.feedback.states import CaseState, RequestType
from tests.factories.people import ResidentClient, staff_make


def case_make(
    resident: ResidentClient, *, state: CaseState = CaseState.SUBMITTED, unit: str = "CG", **draft: Any
) -> Case:
    """Return a case that has come as far as ``state`` (submitted, accepted, dispatched, signed, in_progress, replied)."""
    given = {
        "request_type": RequestType.HELP,
        "text": "路灯不亮，晚上看不清台阶。",
        "category": "0201",
        **draft,
    }
    assert resident.resident_id is not None
    case = services.case_submit(
        resident_id=resident.resident_id, draft=CaseDraft(**given), now=clock.now()
    ).case
    clerk, worker = staff_make("intake_clerk"), staff_make("handler", unit=unit)
    for step in _steps(state):
        _take(step, case.number, clerk, worker, unit)
    return Case.objects.get(pk=case.pk)


def _steps(state: CaseState) -> list[CaseState]:
    line = [
        CaseState.ACCEPTED,
        CaseState.DISPATCHED,
        CaseState.SIGNED,
        CaseState.IN_PROGRESS,
        CaseState.REPLIED,
    ]
    return line[: line.index(state) + 1] if state in line else []


def _take(step: CaseState, number: str, clerk: Staff, worker: Staff, unit: str) -> None:
    common: dict[str, Any] = {"number": number, "version": None, "now": clock.now()}
    if step is CaseState.ACCEPTED:
        services.case_accept(staff=clerk, **common)
    elif step is CaseState.DISPATCHED:
        services.case_dispatch(staff=clerk, unit=unit, note="", **common)
    elif step is CaseState.SIGNED:
        services.case_sign(staff=worker, **common)
    elif step is CaseState.IN_PROGRESS:
        services.case_start(staff=worker, **common)
    elif step is CaseState.REPLIED:
        services.case_reply(staff=worker, text="已处理。", **common)
