"""The directory at the desk: forms go through the services, lists ask little, nothing typed wrongly is written."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import Staff
from apps.common import clock as project_clock
from apps.common.models import Upload
from apps.facilities import services
from apps.facilities.models import (
    Assurance,
    Closure,
    CorrectionReport,
    Facility,
    FacilityEvent,
    FacilityKind,
    OpeningRule,
    Photo,
    Service,
)
from apps.facilities.services import RuleDraft
from apps.notifications.models import InboxMessage
from tests.factories.people import resident_make, staff_make
from tests.factories.pictures import jpeg

pytestmark = pytest.mark.usefixtures("clock")
LOTS = ("rules", "exceptions", "offers", "access_facts", "aliases", "photos", "events")


@pytest.fixture(autouse=True)
def _own_files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def page(desk, operator) -> Client:
    return desk(operator)


def form(**more: Any) -> dict[str, Any]:
    """Return a filled form of a place without rows."""
    rows = {f"{lot}-{name}": 0 for lot in LOTS for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    given = {
        "name": "测试便民服务中心", "code": "", "kind": "street_office", "organisation": "", "status": "active",
        "description": "", "address": "和平大道1号", "street": "420107003", "community": "", "lng": "114.39",
        "lat": "30.63", "crs": "gcj02", "phone": "", "languages": "普通话,武汉话", "holiday_mode": "closed",
        "capacity_note": "", "seen_version": "",
    }  # fmt: skip
    return {**rows, **given, **more}


def rule(place: int, **more: Any) -> dict[str, Any]:
    given = {
        "weekday": "0",
        "opens_min": "08:30",
        "closes_min": "12:00",
        "valid_from": "",
        "valid_to": "",
        "note": "",
    }
    return {f"rules-{place}-{name}": value for name, value in {**given, **more}.items()}


def change(place: Facility) -> str:
    return reverse("admin:facilities_facility_change", args=[place.pk])


def words(answer: Any) -> str:
    return answer.content.decode()


def wrong(answer: Any) -> list[Any]:
    """Return what a form refused."""
    sets = answer.context["inline_admin_formsets"]
    return [answer.context["adminform"].form.errors, *(one.formset.errors for one in sets)]


def test_a_place_is_entered_with_its_hours_services_and_facts(page, operator):
    service = Service.objects.create(code="T-1", name="示例事项", kind="matter")
    rows = {
        "rules-TOTAL_FORMS": 2, **rule(0), **rule(1, opens_min="20:00", closes_min="02:00"),
        "exceptions-TOTAL_FORMS": 1, "exceptions-0-on": "2026-03-12", "exceptions-0-spans": "", "exceptions-0-reason": "停水",
        "offers-TOTAL_FORMS": 1, "offers-0-service": service.pk, "offers-0-note": "二楼", "offers-0-fee": "",
        "access_facts-TOTAL_FORMS": 1, "access_facts-0-feature": "lift", "access_facts-0-value": "yes",
        "access_facts-0-note": "", "access_facts-0-checked_on": "",
        "aliases-TOTAL_FORMS": 1, "aliases-0-name": "老街道办",
        "photos-TOTAL_FORMS": 1, "photos-0-file": SimpleUploadedFile("a.jpg", jpeg(), "image/jpeg"), "photos-0-alt": "大门", "photos-0-position": "0",
    }  # fmt: skip

    answer = page.post(reverse("admin:facilities_facility_add"), form(**rows))

    assert answer.status_code == 302, wrong(answer)
    place = Facility.objects.get()
    assert (place.name, place.languages, place.street_id, place.gcj_lng, place.version) == (
        "测试便民服务中心", ["普通话", "武汉话"], "420107003", 114.39, 7,
    )  # fmt: skip
    assert list(place.rules.values_list("opens_min", "closes_min")) == [(510, 720), (1200, 1560)]
    assert list(place.exceptions.values_list("on", "spans")) == [(dt.date(2026, 3, 12), [])]
    assert list(place.offers.values_list("service", "note")) == [(service.pk, "二楼")]
    assert list(place.aliases.values_list("name", flat=True)) == ["老街道办"]
    photo = Photo.objects.get()
    upload = Upload.objects.get()
    assert (photo.alt, photo.upload, upload.purpose, upload.attached_to) == (
        "大门",
        upload,
        "facility",
        place.id,
    )
    verbs = list(FacilityEvent.objects.order_by("id").values_list("verb", "staff"))
    assert verbs == [
        (verb, operator.pk) for verb in ("add", "hours", "exception", "offer", "access", "change", "picture")
    ]


def test_the_form_shows_what_is_there_and_changes_only_what_was_touched(page, enter, operator):
    place = enter(
        address="和平大道1号", lng=114.39, lat=30.63, street_id="420107003", languages=["普通话", "武汉话"]
    )
    services.hours_write(
        facility_id=place.id, rules=[RuleDraft(0, 510, 720)], staff=operator, now=project_clock.now()
    )
    shown = words(page.get(change(place)))
    row = OpeningRule.objects.get()
    same = {
        "rules-TOTAL_FORMS": 1, "rules-INITIAL_FORMS": 1, "rules-0-id": row.pk, "rules-0-facility": place.pk, **rule(0),
    }  # fmt: skip

    assert 'value="08:30"' in shown
    answer = page.post(change(place), form(seen_version=2, **same))
    assert (answer.status_code, Facility.objects.get().version, FacilityEvent.objects.count()) == (302, 2, 2)

    page.post(change(place), form(seen_version=2, **{**same, "rules-0-closes_min": "11:30"}))
    assert list(OpeningRule.objects.values_list("opens_min", "closes_min")) == [(510, 690)]
    assert FacilityEvent.objects.latest("id").changed == {"hours": [["1 08:30-12:00"], ["1 08:30-11:30"]]}


def test_a_stale_form_is_refused_and_says_who_was_faster(page, enter, operator):
    place = enter(address="和平大道1号")
    services.facility_write(
        facility_id=place.id,
        values={"address": "和平大道2号"},
        staff=operator,
        version=None,
        now=project_clock.now(),
    )

    answer = page.post(change(place), form(seen_version=1, address="和平大道3号"), follow=True)

    assert operator.display_name in words(answer)
    assert (Facility.objects.get().address, FacilityEvent.objects.count()) == ("和平大道2号", 2)


@pytest.mark.parametrize(
    "rows",
    [
        {"rules-TOTAL_FORMS": 2, **rule(0), **rule(1, opens_min="11:00", closes_min="13:00")},
        {"rules-TOTAL_FORMS": 1, **rule(0, opens_min="上午")},
        {"lng": ""},
        {
            "exceptions-TOTAL_FORMS": 1,
            "exceptions-0-on": "2026-03-12",
            "exceptions-0-spans": "8点",
            "exceptions-0-reason": "x",
        },
        {"photos-TOTAL_FORMS": 1, "photos-0-alt": "大门", "photos-0-position": "0"},
    ],
)
def test_what_was_typed_wrongly_is_told_and_nothing_is_written(page, rows):
    page.post(reverse("admin:facilities_facility_add"), form(**rows))

    assert (Facility.objects.count(), FacilityEvent.objects.count(), Upload.objects.count()) == (0, 0, 0)


def test_the_list_asks_the_same_for_two_places_and_for_twelve(page, enter, operator):
    def asked() -> int:
        page.get(reverse("admin:facilities_facility_changelist"))
        with CaptureQueriesContext(connection) as queries:
            assert page.get(reverse("admin:facilities_facility_changelist")).status_code == 200
        return len(queries)

    def more(number: int) -> None:
        place = enter(f"测试{number}", street_id="420107003")
        services.hours_write(
            facility_id=place.id, rules=[RuleDraft(1, 510, 720)], staff=operator, now=project_clock.now()
        )
        services.assurance_give(
            facility_id=place.id, staff=operator, method="visit", assured_on=project_clock.today(),
            now=project_clock.now(),
        )  # fmt: skip

    more(1), more(2)
    few = asked()
    for number in range(3, 13):
        more(number)

    assert asked() == few


def test_the_list_says_what_is_open_and_how_fresh_it_is(page, enter, operator):
    place = enter()
    services.hours_write(
        facility_id=place.id, rules=[RuleDraft(1, 510, 720)], staff=operator, now=project_clock.now()
    )

    shown = words(page.get(reverse("admin:facilities_facility_changelist")))
    assert ("开放中，至03-10 12:00" in shown, "待核实" in shown) == (True, True)
    for fresh, count in (("unverified", 1), ("verified", 0), ("stale", 0)):
        rows = page.get(reverse("admin:facilities_facility_changelist"), {"freshness": fresh})
        assert len(rows.context["cl"].result_list) == count


def test_several_places_are_verified_each_for_itself(page, enter):
    places = [enter("甲"), enter("乙")]
    address = reverse("admin:facilities_facility_assure")
    ids = ",".join(str(place.pk) for place in places)

    early = page.post(address, {"ids": ids, "method": "visit", "assured_on": "2026-01-01"})
    done = page.post(address, {"ids": ids, "method": "call", "assured_on": "2026-03-09"})

    assert (early.context["done"], done.context["done"]) == (0, 2)
    assert set(Assurance.objects.values_list("method", "assured_on")) == {("call", dt.date(2026, 3, 9))}


def test_a_closure_begins_and_ends_at_the_desk(page, enter, clock):
    place = enter()
    given = {
        "facility": place.pk, "starts_at_0": "2026-03-10", "starts_at_1": "10:00", "ends_at_0": "", "ends_at_1": "",
        "reason": "停电检修",
    }  # fmt: skip

    assert (
        page.post(
            reverse("admin:facilities_closure_add"),
            {**given, "ends_at_0": "2026-03-09", "ends_at_1": "10:00"},
        ).status_code
        == 200
    )
    assert Closure.objects.count() == 0
    assert page.post(reverse("admin:facilities_closure_add"), given).status_code == 302
    clock.shift(dt.timedelta(minutes=20))
    row = Closure.objects.get()
    assert "停电检修" in words(page.get(change(place)))
    for _time in range(2):
        page.post(
            reverse("admin:facilities_closure_changelist"),
            {"action": "end_now", "_selected_action": [row.pk]},
        )

    assert Closure.objects.get().ends_at == project_clock.now()
    assert FacilityEvent.objects.filter(verb="reopen").count() == 1


def test_a_report_is_answered_at_the_desk_once_and_names_nobody(page, enter):
    place, resident = enter(address="和平大道1号"), resident_make()
    row = services.correction_submit(
        resident_id=resident.resident_id,
        facility_id=place.id,
        field="address",
        text="应为2号",
        now=project_clock.now(),
    )
    address = reverse("admin:facilities_correctionreport_change", args=[row.pk])
    given = {"verb": "accept", "value": "和平大道2号", "answer": "已更正，谢谢。"}

    shown = words(page.get(address))
    assert ("应为2号" in shown, str(resident.resident_id) in shown) == (True, False)
    assert page.post(address, {**given, "verb": "decline"}).status_code == 200
    assert CorrectionReport.objects.get().state == "received"
    assert page.post(address, given).status_code == 302
    assert page.post(address, {**given, "answer": "再来一次"}).status_code == 403

    assert (CorrectionReport.objects.get().reply, Facility.objects.get().address) == (
        "已更正，谢谢。",
        "和平大道2号",
    )
    assert InboxMessage.objects.filter(resident_id=resident.resident_id).count() == 1
    assert "已更正，谢谢。" in words(page.get(address))


def test_a_kind_that_is_renamed_is_found_under_its_new_name(desk, enter):
    place = enter(kind_id="park")
    kind = FacilityKind.objects.get(code="park")
    page = desk(staff_make("administrator"))

    answer = page.post(
        reverse("admin:facilities_facilitykind_change", args=["park"]),
        {
            "name": "绿化广场",
            "circle_group": kind.circle_group,
            "walk_expected": "on",
            "tier": "",
            "position": "9",
        },
    )

    assert answer.status_code == 302, wrong(answer)
    assert "广场" in Facility.objects.get(id=place.id).search


def test_papers_of_a_matter_are_typed_line_by_line(page):
    given = {
        "code": "T-1", "name": "示例事项", "kind": "matter", "description": "", "eligibility": "", "min_age": "",
        "max_age": "", "fee": "", "fee_source": "", "documents": "居民身份证 | 1 | 原件\n户口簿", "promised_days": "5",
        "levels": ["street", "community"], "department": "", "source": "", "is_active": "on",
    }  # fmt: skip

    page.post(reverse("admin:facilities_service_add"), {**given, "code": "T-2", "documents": "身份证 | 一份"})
    answer = page.post(reverse("admin:facilities_service_add"), given)

    assert answer.status_code == 302, wrong(answer)
    row = Service.objects.get()
    assert (row.code, row.levels) == ("T-1", ["street", "community"])
    assert row.documents == [
        {"name": "居民身份证", "copies": 1, "note": "原件"}, {"name": "户口簿", "copies": None, "note": ""},
    ]  # fmt: skip
    shown = words(page.get(reverse("admin:facilities_service_change", args=[row.pk])))
    assert "居民身份证 | 1 | 原件\n户口簿" in shown


@pytest.mark.parametrize("role", ["handler", "editor", "auditor"])
def test_who_does_not_look_after_the_directory_does_not_get_in(desk, enter, role):
    other: Staff = staff_make(role)
    place = enter()
    page = desk(other)

    for address in (change(place), reverse("admin:facilities_facility_assure") + f"?ids={place.pk}"):
        assert page.get(address).status_code == 403
    assert page.post(change(place), form(seen_version=1, address="x")).status_code == 403
    assert FacilityEvent.objects.count() == 1


def test_history_and_assurances_are_only_read(page, enter):
    enter()
    event = FacilityEvent.objects.get()
    address = reverse("admin:facilities_facilityevent_change", args=[event.pk])

    assert page.get(address).status_code == 200
    assert page.post(address, {"text": "x"}).status_code == 403
    assert page.get(reverse("admin:facilities_facilityevent_add")).status_code == 403
