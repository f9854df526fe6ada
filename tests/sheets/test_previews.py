"""What importing a file would do: line by line, nothing written, few statements."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Department
from apps.common.models import CalendarDay, Community, Street
from apps.sheets.models import ImportBatch, ImportFile, ImportRow, ImportStep
from apps.sheets.states import BatchState
from tests.sheets.conftest import COMMUNITY, OTHER_STREET, STREET, counts, csv_of, errors, uploaded, xlsx_of


def street_rows(*rows):
    return csv_of([("代码", "名称", "拼音"), *rows])


def test_a_preview_tells_new_changed_unchanged_and_refused_lines_apart_and_writes_nothing(keeper):
    before = list(Street.objects.order_by("code").values())
    held = Street.objects.get(code=STREET)

    batch = uploaded(
        keeper, "streets",
        street_rows(
            (STREET, held.name, held.pinyin), (OTHER_STREET, "新名称", "xin"), ("420107900", "示例街道", ""),
            ("420107901", "名" * 41, ""),
        ),
    )  # fmt: skip

    assert (batch.state, counts(batch), batch.lines) == ("previewed", (1, 1, 1, 1), 4)
    assert [(row.line, row.key, row.sort) for row in batch.rows.order_by("line")] == [
        (2, STREET, "unchanged"), (3, OTHER_STREET, "changed"), (4, "420107900", "new"), (5, "420107901", "refused"),
    ]  # fmt: skip
    changed = batch.rows.get(sort="changed")
    assert {name for name in changed.after if changed.after[name] != changed.before[name]} == {
        "name",
        "pinyin",
    }
    assert (changed.after["name"], changed.before["name"]) == (
        "新名称", Street.objects.get(code=OTHER_STREET).name,
    )  # fmt: skip
    assert errors(batch) == [(5, [["name", "确保该变量包含不超过 40 字符 (目前字符数 41)。"]])]
    assert list(Street.objects.order_by("code").values()) == before


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_is_read_in_each_encoding_that_spreadsheet_programs_write(keeper, encoding):
    batch = uploaded(
        keeper, "streets", csv_of([("代码", "名称"), ("420107900", "钢都示例街道")], encoding=encoding)
    )

    assert (counts(batch), batch.rows.get().after["name"]) == ((1, 0, 0, 0), "钢都示例街道")


def test_a_workbook_is_read_with_numbers_dates_and_codes_for_headers(keeper):
    import datetime as dt

    rows = [
        ("code", "street", "name", "is_village", "valid_from"),
        (420107900001, int(STREET), "示例社区", "是", dt.date(2026, 1, 31)),
    ]
    batch = uploaded(keeper, "communities", xlsx_of(rows), "t.xlsx")

    assert counts(batch) == (1, 0, 0, 0)
    assert batch.rows.get().after == {
        "code": "420107900001", "street": STREET, "name": "示例社区", "pinyin": "", "is_village": True,
        "selectable": True, "valid_from": "2026-01-31", "valid_to": None, "replaced_by": None,
    }  # fmt: skip


def test_a_line_of_another_kind_of_value_is_refused_with_its_column_and_what_to_write(keeper):
    batch = uploaded(
        keeper, "calendar",
        csv_of([
            ("日期", "类别", "节假日", "状态", "来源"),
            ("2031-13-01", "off", "示例", "provisional", "x"), ("2031-01-02", "周末", "示例", "provisional", "x"),
            ("", "off", "示例", "provisional", "x"), ("2031年1月4日", "off", "示例", "provisional", ""),
        ]),
    )  # fmt: skip

    assert counts(batch) == (0, 0, 0, 4)
    assert [(line, [column for column, _text in found]) for line, found in errors(batch)] == [
        (2, ["on"]), (3, ["kind"]), (4, ["on"]), (5, ["source"]),
    ]  # fmt: skip
    assert errors(batch)[3][1][0][1] == "此字段不能为空。"


def test_a_flag_that_is_empty_is_refused_because_it_could_mean_either(keeper):
    batch = uploaded(keeper, "streets", csv_of([("code", "selectable"), (STREET, "")]))

    assert [(line, found[0][0]) for line, found in errors(batch)] == [(2, "selectable")]
    assert "是" in errors(batch)[0][1][0][1]


def test_the_same_key_twice_in_a_file_refuses_the_second_line(keeper):
    batch = uploaded(keeper, "streets", street_rows(("420107900", "甲", ""), ("420107900", "乙", "")))

    assert (counts(batch), [line for line, _found in errors(batch)]) == ((1, 0, 0, 1), [3])


def test_a_reference_must_be_there_or_come_earlier_in_the_file(keeper):
    batch = uploaded(
        keeper, "units",
        csv_of([
            ("code", "name", "short", "kind", "parent"),
            ("ZA", "示例一局", "一局", "district", "ZB"), ("ZB", "示例二局", "二局", "district", ""),
            ("ZC", "示例三局", "三局", "district", "ZB"), ("ZD", "示例四局", "四局", "district", "CG"),
        ]),
    )  # fmt: skip

    assert (counts(batch), [(line, found[0][0]) for line, found in errors(batch)]) == (
        (3, 0, 0, 1), [(2, "parent")],
    )  # fmt: skip


def test_a_tree_that_would_lead_back_to_itself_is_refused(keeper):
    first, second = Department.objects.filter(parent=None).order_by("code")[:2]
    batch = uploaded(
        keeper, "units",
        csv_of([("code", "parent"), (first.code, second.code), (second.code, first.code)]),
    )  # fmt: skip

    assert (counts(batch), [(line, found[0][0]) for line, found in errors(batch)]) == (
        (0, 0, 0, 2), [(2, "parent"), (3, "parent")],
    )  # fmt: skip


def test_dates_out_of_order_and_a_sub_category_without_a_lead_are_refused(keeper):
    streets = uploaded(
        keeper, "streets", csv_of([("code", "valid_from", "valid_to"), (STREET, "2026-02-01", "2026-02-01")])
    )
    group = csv_of([("code", "name", "parent", "valid_from"), ("Z9", "示例", "01", "2026-01-01")])
    from apps.feedback.models import Category

    group = group.replace(b",01,", f",{Category.objects.filter(parent=None).first().code},".encode())
    categories = uploaded(keeper, "categories", group)

    assert [(line, [c for c, _t in found]) for line, found in errors(streets)] == [(2, ["valid_to"])]
    assert [(line, [c for c, _t in found]) for line, found in errors(categories)] == [
        (2, ["lead", "profile_code"])
    ]


def test_a_new_row_without_a_column_it_needs_is_refused_and_a_row_that_is_there_keeps_what_the_file_leaves_out(
    keeper,
):
    batch = uploaded(
        keeper, "streets", csv_of([("code", "pinyin"), ("420107900", "x"), (STREET, "xin pin yin")])
    )

    assert (counts(batch), [(line, found[0][0]) for line, found in errors(batch)]) == (
        (0, 1, 0, 1),
        [(2, "name")],
    )
    assert batch.rows.get(sort="changed").after["name"] == Street.objects.get(code=STREET).name


def test_a_column_by_column_preview_knows_whether_a_second_person_is_needed(keeper):
    day = CalendarDay.objects.order_by("on").first()
    name = uploaded(keeper, "calendar", csv_of([("on", "name"), (day.on, "改名")]))
    kind = uploaded(
        keeper, "calendar", csv_of([("on", "kind"), (day.on, "workday" if day.kind == "off" else "off")])
    )
    new = uploaded(
        keeper, "calendar",
        csv_of([("on", "kind", "name", "status", "source"), ("2031-01-01", "off", "示例", "provisional", "x")]),
    )  # fmt: skip

    assert [(one.needs_second, one.guarded) for one in (name, kind, new)] == [
        (False, []), (True, ["kind"]), (True, ["kind"]),
    ]  # fmt: skip


def test_more_rows_than_the_table_allows_one_person_need_a_second(keeper):
    def rows(count: int) -> bytes:
        return csv_of([COMMUNITY, *((f"4201079{n:05d}", STREET, f"示例{n}", "是") for n in range(count))])

    assert [uploaded(keeper, "communities", rows(count)).needs_second for count in (200, 201)] == [
        False,
        True,
    ]


def test_unchanged_rows_take_at_most_three_statements_for_each_hundred(keeper):
    Community.objects.bulk_create(
        Community(code=f"4201079{n:05d}", street_id=STREET, name=f"示例{n}") for n in range(1500)
    )

    def statements(count: int) -> int:
        raw = csv_of([COMMUNITY, *((f"4201079{n:05d}", STREET, f"示例{n}", "是") for n in range(count))])
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert counts(uploaded(keeper, "communities", raw)) == (0, 0, count, 0)
        return len(seen)

    statements(1)
    few, many = statements(500), statements(1500)
    assert (many - few) / 10 <= 3
    assert many - few == 10


def test_a_file_is_kept_encrypted_with_its_checksum_and_who_brought_it_until_it_is_decided_about(keeper):
    raw = street_rows(("420107900", "示例街道", ""))
    batch = uploaded(keeper, "streets", raw, "C:\\desk\\街道 2026.csv")
    import base64
    import hashlib

    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM sheets_importfile")
        stored = bytes(cursor.fetchone()[0])
    assert (batch.file_name, batch.sha256, batch.size_bytes) == (
        "街道 2026.csv", hashlib.sha256(raw).hexdigest(), len(raw),
    )  # fmt: skip
    assert base64.b64decode(ImportFile.objects.get().content) == raw
    assert base64.b64encode(raw) not in stored
    assert list(ImportStep.objects.order_by("id").values_list("verb", "staff", "target")) == [
        ("upload", keeper.pk, "uploaded"), ("preview", None, "previewing"), ("preview_end", None, "previewed"),
    ]  # fmt: skip
    assert ImportStep.objects.get(verb="preview_end").counts == {
        "lines": 1, "new": 1, "changed": 0, "unchanged": 0, "refused": 0,
    }  # fmt: skip


def test_only_lines_that_write_have_images(keeper):
    uploaded(keeper, "streets", street_rows((STREET, "", ""), ("420107900", "示例街道", "")))

    assert list(ImportRow.objects.order_by("line").values_list("sort", "before", "after__name")) == [
        ("refused", None, None), ("new", None, "示例街道"),
    ]  # fmt: skip
    assert ImportBatch.objects.get().state == BatchState.PREVIEWED
