"""People and short ways for acts on cases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from apps.accounts.models import Staff
from apps.common import clock as project_clock
from apps.feedback import services
from apps.feedback.models import Case
from apps.notifications.models import InboxMessage, StaffNotice
from tests.factories.people import staff_make


@pytest.fixture
def head(db: None) -> Staff:
    """The head of the intake desk."""
    return staff_make("desk_head", unit="XZSP", is_head=True)


@pytest.fixture
def supervisor(db: None) -> Staff:
    """The head of the city-management unit (CG)."""
    return staff_make("supervisor", unit="CG", is_head=True)


@pytest.fixture
def act() -> Callable[..., Any]:
    """Do an act at the present moment on the case as it stands: ``act("case_sign", case, handler, …)``."""

    def do(name: str, case: Case, staff: Staff, **given: Any) -> Any:
        return getattr(services, name)(
            number=case.number, staff=staff, version=None, now=project_clock.now(), **given
        )

    return do


@pytest.fixture
def told() -> Callable[[Any], list[str]]:
    """Return the kinds in a resident's inbox, oldest first."""

    def kinds(resident: Any) -> list[str]:
        rows = InboxMessage.objects.filter(resident_id=resident.resident_id).order_by("created_at", "id")
        return [kind.removeprefix("feedback.") for kind in rows.values_list("kind", flat=True)]

    return kinds


@pytest.fixture
def noticed() -> Callable[[Staff], list[str]]:
    """Return the kinds of notices to a member of staff, oldest first."""

    def kinds(staff: Staff) -> list[str]:
        rows = StaffNotice.objects.filter(staff=staff).order_by("created_at", "id")
        return [kind.removeprefix("feedback.") for kind in rows.values_list("kind", flat=True)]

    return kinds
