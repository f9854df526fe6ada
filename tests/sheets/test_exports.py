"""Tables that leave: with a right of their own, a log row, inert cells; personal columns with a reason and a watermark."""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import replace

import openpyxl
import pytest
from django.db import IntegrityError, connection, transaction

from apps.common import clock as project_clock
from apps.common.models import Street
from apps.common.sheets import _registry, sheet_of, sheets_all
from apps.schools.models import Application, EducationCommunity
from apps.sheets import services
from apps.sheets.errors import ExportTooLarge, ReasonNeeded, SheetRefused, SheetRightMissing
from apps.sheets.models import ExportLog
from tests.factories.people import policy_now
from tests.factories.places import place_make
from tests.factories.schools import family_make, round_make
from tests.factories.schools_ground import area_make, version_make
from tests.sheets.conftest import STREET, counts, csv_of, uploaded

XLSX, CSV = ExportLog.Format.XLSX, ExportLog.Format.CSV


def exported(staff, kind="streets", format=CSV, **more) -> bytes:
    export = services.sheet_export(kind=kind, format=format, staff=staff, now=project_clock.now(), **more)
    with export.file:
        return export.file.read()


def schools_make(resident) -> None:
    """Make a school of a community with an area in the version that is being prepared, and an application with points."""
    now = project_clock.now()
    policy_now()
    held = round_make(now=now, places={"s1": 1}, starts_on=(now + dt.timedelta(days=200)).date())
    family_make(held, ["s1"], now=now, resident=resident)
    school = held.intakes["s1"].school
    school.community = EducationCommunity.objects.create(name="演示教联体")
    school.save()
    area_make(version_make(), school, "和平大道", (1, 99))
    Application.objects.update(points=12)


@pytest.fixture
def personal(monkeypatch):
    """Streets, as if who they are named for were a matter of persons."""
    kind = replace(sheet_of("streets"), personal=frozenset({"source"}))
    monkeypatch.setitem(_registry.kinds, "streets", kind)
    return kind


def test_a_csv_has_the_mark_of_utf_8_chinese_headers_and_a_row_for_each(keeper):
    raw = exported(keeper)

    lines = raw.decode("utf-8-sig").splitlines()
    assert (raw[:3], lines[0][:8]) == (b"\xef\xbb\xbf", "代码,名称,拼音")
    assert len(lines) == 1 + Street.objects.count()
    log = ExportLog.objects.get()
    assert (log.kind, log.format, log.rows, log.staff, log.personal, log.reason) == (
        "streets", "csv", Street.objects.count(), keeper, False, "",
    )  # fmt: skip


ONLY_OUT = {"enrolled-children"}  # children are enrolled at the desk


def test_every_table_that_goes_out_comes_back_unchanged(keeper, resident):
    place_make(staff=keeper, resident_id=resident.resident_id)
    schools_make(resident)
    for kind in sheets_all():
        if kind.key in ONLY_OUT:
            continue
        for format in ExportLog.Format:
            total = kind.resource._meta.model.objects.count()
            raw = exported(keeper, kind.key, format)
            assert counts(uploaded(keeper, kind.key, raw)) == (0, 0, total, 0), kind.key


def test_a_table_leaves_only_with_the_right_to_it_and_to_exports(keeper, staff):
    from django.contrib.auth.models import Permission

    head, changer = staff("desk_head"), staff("editor")
    changer.user_permissions.add(Permission.objects.get(codename="change_street"))

    for person in (head, changer):
        with pytest.raises(SheetRightMissing):
            exported(person)
    with pytest.raises(SheetRightMissing):
        exported(keeper, "no-such-table")
    assert ExportLog.objects.count() == 0


def test_personal_columns_stay_in_unless_asked_for_with_the_right_and_a_reason(personal, keeper, staff):
    from django.contrib.auth.models import Permission

    Street.objects.filter(code=STREET).update(source="某某")
    other = staff("reviewer_final")
    other.user_permissions.add(Permission.objects.get(codename="change_street"))

    assert "某某" not in exported(keeper).decode()
    with pytest.raises(ReasonNeeded):
        exported(keeper, personal=True, reason=" ")
    with pytest.raises(SheetRightMissing):
        exported(other, personal=True, reason="核对")
    assert list(ExportLog.objects.values_list("personal", "reason")) == [(False, "")]

    text = exported(keeper, personal=True, reason="=核对来源").decode()
    assert "某某" in text
    last = text.splitlines()[-1]
    assert (keeper.username in last, "'=核对来源" in last) == (True, True)
    log = ExportLog.objects.get(personal=True)
    assert (log.reason, "source" in log.columns, log.staff) == ("=核对来源", True, keeper)


def test_a_workbook_with_personal_data_says_on_a_sheet_of_its_own_who_took_it_out_and_why(personal, keeper):
    book = openpyxl.load_workbook(io.BytesIO(exported(keeper, format=XLSX, personal=True, reason="核对来源")))

    record = [row[0] for row in book.worksheets[1].values]
    assert (record[1], record[2], record[4]) == (str(keeper), keeper.username, "核对来源")
    assert len(openpyxl.load_workbook(io.BytesIO(exported(keeper, format=XLSX))).worksheets) == 1


def test_a_personal_column_never_comes_in_by_a_file(personal, keeper):
    with pytest.raises(SheetRefused):
        uploaded(keeper, "streets", csv_of([("code", "source"), (STREET, "x")]))


def test_a_table_too_large_leaves_nothing_and_is_not_logged(keeper, monkeypatch):
    monkeypatch.setattr("apps.sheets.services.exports.ROWS_MOST", 2)

    with pytest.raises(ExportTooLarge):
        exported(keeper)
    assert ExportLog.objects.count() == 0


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("UPDATE sheets_exportlog SET rows = 0", "append-only"),
        ("DELETE FROM sheets_exportlog", "append-only"),
        (
            "INSERT INTO sheets_exportlog (id, kind, format, columns, personal, reason, rows, staff_id, at)"
            " SELECT gen_random_uuid(), kind, format, columns, TRUE, '', rows, staff_id, at FROM sheets_exportlog",
            "export_log_reason",
        ),
    ],
)
def test_the_database_keeps_the_log_whole(keeper, statement, rule):
    exported(keeper)

    with pytest.raises(IntegrityError, match=rule), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
