"""Two at one place: a stale form, the sixth report, an answer given twice."""

from __future__ import annotations

import itertools

import pytest

from apps.common import clock
from apps.facilities import services
from apps.facilities.models import CorrectionReport, Facility, FacilityEvent
from apps.facilities.states import CorrectionVerb
from apps.notifications.models import InboxMessage
from tests.factories.people import resident_make, staff_make
from tests.races.test_news import code_or

pytestmark = pytest.mark.usefixtures("whole_db")


@pytest.fixture
def place(whole_db: None) -> Facility:
    values = {"name": "测试便民服务中心", "kind_id": "street_office", "address": "和平大道1号"}
    return services.facility_write(facility_id=None, values=values, staff=None, version=None, now=clock.now())


def report(place: Facility, resident: object) -> CorrectionReport:
    return services.correction_submit(
        resident_id=resident.resident_id,
        facility_id=place.id,
        field="address",
        text="应为2号",
        now=clock.now(),
    )


def test_of_eight_who_save_the_same_version_one_is_first(at_once, place):
    staff = staff_make("service_operator")
    numbers = itertools.count(10)

    def save() -> str:
        values = {"address": f"和平大道{next(numbers)}号"}
        services.facility_write(facility_id=place.id, values=values, staff=staff, version=1, now=clock.now())
        return "saved"

    answers = at_once(8, lambda: code_or("saved", save))

    assert sorted(answers) == ["facility_changed"] * 7 + ["saved"]
    assert (Facility.objects.get().version, FacilityEvent.objects.count()) == (2, 2)


def test_of_eight_reports_of_one_resident_at_once_five_are_taken(at_once, place):
    resident = resident_make()

    answers = at_once(8, lambda: code_or("taken", lambda: report(place, resident)))

    assert sorted(answers) == ["taken"] * 5 + ["too_many_corrections"] * 3
    assert CorrectionReport.objects.count() == 5


def test_a_report_is_answered_once_however_many_answer(at_once, place):
    resident, staff = resident_make(), staff_make("service_operator")
    row = report(place, resident)

    def answer() -> None:
        services.correction_decide(
            correction_id=row.id, staff=staff, verb=CorrectionVerb.ACCEPT, reply="已更正。", value="和平大道2号",
            now=clock.now(),
        )  # fmt: skip

    answers = at_once(6, lambda: code_or("answered", answer))

    assert sorted(answers) == ["answered"] + ["correction_handled"] * 5
    assert InboxMessage.objects.filter(resident_id=resident.resident_id).count() == 1
    assert Facility.objects.get().address == "和平大道2号"
