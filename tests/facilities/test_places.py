"""Entering and changing a place: versions, sources of entries, history, who is told."""

from __future__ import annotations

import pytest

from apps.accounts.models import Staff
from apps.common import clock as project_clock
from apps.common.ids import uuid7
from apps.facilities import services
from apps.facilities.errors import FacilityCodeTaken, PlaceUnknown, PointWrong
from apps.facilities.models import Facility, FacilityEvent, Service
from apps.facilities.services import FacilityChanged, FacilityNotFound, Offer
from apps.notifications.models import TopicNotice

pytestmark = pytest.mark.usefixtures("clock")


def write(place: Facility, staff: Staff, version: int | None = None, **values: object) -> Facility:
    return services.facility_write(
        facility_id=place.id, values=values, staff=staff, version=version, now=project_clock.now()
    )


def test_a_new_place_has_a_line_of_history_and_is_found_by_its_sound(enter, operator):
    place = Facility.objects.get(id=enter("武钢测试医院", code="T01", street_id="420107003").id)

    assert (place.version, place.pinyin, place.initials) == (1, "wu gang ce shi yi yuan", "wgcsyy")
    event = FacilityEvent.objects.get()
    assert (event.verb, event.staff, event.text) == ("add", operator, "")
    assert event.changed == {
        "name": [None, "武钢测试医院"], "kind_id": [None, "街道办事处（便民服务中心）"], "code": [None, "T01"],
        "street_id": [None, "新沟桥街道"],
    }  # fmt: skip
    assert TopicNotice.objects.count() == 0


def test_an_entry_written_by_staff_says_so_and_the_others_keep_their_source(enter, operator):
    place = enter(address="和平大道1号", phone="027-0000")
    Facility.objects.update(
        provenance={"address": {"source": "网页", "confidence": "low", "on": "2026-01-01"}}
    )

    write(place, operator, phone="027-1111")

    assert Facility.objects.get().provenance == {
        "address": {"source": "网页", "confidence": "low", "on": "2026-01-01"},
        "phone": {"source": "", "confidence": "staff", "on": "2026-03-10"},
    }


def test_the_same_again_changes_nothing(enter, operator):
    place = enter(address="和平大道1号")

    write(place, operator, version=1, address="和平大道1号")

    assert (Facility.objects.get().version, FacilityEvent.objects.count()) == (1, 1)


def test_a_stale_version_is_refused_and_says_who_was_faster(enter, operator):
    place = enter()
    write(place, operator, version=1, address="和平大道2号")

    with pytest.raises(FacilityChanged) as refused:
        write(place, operator, version=1, address="和平大道3号")

    assert refused.value.facts == {"by": operator.display_name, "at": "2026-03-10 10:00"}
    assert (Facility.objects.get().address, FacilityEvent.objects.count()) == ("和平大道2号", 2)


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"lng": 114.39, "lat": None}, PointWrong),
        ({"lng": 0.0, "lat": 0.0}, PointWrong),
        ({"street_id": "420107007"}, PlaceUnknown),  # 厂前街道 was abolished in 2021
        ({"street_id": "420107003", "community_id": "420107001001"}, PlaceUnknown),
    ],
)
def test_a_place_that_can_not_be_is_refused_and_not_written(enter, operator, values, error):
    place = enter()

    with pytest.raises(error):
        write(place, operator, **values)

    assert (Facility.objects.get().version, FacilityEvent.objects.count()) == (1, 1)


def test_a_code_that_another_place_has_is_refused(enter):
    enter(code="T01")

    with pytest.raises(FacilityCodeTaken):
        enter(code="T01")

    assert Facility.objects.count() == 1


def test_a_place_that_is_not_there_is_refused(operator):
    with pytest.raises(FacilityNotFound):
        services.facility_write(
            facility_id=uuid7(), values={"name": "x"}, staff=operator, version=None, now=project_clock.now()
        )


def test_followers_are_told_when_a_place_pauses(enter, operator):
    place = enter("测试服务站")

    write(place, operator, status="paused")

    notice = TopicNotice.objects.get()
    assert (notice.topics, notice.kind) == ([f"facility:{place.id}"], "facilities.status")
    assert (
        notice.fields["text"]
        == FacilityEvent.objects.latest("id").text
        == "“测试服务站”暂停服务，恢复时间另行通知。"
    )


def test_other_names_are_found_and_kept_whole(enter, operator):
    place = enter("测试医院")

    for names in (["老医院", " 职工医院 "], ["职工医院", "新医院"], ["新医院", "职工医院"]):
        services.aliases_write(facility_id=place.id, names=names, staff=operator, now=project_clock.now())

    assert sorted(place.aliases.values_list("name", flat=True)) == ["新医院", "职工医院"]
    assert FacilityEvent.objects.filter(verb="change").count() == 2


def test_what_is_offered_is_written_as_a_whole(enter, operator):
    place = enter()
    one, other = (Service.objects.create(code=code, name=code, kind="matter") for code in ("T-1", "T-2"))

    for offers in (
        [Offer(one.id, "一楼")],
        [Offer(other.id), Offer(one.id, "二楼", "免费")],
        [Offer(other.id)],
    ):
        services.offers_write(facility_id=place.id, offers=offers, staff=operator, now=project_clock.now())

    assert list(place.offers.values_list("service__code", "note", "fee")) == [("T-2", "", "")]
    changes = [
        event.changed["services"] for event in FacilityEvent.objects.filter(verb="offer").order_by("id")
    ]
    assert changes == [[[], ["T-1"]], [["T-1"], ["T-1", "T-2"]], [["T-1", "T-2"], ["T-2"]]]
