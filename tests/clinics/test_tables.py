"""The files of clinics: real institutions, and invented sessions to try them."""

from __future__ import annotations

import datetime as dt

import pytest

from apps.clinics import services
from apps.clinics.models import (
    Alliance,
    AttendanceRule,
    BookingRule,
    ClinicSession,
    Department,
    Institution,
    ReferralTerm,
    SessionTemplate,
)
from qingshan.management.commands.fixtures_load import directory_load, fixture

pytestmark = pytest.mark.django_db


def demo_load(now: dt.datetime) -> tuple[int, int]:
    directory_load()
    return services.templates_load(data=fixture("clinics_demo.json")), services.sessions_generate(now=now)


def test_the_files_make_institutions_with_rules_and_sessions_once(now):
    first, again = demo_load(now), demo_load(now)

    # 24 weekly sessions on the 36 days from Tuesday 2026-03-10 on: five of each, a sixth of the four on Tuesdays, less the
    # one that is over by ten in the morning and the six of 清明节 (4 to 6 April).
    assert (first, again) == ((24, 5 * 24 + 4 - 1 - 6), (0, 0))
    assert list(
        Alliance.objects.get().members.filter(leads=True).values_list("facility__code", flat=True)
    ) == ["H10"]
    assert list(Institution.objects.filter(is_active=False).values_list("facility__code", "is_station")) == [
        ("H11", True)
    ]
    assert (Institution.objects.count(), Department.objects.count()) == (11, 8)
    assert (BookingRule.objects.count(), AttendanceRule.objects.count(), ReferralTerm.objects.count()) == (
        1,
        1,
        9,
    )
    assert set(Institution.objects.exclude(department=None).values_list("facility__code", "department__code")) == {
        ("H01", "WJ"), ("H08", "WJ"), ("H09", "WJ"), ("H10", "WJ"),
    }  # fmt: skip


def test_what_staff_changed_stays(now):
    demo_load(now)
    SessionTemplate.objects.update(pools={"public": 9})
    BookingRule.objects.update(days_ahead=3)
    Department.objects.filter(code="TJ").update(name="改过的名称")

    demo_load(now)

    assert set(BookingRule.objects.values_list("days_ahead", flat=True)) == {3}
    assert Department.objects.get(code="TJ").name == "改过的名称"
    assert all(one.pools == {"public": 9} for one in SessionTemplate.objects.all())


def test_no_invented_practitioner_could_be_taken_for_a_real_one(now):
    demo = fixture("clinics_demo.json")

    assert all(row["practitioner"].startswith("演示") for row in demo["templates"])
    assert all("演示" in row["name"] for row in demo["departments"])
    assert ClinicSession.objects.count() == 0
