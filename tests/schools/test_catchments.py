"""Which schools a home belongs to, publishing a version, and both at their doors."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import IntegrityError, transaction

from apps.common import clock as the_clock
from apps.schools.ground_errors import (
    CatchmentEmpty,
    CatchmentOverlaps,
    CatchmentPublished,
    CatchmentStageMixed,
    CatchmentUnknown,
)
from apps.schools.ground_selectors import catchment_schools
from apps.schools.models import CatchmentArea, CatchmentVersion
from apps.schools.services.catchments import catchment_publish
from tests.factories.people import attr_of, code_of, staff_make
from tests.factories.schools_ground import (
    COMMUNITY,
    FIRST_DAY,
    OTHER_COMMUNITY,
    STAGE,
    area_make,
    school_make,
    version_make,
)
from tests.races.test_news import code_or, taking_turns

ON = dt.date(2026, 3, 10)


@pytest.fixture
def now(db, clock) -> dt.datetime:
    return the_clock.now()


@pytest.fixture
def schools(now):
    return [school_make(code) for code in ("A", "B", "C")]


@pytest.fixture
def published(schools, now) -> CatchmentVersion:
    """Odd numbers of a road to 99 belong to A, the whole road in one community to B, that community to C."""
    version = version_make(published_at=now)
    first, second, third = schools
    area_make(version, first, "和平大道", (1, 99), parity="odd")
    area_make(version, second, "建设二路", community_id=COMMUNITY)
    area_make(version, third, community_id=COMMUNITY)
    return version


def found(address="", community=None, on=ON, stage=STAGE):
    hits = catchment_schools(stage=stage, on=on, community=community, address=address)
    return [(hit.school_code, hit.by) for hit in hits]


@pytest.mark.parametrize(
    ("address", "community", "expected"),
    [
        ("和平大道1号", None, [("A", "road")]),
        ("青山区和平大道９９号3栋", None, [("A", "road")]),
        ("和平大道99号", COMMUNITY, [("A", "road")]),  # the road beats the community
        ("和平大道100号", None, []),
        ("和平大道101号", None, []),
        ("和平大道2号", None, []),
        ("和平大道2号", COMMUNITY, [("C", "community")]),
        ("和平大道", COMMUNITY, [("C", "community")]),  # without a number nobody knows
        ("建设二路7号", None, [("B", "road")]),
        ("建设二路", None, [("B", "road")]),
        ("建设二路7号", COMMUNITY, [("B", "road")]),
        ("建设二路7号", OTHER_COMMUNITY, []),
        ("钢花小区3栋", COMMUNITY, [("C", "community")]),
        ("", COMMUNITY, [("C", "community")]),
        ("", OTHER_COMMUNITY, []),
        ("", None, []),
    ],
)
def test_a_road_with_its_numbers_beats_the_community(published, address, community, expected):
    assert found(address, community) == expected


def test_several_schools_of_one_place_are_all_answered_once(published, schools):
    area_make(published, schools[2], "和平大道")
    area_make(published, schools[2], "和平大道", (1, 9))
    area_make(published, schools[0], community_id=COMMUNITY)

    assert found("和平大道5号") == [("A", "road"), ("C", "road")]
    assert found("和平大道6号") == [("C", "road")]
    assert found("", COMMUNITY) == [("A", "community"), ("C", "community")]


def test_even_numbers_and_a_whole_side_of_a_road(published, schools):
    area_make(published, schools[0], "友谊大道", parity="even")

    assert [found(f"友谊大道{one}号") for one in (2, 3, 88)] == [[("A", "road")], [], [("A", "road")]]
    assert found("友谊大道") == []


def test_the_version_in_force_on_a_day_answers(schools, now):
    old = version_make(published_at=now, valid_from=dt.date(2025, 1, 1), valid_to=dt.date(2026, 1, 1))
    new = version_make(published_at=now, valid_from=dt.date(2026, 1, 1))
    draft = version_make(valid_from=dt.date(2025, 1, 1))
    other = version_make(published_at=now, stage="junior")
    for version, school in zip((old, new, draft, other), [*schools, schools[2]], strict=True):
        area_make(version, school, community_id=COMMUNITY)

    days = [dt.date(2024, 12, 31), dt.date(2025, 12, 31), dt.date(2026, 1, 1)]
    assert [found("", COMMUNITY, on=day) for day in days] == [[], [("A", "community")], [("B", "community")]]
    hit = catchment_schools(stage=STAGE, on=ON, community=COMMUNITY)[0]
    assert (hit.version_id, hit.version_name, hit.valid_from, hit.valid_to, hit.source) == (
        new.pk, new.name, new.valid_from, None, "示例",
    )  # fmt: skip


def test_it_takes_one_query_however_many_lines(published, schools, django_assert_num_queries):
    for number in range(20):
        area_make(published, schools[number % 3], "和平大道", (1, 99))

    with django_assert_num_queries(1):
        found("和平大道5号", COMMUNITY)
    with django_assert_num_queries(0):
        found("钢花小区")


# --- Publishing -----------------------------------------------------------------------------------------------------


def drafted(school, **given) -> CatchmentVersion:
    version = version_make(**given)
    area_make(version, school, community_id=COMMUNITY)
    return version


def publish(version, staff, now):
    return catchment_publish(version_id=version.pk, staff=staff, now=now)


def test_publishing_ends_the_open_older_version(published, schools, now):
    staff, version = staff_make(), drafted(schools[0], valid_from=dt.date(2026, 9, 1))

    publish(version, staff, now)

    published.refresh_from_db()
    version.refresh_from_db()
    assert (published.valid_to, version.published_at) == (dt.date(2026, 9, 1), now)
    assert found("", COMMUNITY, on=dt.date(2026, 8, 31)) == [("C", "community")]
    assert found("", COMMUNITY, on=dt.date(2026, 9, 1)) == [("A", "community")]
    assert LogEntry.objects.get().user_id == staff.pk


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ({"valid_to": dt.date(2027, 1, 1)}, {"valid_from": dt.date(2026, 9, 1)}),  # its end is decided
        ({}, {"valid_from": FIRST_DAY}),  # began on the same day
        ({"valid_from": dt.date(2026, 1, 1)}, {"valid_from": dt.date(2025, 6, 1)}),  # began later
    ],
)
def test_another_overlap_is_refused_and_nothing_is_written(schools, now, older, newer):
    held = version_make(published_at=now, **older)
    version = drafted(schools[0], **newer)

    with pytest.raises(CatchmentOverlaps):
        publish(version, staff_make(), now)

    assert CatchmentVersion.objects.get(pk=version.pk).published_at is None
    assert CatchmentVersion.objects.get(pk=held.pk).valid_to == older.get("valid_to")
    assert LogEntry.objects.count() == 0


def test_versions_that_only_touch_or_are_of_other_stages_do_not_overlap(schools, now):
    version_make(published_at=now, valid_to=dt.date(2026, 9, 1))
    version_make(published_at=now, stage="junior")
    version_make(published_at=now, valid_from=dt.date(2027, 9, 1))
    version = drafted(schools[0], valid_from=dt.date(2026, 9, 1), valid_to=dt.date(2027, 9, 1))

    assert publish(version, staff_make(), now).published_at == now


def test_what_is_not_ready_is_not_published(published, schools, now):
    staff = staff_make()
    empty = version_make(valid_from=dt.date(2026, 9, 1))
    mixed = drafted(school_make(stage="junior"), valid_from=dt.date(2026, 9, 1))

    for version, error in (
        (empty, CatchmentEmpty),
        (mixed, CatchmentStageMixed),
        (published, CatchmentPublished),
    ):
        with pytest.raises(error):
            publish(version, staff, now)
    with pytest.raises(CatchmentUnknown):
        catchment_publish(version_id=0, staff=staff, now=now)
    assert CatchmentVersion.objects.filter(published_at=None).count() == 2
    published.refresh_from_db()
    assert published.valid_to is None


def test_the_database_refuses_two_published_versions_on_one_day_whoever_asks(published, schools):
    version = drafted(schools[0], valid_from=dt.date(2026, 9, 1))

    with pytest.raises(IntegrityError, match="catchment_one_in_force"), transaction.atomic():
        CatchmentVersion.objects.filter(pk=version.pk).update(published_at=the_clock.now())
    with pytest.raises(IntegrityError, match="catchment_area_names_something"), transaction.atomic():
        CatchmentArea.objects.filter(version=version).update(community=None)


def test_two_who_publish_at_once_come_one_after_the_other(at_once):
    now, staff, school = the_clock.now(), staff_make(), school_make()
    versions = [drafted(school, valid_from=FIRST_DAY) for _each in range(2)]
    act = taking_turns(*[lambda one=one: publish(one, staff, now) for one in versions])

    answers = at_once(6, lambda: code_or("published", act))

    assert answers.count("published") == 1
    assert set(answers) == {"published", "catchment_published", "catchment_overlaps"}
    assert CatchmentVersion.objects.exclude(published_at=None).count() == 1


# --- Doors ----------------------------------------------------------------------------------------------------------


def test_everybody_can_ask_for_the_schools_of_a_home(published, anyone):
    answer = anyone.get(
        "schools/catchment", stage=STAGE, address="和平大道1号3栋", community=COMMUNITY, on="2026-03-10"
    )

    assert (answer.status_code, json.loads(answer.content)) == (
        200,
        [
            {
                "school": "示例小学A", "school_code": "A", "facility": None, "by": "road", "version": published.name,
                "valid_from": "2025-01-01", "valid_to": None, "source": "示例",
            }
        ],
    )  # fmt: skip
    assert json.loads(anyone.get("schools/catchment", stage="junior", community=COMMUNITY).content) == []


@pytest.mark.parametrize(
    ("query", "attr"),
    [
        ({"community": COMMUNITY}, "stage"),
        ({"stage": "university", "community": COMMUNITY}, "stage"),
        ({"stage": STAGE}, "address"),
        ({"stage": STAGE, "address": "\x00"}, "address"),
        ({"stage": STAGE, "address": "长" * 121}, "address"),
        ({"stage": STAGE, "community": "1" * 13}, "community"),
        ({"stage": STAGE, "community": COMMUNITY, "on": "20260310"}, "on"),
        ({"stage": STAGE, "community": COMMUNITY, "on": "2026-02-30"}, "on"),
        ({"stage": STAGE, "community": COMMUNITY, "on": "2026-W10"}, "on"),
    ],
)
def test_a_bad_question_is_named(db, anyone, query, attr):
    answer = anyone.get("schools/catchment", **query)

    assert (answer.status_code, code_of(answer), attr_of(answer)) == (400, "catchment_question_invalid", attr)


def test_an_address_is_in_no_line_of_the_log(published, anyone, caplog, capfd):
    with caplog.at_level(0):
        anyone.get("schools/catchment", stage=STAGE, address="和平大道1号")
        anyone.get("schools/catchment", stage="no", address="和平大道1号")

    written = caplog.text + "".join(capfd.readouterr())
    assert "和平大道" not in written
    assert "%E5%92%8C" not in written


def keeper_make(*names: str):
    staff = staff_make()
    staff.user_permissions.set(
        Permission.objects.filter(content_type__app_label="schools", codename__in=names)
    )
    return staff


def test_a_version_is_published_at_the_desk_by_a_post_and_stands(schools, now, desk):
    version = drafted(schools[0])
    page = f"/admin/schools/catchmentversion/{version.pk}/"
    keeper = desk(keeper_make("view_catchmentversion", "change_catchmentversion", "view_catchmentarea"))

    assert 'id="publish"' in keeper.get(f"{page}change/").content.decode()
    assert keeper.get(f"{page}publish/").status_code == 405
    assert desk(keeper_make("view_catchmentversion")).post(f"{page}publish/").status_code == 404
    assert CatchmentVersion.objects.get().published_at is None

    assert keeper.post(f"{page}publish/").status_code == 302
    assert CatchmentVersion.objects.get().published_at == now
    shown = keeper.get(f"{page}change/").content.decode()
    assert ('id="publish"' in shown, 'name="source"' in shown) == (False, False)
    keeper.post(f"{page}change/", {"name": "另一个", "stage": STAGE})
    assert CatchmentVersion.objects.get().name == version.name
    keeper.post(f"{page}publish/")
    assert LogEntry.objects.count() == 1


def test_lines_are_typed_at_the_desk_and_roads_that_fit_nobody_are_refused(schools, desk, db):
    version = version_make()
    rights = [f"{verb}_catchment{what}" for verb in ("view", "change", "add") for what in ("version", "area")]
    keeper = desk(keeper_make(*rights))
    form = {
        "name": version.name, "stage": STAGE, "valid_from": "2025-01-01", "valid_to": "", "source": "示例",
        "areas-TOTAL_FORMS": 1, "areas-INITIAL_FORMS": 0, "areas-0-school": "A", "areas-0-community": "",
        "areas-0-road": "青山区和平大道", "areas-0-number_from": "1", "areas-0-number_to": "9", "areas-0-parity": "odd",
    }  # fmt: skip
    page = f"/admin/schools/catchmentversion/{version.pk}/change/"

    assert keeper.post(page, form).status_code == 200
    assert CatchmentArea.objects.count() == 0
    assert keeper.post(page, form | {"areas-0-road": "和平大道"}).status_code == 302
    area = CatchmentArea.objects.get()
    assert (area.road, area.number_from, area.number_to, area.parity) == ("和平大道", 1, 9, "odd")
