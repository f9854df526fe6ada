"""Who may act: seeing a case is not enough, and neither is a role of another unit."""

import pytest
from django.urls import reverse

from apps.common import clock
from apps.feedback import services
from apps.feedback.models import Case, TimelineEntry
from apps.feedback.states import CaseState
from tests.factories.cases import case_make


def entries(case: Case) -> int:
    return TimelineEntry.objects.filter(case=case).count()


def test_a_handler_can_not_close_or_dispatch_what_the_unit_answered(resident, handler, desk):
    case = case_make(resident, state=CaseState.REPLIED)
    before = entries(case)

    for verb, given in (
        ("close", {"reason": "x"}),
        ("dispatch", {"unit": "JY"}),
        ("refuse", {"reason": "x", "channel": "court"}),
    ):
        url = reverse("admin:feedback_case_move", args=[case.pk, verb])
        assert desk(handler).post(url, {"version": case.version, **given}).status_code == 409

    assert Case.objects.get(pk=case.pk).state == "replied"
    assert entries(case) == before


def test_a_clerk_can_not_answer_for_a_unit_even_as_its_member(resident, staff):
    case = case_make(resident, state=CaseState.SIGNED)
    clerk = staff("intake_clerk", unit="CG")

    with pytest.raises(services.MoveRefused):
        services.case_reply(number=case.number, staff=clerk, version=None, text="x", now=clock.now())


def test_without_signing_in_the_admin_shows_nothing(resident, client):
    case = case_make(resident)

    for path in (
        reverse("admin:feedback_case_change", args=[case.pk]),
        reverse("admin:feedback_case_changelist"),
    ):
        assert client.get(path).status_code == 302
    assert (
        client.post(reverse("admin:feedback_case_contact", args=[case.pk]), {"reason": "x"}).status_code
        == 302
    )


@pytest.mark.parametrize(
    ("identity", "clerk_sees", "handler_sees"),
    [("named", True, True), ("hidden", True, False), ("anonymous", False, False)],
)
def test_contact_data_follow_the_chosen_identity(
    resident, clerk, handler, desk, identity, clerk_sees, handler_sees
):
    from apps.accounts.models import AccessLog
    from apps.accounts.services import phone_set
    from apps.feedback.states import Identity

    phone_set(resident_id=resident.resident_id, phone="19900001234")
    case = case_make(resident, state=CaseState.DISPATCHED, identity=Identity(identity))
    url = reverse("admin:feedback_case_contact", args=[case.pk])

    for member, sees in ((clerk, clerk_sees), (handler, handler_sees)):
        answer = desk(member).post(url, {"reason": "核实地点"})
        assert (b"19900001234" in answer.content) is sees
        assert answer.status_code == (200 if sees else 403)
        assert "no-store" in answer["Cache-Control"]
    assert AccessLog.objects.count() == clerk_sees + handler_sees


def test_a_look_without_a_reason_is_refused_and_not_shown(resident, clerk, desk):
    from apps.accounts.models import AccessLog
    from apps.accounts.services import phone_set

    phone_set(resident_id=resident.resident_id, phone="19900001234")
    case = case_make(resident)

    answer = desk(clerk).post(reverse("admin:feedback_case_contact", args=[case.pk]), {"reason": "  "})

    assert (answer.status_code, b"19900001234" in answer.content) == (403, False)
    assert AccessLog.objects.count() == 0
