"""What the public reads of the board, and finds on it."""

import datetime as dt
import json

import pytest

from apps.common import clock as project_clock
from apps.common.changes import forget_all
from apps.common.geo import Point
from apps.feedback.api.board_shapes import BoardItem
from apps.feedback.board_selectors import MOST_RANKED
from tests.factories.board import entry_make
from tests.factories.people import attr_of, code_of

HERE = Point(114.39707, 30.634215, "gcj02")


def results(answer):
    assert answer.status_code == 200, answer.content
    return json.loads(answer.content)["results"]


def titles(answer):
    return [item["title"] for item in results(answer)]


def test_an_entry_shows_its_own_texts_and_nothing_of_the_resident(clock, resident, anyone):
    entry = entry_make(
        resident, text="门口的路灯不亮。电话19900000001", address="3栋2单元501室", street="420107003", point=HERE,
        note="沿线路灯换新。",
    )  # fmt: skip

    (item,) = results(anyone.get("feedback/board"))

    assert item == {
        "public_number": entry.case.public_number,
        "title": "门口的路灯不亮",
        "text": "门口的路灯不亮。电话****",
        "category": {"code": "0201", "name": "路灯照明"},
        "street": {"code": "420107003", "name": entry.street.name},
        "state": "replied",
        "state_label": "已答复",
        "point": {"lng": 114.39707, "lat": 30.63422, "crs": "gcj02"},
        "submitted_on": "2026-03-10",
        "replied_on": "2026-03-10",
        "published_at": "2026-03-10T10:00:00+08:00",
        "reply": "已处理。",
        "unit": "区城管执法局",
        "note": "沿线路灯换新。",
        "noted_on": "2026-03-10",
        "followers": 0,
    }
    assert json.loads(anyone.get(f"feedback/board/{entry.case.public_number}").content) == item
    assert entry.case.number not in json.dumps(item)


def test_the_newest_stand_first_and_pages_hold_while_entries_are_added(clock, resident, anyone):
    for name in "甲乙丙丁":
        entry_make(resident, text=f"{name}处路灯不亮。")
        clock.shift(dt.timedelta(minutes=1))

    first = anyone.get("feedback/board", limit=2).json()
    entry_make(resident, text="戊处路灯不亮。")
    second = anyone.get("feedback/board", limit=2, cursor=first["next"]).json()

    assert [one["title"] for one in first["results"] + second["results"]] == [
        f"{name}处路灯不亮" for name in "丁丙乙甲"
    ]
    assert second["next"] is None


def test_lists_are_narrowed_by_category_group_and_street(resident, anyone):
    entry_make(resident, text="路灯不亮。", category="0201", street="420107003")
    entry_make(resident, text="残疾人坡道坏了。", category="0205", street="420107004")
    entry_make(resident, text="垃圾没人收。", category="0101", street="420107003")

    assert titles(anyone.get("feedback/board", category="0205")) == ["残疾人坡道坏了"]
    assert sorted(titles(anyone.get("feedback/board", category="02"))) == ["残疾人坡道坏了", "路灯不亮"]
    assert sorted(titles(anyone.get("feedback/board", street="420107003"))) == ["垃圾没人收", "路灯不亮"]
    assert titles(anyone.get("feedback/board", category="nothing")) == []


def test_words_are_found_in_titles_before_texts_and_marked(resident, anyone):
    entry_make(resident, text="井盖不见了。旁边的路灯也不亮。")
    entry_make(resident, text="路灯不亮。晚上看不清。")
    entry_make(resident, text="垃圾没人收。")

    found = results(anyone.get("feedback/board", q="路灯"))

    assert [item["title"] for item in found] == ["路灯不亮", "井盖不见了"]
    assert found[0]["highlight"].startswith("<em>路灯</em>不亮")
    assert titles(anyone.get("feedback/board", q="路灯 井盖")) == ["井盖不见了"]
    assert titles(anyone.get("feedback/board", q="路灯", category="0101")) == []
    assert titles(anyone.get("feedback/board", q="的")) == titles(anyone.get("feedback/board", q="旁边的"))
    assert titles(anyone.get("feedback/board", q="，。")) == []


@pytest.mark.parametrize(
    "q",
    ["路灯'; DROP TABLE x; --", "路灯\\' | 井盖", "50%路灯%s%(x)s", "路灯 & !井盖", '"路灯"', "C++\\路灯"],
)
def test_quotes_and_percent_signs_in_a_search_are_only_text(resident, anyone, q):
    entry_make(resident, text="路灯不亮。")

    assert titles(anyone.get("feedback/board", q=q)) in ([], ["路灯不亮"])
    assert titles(anyone.get("feedback/board", q="路灯")) == ["路灯不亮"]


def test_near_gives_the_nearest_first_with_the_distance(resident, anyone):
    far = Point(HERE.lng, HERE.lat + 0.006, "gcj02")
    entry_make(resident, text="远处路灯不亮。", point=far)
    entry_make(resident, text="近处路灯不亮。", point=HERE)
    entry_make(resident, text="更远的路灯不亮。", point=Point(HERE.lng, HERE.lat + 0.02, "gcj02"))
    entry_make(resident, text="没有地点的路灯。")

    found = results(anyone.get("feedback/board", near=f"{HERE.lng},{HERE.lat}"))
    wgs = HERE.to("wgs84")
    same = results(anyone.get("feedback/board", near=f"{wgs.lng},{wgs.lat}", crs="wgs84"))

    assert [item["title"] for item in found] == ["近处路灯不亮", "远处路灯不亮"]
    assert found[0]["distance_m"] <= 1
    assert abs(found[1]["distance_m"] - round(HERE.distance_m(far))) <= 2
    assert [item["title"] for item in same] == ["近处路灯不亮", "远处路灯不亮"]
    assert titles(anyone.get("feedback/board", near=f"{HERE.lng},{HERE.lat}", radius_m=100)) == [
        "近处路灯不亮"
    ]
    assert len(results(anyone.get("feedback/board", near=f"{HERE.lng},{HERE.lat}", radius_m=5000))) == 3
    assert titles(anyone.get("feedback/board", near=f"{HERE.lng},{HERE.lat}", q="远处")) == ["远处路灯不亮"]


@pytest.mark.parametrize(
    ("query", "attr"),
    [
        ({"near": "114.4"}, "near"), ({"near": "a,b"}, "near"), ({"near": "nan,30"}, "near"),
        ({"near": "14.4,30.6"}, "near"), ({"near": "114.4,30.6", "radius_m": "0"}, "radius_m"),
        ({"near": "114.4,30.6", "radius_m": "5001"}, "radius_m"), ({"near": "114.4,30.6", "crs": "bd09"}, "crs"),
        ({"q": "路灯", "cursor": str(MOST_RANKED + 1)}, "cursor"), ({"limit": "101"}, "limit"),
        ({"cursor": "xx"}, "cursor"),
    ],
)  # fmt: skip
def test_what_can_not_be_asked_is_a_clear_400(db, anyone, query, attr):
    answer = anyone.get("feedback/board", **query)

    assert (answer.status_code, attr_of(answer)) == (400, attr)


def test_public_answers_carry_an_etag_and_are_not_sent_twice(resident, anyone):
    number = entry_make(resident).case.public_number

    for path in ("feedback/board", f"feedback/board/{number}"):
        first = anyone.get(path)
        again = anyone.get(path, headers={"If-None-Match": first["ETag"]})
        assert "max-age=30" in first["Cache-Control"]
        assert (again.status_code, again.content) == (304, b"")


def test_an_unknown_number_is_404_in_chinese(db, anyone):
    answer = anyone.get("feedback/board/ABCDEFGHJK")

    assert (answer.status_code, code_of(answer)) == (404, "board_entry_not_found")


def test_each_key_of_an_item_stands_in_the_schema(resident, anyone):
    entry_make(resident)
    (item,) = results(anyone.get("feedback/board"))

    assert set(item) == set(BoardItem().fields) - {"highlight", "distance_m"}


@pytest.mark.parametrize("query", [{}, {"q": "路灯"}, {"near": f"{HERE.lng},{HERE.lat}"}, {"category": "02"}])
def test_a_list_is_one_statement_however_many_entries(resident, anyone, django_assert_num_queries, query):
    for _each in range(5):
        entry_make(resident, point=HERE)
        forget_all()
        with django_assert_num_queries(1):
            anyone.get("feedback/board", now=project_clock.now().timestamp(), **query)
