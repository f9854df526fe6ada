"""Importing exactly what was previewed: all rows or none, with a second person where the table asks for one."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from apps.accounts.models import Department
from apps.common.models import CalendarDay, Community, Street
from apps.feedback.models import Category
from apps.news.models import Column
from apps.sheets import services
from apps.sheets.errors import (
    BatchMoveRefused,
    FourEyes,
    LinesRefused,
    NothingToImport,
    SecondPersonNeeded,
    SheetRightMissing,
)
from apps.sheets.models import ImportBatch, ImportFile, ImportStep
from apps.sheets.states import Verb
from tests.sheets.conftest import OTHER_STREET, STREET, acted, csv_of, uploaded

NEW = "420107900"


@pytest.fixture
def two_streets(keeper) -> ImportBatch:
    return uploaded(keeper, "streets", csv_of([("code", "name"), (NEW, "示例街道"), (STREET, "改名街道")]))


def names() -> dict[str, str]:
    return dict(Street.objects.filter(code__in=[NEW, STREET]).values_list("code", "name"))


def test_an_import_writes_what_was_previewed_and_is_recorded_with_counts(two_streets, keeper):
    other = Street.objects.get(code=STREET)

    done = acted(two_streets, Verb.COMMIT, keeper)

    assert (done.state, names()) == ("done", {NEW: "示例街道", STREET: "改名街道"})
    after = Street.objects.get(code=STREET)
    assert (after.pinyin, after.selectable, after.valid_from) == (
        other.pinyin,
        other.selectable,
        other.valid_from,
    )
    assert list(ImportStep.objects.filter(batch=done).order_by("id").values_list("verb", "staff", "counts"))[-2:] == [
        ("commit", keeper.pk, {}), ("finish", None, {"new": 1, "changed": 1}),
    ]  # fmt: skip
    assert not ImportFile.objects.exists()


def test_processes_hear_of_an_import_and_a_calendar_has_the_deadlines_computed_anew(
    keeper, second, monkeypatch, django_capture_on_commit_callbacks
):
    told: list[str] = []
    monkeypatch.setattr("apps.sheets.services.rows.announce", told.append)
    monkeypatch.setattr(
        "apps.sheets.services.rows.send_after_commit", lambda name, **more: told.append(f"{name} {more}")
    )
    day = CalendarDay.objects.order_by("on").first()
    acted(uploaded(keeper, "calendar", csv_of([("on", "name"), (day.on, "改名")])), Verb.COMMIT, keeper)
    category = Category.objects.exclude(parent=None).first()
    acted(
        uploaded(keeper, "categories", csv_of([("code", "name"), (category.code, "改名")])),
        Verb.COMMIT,
        keeper,
    )

    assert told == [
        "reference", "feedback.deadlines_recompute {'lane': 'periodic', 'countdown_s': 30}", "reference", "board",
    ]  # fmt: skip


def test_a_row_that_somebody_changed_since_the_preview_is_not_overwritten_and_stops_the_whole(
    two_streets, keeper
):
    Street.objects.filter(code=STREET).update(pinyin="by someone else")

    refused = acted(two_streets, Verb.COMMIT, keeper)

    assert (refused.state, NEW in names(), names()[STREET] == "改名街道") == ("refused", False, False)
    assert list(refused.rows.exclude(fate="").values_list("line", "key", "fate")) == [(3, STREET, "conflict")]
    assert ImportStep.objects.get(batch=refused, verb="refuse").counts == {"conflict": 1}
    assert not ImportFile.objects.exists()


@pytest.mark.parametrize("what", ["added", "deleted"])
def test_a_row_that_somebody_added_or_deleted_since_the_preview_is_a_conflict(keeper, what):
    code = "420107900001"
    if what == "deleted":
        Community.objects.create(code=code, street_id=STREET, name="旧名社区")
    batch = uploaded(keeper, "communities", csv_of([("code", "street", "name"), (code, STREET, "示例社区")]))
    if what == "deleted":
        Community.objects.filter(code=code).delete()
    else:
        Community.objects.create(code=code, street_id=STREET, name="别人的社区")

    refused = acted(batch, Verb.COMMIT, keeper)

    assert (refused.state, refused.rows.get().fate) == ("refused", "conflict")
    assert list(Community.objects.filter(code=code).values_list("name", flat=True)) == (
        [] if what == "deleted" else ["别人的社区"]
    )


def test_a_rule_of_the_database_stops_the_whole_and_is_named(keeper, monkeypatch):
    from dataclasses import replace

    from apps.common.sheets import _registry, sheet_of

    monkeypatch.setitem(_registry.kinds, "streets", replace(sheet_of("streets"), check=None))
    batch = uploaded(
        keeper, "streets",
        csv_of([
            ("code", "name", "valid_from", "valid_to"), (NEW, "示例街道", "", ""), (STREET, "改名", "2026-02-01", "2026-01-01"),
        ]),
    )  # fmt: skip

    refused = acted(batch, Verb.COMMIT, keeper)

    assert (refused.state, NEW in names(), "street_validity" in refused.note) == ("refused", False, True)


def test_lines_that_are_refused_stop_an_import_and_so_does_a_file_that_changes_nothing(keeper):
    held = Street.objects.get(code=STREET)
    wrong = uploaded(keeper, "streets", csv_of([("code", "name"), (NEW, "示例街道"), (STREET, "")]))
    same = uploaded(keeper, "streets", csv_of([("code", "name"), (STREET, held.name)]))

    with pytest.raises(LinesRefused):
        acted(wrong, Verb.COMMIT, keeper)
    with pytest.raises(NothingToImport):
        acted(same, Verb.COMMIT, keeper)
    assert (NEW in names(), ImportStep.objects.filter(verb="commit").exists()) == (False, False)


def test_units_with_a_parent_in_the_same_file_are_written_parent_first(keeper, second):
    batch = uploaded(
        keeper, "units",
        csv_of([
            ("代码", "名称", "简称", "类别", "上级单位"),
            ("ZA", "示例一局", "一局", "district", "CG"), ("ZB", "示例二所", "二所", "district", "ZA"),
        ]),
    )  # fmt: skip
    acted(batch, Verb.APPROVE, second)

    assert acted(batch, Verb.COMMIT, keeper).state == "done"
    assert list(Department.objects.filter(code__in=["ZA", "ZB"]).order_by("code").values_list("code", "parent__code")) == [
        ("ZA", "CG"), ("ZB", "ZA"),
    ]  # fmt: skip


def test_columns_are_written_with_the_path_that_follows_from_their_parent(keeper, second):
    batch = uploaded(
        keeper, "columns",
        csv_of([("slug", "name", "parent"), ("sheet-top", "示例栏目", ""), ("sheet-low", "示例子栏目", "sheet-top")]),
    )  # fmt: skip
    acted(batch, Verb.APPROVE, second)

    assert acted(batch, Verb.COMMIT, keeper).state == "done"
    assert list(Column.objects.filter(slug__startswith="sheet-").order_by("path").values_list("path", flat=True)) == [
        "/sheet-top/", "/sheet-top/sheet-low/",
    ]  # fmt: skip


# --- Two people ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def guarded(keeper) -> ImportBatch:
    category = Category.objects.exclude(parent=None).order_by("code").first()
    return uploaded(
        keeper,
        "categories",
        csv_of([("code", "sensitive"), (category.code, "否" if category.sensitive else "是")]),
    )


def test_a_guarded_column_needs_a_second_person_whoever_uploaded_it(guarded, keeper, second):
    with pytest.raises(SecondPersonNeeded):
        acted(guarded, Verb.COMMIT, keeper)
    with pytest.raises(SecondPersonNeeded):
        acted(guarded, Verb.COMMIT, second)
    with pytest.raises(FourEyes):
        acted(guarded, Verb.APPROVE, keeper)
    approved = acted(guarded, Verb.APPROVE, second)

    assert (approved.state, approved.approved_by) == ("approved", second)
    assert acted(guarded, Verb.COMMIT, keeper).state == "done"


def test_a_superuser_can_not_approve_what_they_uploaded(keeper):
    keeper.is_superuser = True
    keeper.save(update_fields=["is_superuser"])
    category = Category.objects.exclude(parent=None).first()
    batch = uploaded(
        keeper,
        "categories",
        csv_of([("code", "sensitive"), (category.code, "否" if category.sensitive else "是")]),
    )

    with pytest.raises(FourEyes):
        acted(batch, Verb.APPROVE, keeper)
    batch.refresh_from_db()
    assert (batch.state, batch.approved_by) == ("previewed", None)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("approved_by_id = uploaded_by_id", "import_four_eyes"),
        ("state = 'running'", "import_second_person"),
        ("undone_by_id = uploaded_by_id", "import_undo_four_eyes"),
        ("refused = 1, state = 'approved'", "import_no_refused_line"),
        ("state = 'other'", "import_batch_state"),
    ],
)
def test_the_database_refuses_to_go_round_the_second_person(guarded, change, rule):
    with pytest.raises(IntegrityError, match=rule), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE sheets_importbatch SET {change}")


@pytest.mark.parametrize(
    "statement", ["UPDATE sheets_importstep SET verb = 'undo'", "DELETE FROM sheets_importstep"]
)
def test_steps_are_never_rewritten(guarded, statement):
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


DIRECTORY = {"places", "place-hours", "place-services", "services"}
SCHOOLS = {"education-communities", "schools", "catchment-areas", "application-points", "enrolled-children"}


@pytest.mark.parametrize(
    ("role", "may"),
    [
        (
            "administrator",
            {"streets", "communities", "calendar", "units", "columns", "categories", *DIRECTORY, *SCHOOLS},
        ),
        ("desk_head", {"categories"}), ("reviewer_final", {"columns"}), ("editor", set()), ("intake_clerk", set()),
        ("handler", set()), ("supervisor", set()), ("auditor", set()), ("service_operator", DIRECTORY),
    ],
)  # fmt: skip
def test_each_role_imports_the_tables_that_it_may_change_and_no_others(staff, role, may):
    from apps.common.sheets import sheets_all

    person = staff(role, unit="CG")
    open_to = set()
    for kind in sheets_all():
        key = kind.resource.key_name()
        try:
            services.batch_upload(
                kind=kind.key, file_name="t.csv", raw=csv_of([(key,), ("2031-01-01" if key == "on" else "zz",)]),
                staff=person, now=kind_now(),
            )  # fmt: skip
            open_to.add(kind.key)
        except SheetRightMissing:
            pass
    assert open_to == may
    assert ImportBatch.objects.count() == len(may)


def kind_now():
    from apps.common import clock

    return clock.now()


def test_whoever_may_not_change_the_table_can_not_decide_about_its_import(two_streets, staff):
    for verb in (Verb.COMMIT, Verb.DISCARD, Verb.APPROVE, Verb.UNDO):
        with pytest.raises(SheetRightMissing):
            acted(two_streets, verb, staff("desk_head"))
    assert names()[STREET] != "改名街道"


def test_what_is_thrown_away_can_not_be_imported_and_its_file_is_gone(two_streets, keeper):
    assert acted(two_streets, Verb.DISCARD, keeper).state == "discarded"
    with pytest.raises(BatchMoveRefused):
        acted(two_streets, Verb.COMMIT, keeper)
    assert (NEW in names(), ImportFile.objects.exists()) == (False, False)


def test_an_import_done_is_not_done_again(two_streets, keeper):
    acted(two_streets, Verb.COMMIT, keeper)

    with pytest.raises(BatchMoveRefused):
        acted(two_streets, Verb.COMMIT, keeper)
    services.batch_run(batch_id=two_streets.id, now=kind_now())
    assert ImportStep.objects.filter(verb="finish").count() == 1


def test_the_street_of_another_table_is_found_by_its_code(keeper):
    code = "420107900001"
    batch = uploaded(
        keeper,
        "communities",
        csv_of([("code", "street", "name", "is_village"), (code, OTHER_STREET, "示例村", "true")]),
    )
    acted(batch, Verb.COMMIT, keeper)

    assert Community.objects.filter(code=code).values_list("street_id", "name", "is_village").get() == (
        OTHER_STREET, "示例村", True,
    )  # fmt: skip
