"""Role × act × case: what each role may do with a signed case of its own unit, of one it helps, below it, or of another."""

import pytest
from django.urls import reverse

from apps.accounts.states import Role
from apps.feedback.admin.case_context import open_verbs
from apps.feedback.admin.forms import ACTS
from apps.feedback.models import Case, CoHandling, TimelineEntry
from apps.feedback.states import CaseState
from tests.factories.cases import case_make
from tests.factories.people import staff_make

HANDLER = {"start", "reply", "return", "ask", "contact", "extend_ask"}
CHIEF = {"suspend", "supervise"}
CLERK = {"merge", "classify", "split"}
# None: the case does not exist for them.
MATRIX: dict[str, dict[str, set[str] | None]] = {
    "own": {
        "intake_clerk": CLERK, "desk_head": CLERK | CHIEF, "handler": HANDLER, "supervisor": HANDLER | CHIEF,
    },
    "helped": {
        "intake_clerk": CLERK, "desk_head": CLERK | CHIEF, "handler": {"contribute"}, "supervisor": {"contribute"},
    },
    "below": {"intake_clerk": CLERK, "desk_head": CLERK | CHIEF, "handler": None, "supervisor": CHIEF},
    "other": {"intake_clerk": CLERK, "desk_head": CLERK | CHIEF, "handler": None, "supervisor": None},
}  # fmt: skip
OBJECTS = {"own": "JD", "helped": "CG", "below": "JD-003", "other": "CG"}


def object_make(resident, kind: str, staff) -> Case:
    case = case_make(resident, state=CaseState.SIGNED, unit=OBJECTS[kind])
    if kind == "helped":
        unit = staff.memberships.get().department
        CoHandling.objects.create(case=case, unit=unit, added_at=case.submitted_at)
    return case


@pytest.mark.parametrize("role", [role.value for role in Role])
@pytest.mark.parametrize("kind", list(MATRIX))
def test_each_role_may_do_what_the_matrix_says_and_nothing_else(resident, desk, role, kind):
    staff = staff_make(role, unit="JD")
    case = object_make(resident, kind, staff)
    allowed = MATRIX[kind].get(role)
    browser = desk(staff)
    page = browser.get(reverse("admin:feedback_case_change", args=[case.pk]))
    before = TimelineEntry.objects.filter(case=case).count()

    assert page.status_code in ({200} if allowed is not None else {403, 404})
    if allowed is not None:
        assert {verb.value for verb in open_verbs(case, staff)} == allowed
    for verb in ACTS:
        answer = browser.post(
            reverse("admin:feedback_case_move", args=[case.pk, verb.value]), {"version": case.version + 7}
        )
        # Without what the form needs 400; on a version that is not the case's, or a move that is not theirs, 409; a unit's
        # own act on a case that it does not lead 404.
        assert answer.status_code in ({400, 404, 409} if allowed is not None else {403, 404}), verb
    assert TimelineEntry.objects.filter(case=case).count() == before
    assert Case.objects.get(pk=case.pk).version == case.version
