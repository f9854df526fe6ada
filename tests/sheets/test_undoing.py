"""Undoing an import: what it changed is put back, what it made goes unless it is used, and nothing newer is lost."""

from __future__ import annotations

import datetime as dt

import pytest

from apps.accounts.models import Department
from apps.common import clock as project_clock
from apps.common.models import Community, Street
from apps.feedback.models import RoutingRule
from apps.sheets import services
from apps.sheets.errors import BatchMoveRefused, FourEyes, UndoExpired
from apps.sheets.models import ImportStep
from apps.sheets.states import Verb
from tests.sheets.conftest import OTHER_STREET, STREET, acted, csv_of, uploaded

NEW, NEXT = "420107900", "420107901"


@pytest.fixture
def imported(keeper):
    rows = [("code", "name"), (NEW, "示例街道"), (NEXT, "示例二街道"), (STREET, "改名街道")]
    return acted(uploaded(keeper, "streets", csv_of(rows)), Verb.COMMIT, keeper)


def test_undoing_puts_back_what_was_changed_and_takes_away_what_was_made(keeper):
    before = list(Street.objects.order_by("code").values())
    rows = [("code", "name", "selectable"), (NEW, "示例街道", "是"), (STREET, "改名街道", "否")]
    done = acted(uploaded(keeper, "streets", csv_of(rows)), Verb.COMMIT, keeper)

    undone = acted(done, Verb.UNDO, keeper)

    assert (undone.state, undone.undone_by) == ("undone", keeper)
    assert list(Street.objects.order_by("code").values()) == before
    assert list(ImportStep.objects.order_by("id").values_list("verb", "staff", "counts"))[-2:] == [
        ("undo", keeper.pk, {}), ("undo_end", None, {"restored": 1, "removed": 1, "kept": 0}),
    ]  # fmt: skip


def test_a_made_row_that_is_used_stays_with_what_it_refers_to_and_is_reported(keeper):
    rows = [
        ("code", "name", "replaced_by"),
        (NEW, "示例街道", ""),
        (NEXT, "示例二街道", NEW),
        ("420107902", "示例三街道", ""),
    ]
    done = acted(uploaded(keeper, "streets", csv_of(rows)), Verb.COMMIT, keeper)
    Community.objects.create(code="420107901001", street_id=NEXT, name="示例社区")

    undone = acted(done, Verb.UNDO, keeper)

    assert undone.state == "undone"
    assert set(Street.objects.filter(code__startswith="4201079").values_list("code", flat=True)) == {
        NEW,
        NEXT,
    }
    assert list(undone.rows.exclude(fate="").order_by("line").values_list("key", "fate")) == [
        (NEW, "kept"), (NEXT, "kept"),
    ]  # fmt: skip


def test_a_street_that_a_rule_names_by_its_code_counts_as_used(imported, keeper):
    RoutingRule.objects.create(name="示例", to_street=True, streets=[NEW], valid_from="2026-01-01")

    undone = acted(imported, Verb.UNDO, keeper)

    assert list(Street.objects.filter(code__in=[NEW, NEXT]).values_list("code", flat=True)) == [NEW]
    assert list(undone.rows.exclude(fate="").values_list("key", flat=True)) == [NEW]


def test_a_row_changed_since_refuses_the_undoing_as_a_whole_and_is_listed(imported, keeper):
    Street.objects.filter(code=STREET).update(name="后来改名")

    refused = acted(imported, Verb.UNDO, keeper)

    assert (refused.state, Street.objects.filter(code__in=[NEW, NEXT]).count()) == ("done", 2)
    assert Street.objects.get(code=STREET).name == "后来改名"
    assert list(refused.rows.exclude(fate="").values_list("key", "fate")) == [(STREET, "conflict")]
    assert ImportStep.objects.get(verb="undo_refuse").counts == {"conflict": 1}


def test_a_refused_undoing_can_be_tried_again_once_the_row_is_as_the_import_left_it(imported, keeper):
    Street.objects.filter(code=STREET).update(name="后来改名")
    acted(imported, Verb.UNDO, keeper)
    Street.objects.filter(code=STREET).update(name="改名街道")

    undone = acted(imported, Verb.UNDO, keeper)

    assert (undone.state, undone.rows.exclude(fate="").exists()) == ("undone", False)


def test_units_that_an_import_made_are_put_out_of_use_and_not_deleted(keeper, second):
    rows = [
        ("code", "name", "short", "kind", "parent"),
        ("ZA", "示例一局", "一局", "district", ""),
        ("ZB", "示例二所", "二所", "district", "ZA"),
    ]
    batch = uploaded(keeper, "units", csv_of(rows))
    acted(batch, Verb.APPROVE, second)
    done = acted(batch, Verb.COMMIT, keeper)

    undone = acted(done, Verb.UNDO, second)

    assert undone.state == "undone"
    assert list(Department.objects.filter(code__in=["ZA", "ZB"]).values_list("is_active", flat=True)) == [
        False,
        False,
    ]


def test_what_took_two_people_is_not_undone_by_the_one_who_uploaded_it(keeper, second):
    rows = [("code", "name", "short", "kind"), ("ZA", "示例一局", "一局", "district")]
    batch = uploaded(keeper, "units", csv_of(rows))
    acted(batch, Verb.APPROVE, second)
    done = acted(batch, Verb.COMMIT, keeper)

    with pytest.raises(FourEyes):
        acted(done, Verb.UNDO, keeper)
    assert Department.objects.get(code="ZA").is_active


def test_only_an_import_that_was_done_can_be_undone_once_and_within_180_days(imported, keeper):
    with pytest.raises(UndoExpired):
        services.batch_act(
            batch_id=imported.id,
            verb=Verb.UNDO,
            staff=keeper,
            now=project_clock.now() + dt.timedelta(days=181),
        )
    waiting = uploaded(keeper, "streets", csv_of([("code", "name"), (OTHER_STREET, "改名")]))
    with pytest.raises(BatchMoveRefused):
        acted(waiting, Verb.UNDO, keeper)
    acted(imported, Verb.UNDO, keeper)
    with pytest.raises(BatchMoveRefused):
        acted(imported, Verb.UNDO, keeper)
