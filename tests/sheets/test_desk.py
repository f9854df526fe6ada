"""Imports and exports at the desk, over HTTP."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from apps.common.models import Street
from apps.feedback.models import Category
from apps.sheets.models import ExportLog, ImportBatch
from tests.guards.test_messages import english
from tests.sheets.conftest import STREET, csv_of, uploaded

ADD, LIST = reverse("admin:sheets_importbatch_add"), reverse("admin:sheets_importbatch_changelist")


def page(batch) -> str:
    return reverse("admin:sheets_importbatch_change", args=[batch.pk])


def act(batch, verb) -> str:
    return reverse("admin:sheets_batch_act", args=[batch.pk, verb])


def sent(browser, kind: str, raw: bytes):
    return browser.post(ADD, {"kind": kind, "file": SimpleUploadedFile("街道.csv", raw)})


@pytest.fixture
def batch(keeper) -> ImportBatch:
    return uploaded(
        keeper, "streets", csv_of([("code", "name"), ("420107900", "示例街道"), (STREET, "改名<b>")])
    )


def test_a_file_is_uploaded_looked_at_imported_and_undone_at_the_desk(keeper, desk):
    browser, old = desk(keeper), Street.objects.get(code=STREET).name
    answer = sent(
        browser, "streets", csv_of([("code", "name"), ("420107900", "示例街道"), (STREET, "改名<b>")])
    )
    batch = ImportBatch.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, page(batch))

    shown = browser.get(page(batch)).content.decode()
    assert (f"<del>{old}</del> → <ins>改名&lt;b&gt;</ins>" in shown, act(batch, "commit") in shown) == (
        True,
        True,
    )
    assert act(batch, "approve") not in shown
    assert "示例街道" in browser.get(page(batch), {"sort": "new"}).content.decode()

    assert browser.post(act(batch, "commit")).status_code == 302
    assert Street.objects.get(code=STREET).name == "改名<b>"
    assert act(batch, "undo") in browser.get(page(batch)).content.decode()
    assert browser.post(act(batch, "undo")).status_code == 302
    assert Street.objects.get(code=STREET).name == old


def test_a_bad_file_shows_the_form_again_with_the_reason_and_keeps_nothing(keeper, desk):
    answer = sent(desk(keeper), "streets", b"\x89PNG\x00")

    assert (answer.status_code, 'role="alert"' in answer.content.decode()) == (400, True)
    assert ImportBatch.objects.count() == 0


def test_a_refused_line_names_its_line_and_column_and_there_is_nothing_to_import(keeper, desk):
    batch = uploaded(keeper, "streets", csv_of([("code", "name"), (STREET, "名" * 41)]))

    shown = desk(keeper).get(page(batch)).content.decode()
    assert ("名称" in shown, "确保该变量包含不超过 40 字符" in shown) == (True, True)
    assert (act(batch, "commit") in shown, act(batch, "discard") in shown) == (False, True)


def test_the_second_person_sees_the_button_and_the_first_does_not(keeper, second, desk):
    category = Category.objects.exclude(parent=None).first()
    raw = csv_of([("code", "sensitive"), (category.code, "否" if category.sensitive else "是")])
    batch = uploaded(keeper, "categories", raw)

    assert act(batch, "approve") not in desk(keeper).get(page(batch)).content.decode()
    assert act(batch, "approve") in desk(second).get(page(batch)).content.decode()
    desk(keeper).post(act(batch, "approve"))
    batch.refresh_from_db()
    assert batch.state == "previewed"
    desk(second).post(act(batch, "approve"))
    assert act(batch, "commit") in desk(keeper).get(page(batch)).content.decode()


def test_staff_see_the_tables_that_they_may_change_and_imports_of_no_others(batch, staff, desk):
    head = desk(staff("desk_head"))

    shown = head.get(LIST).content.decode()
    assert (f"{ADD}?kind=categories" in shown, f"{ADD}?kind=streets" in shown, str(batch.pk) in shown) == (
        True, False, False,
    )  # fmt: skip
    assert reverse("admin:safety_wordlistversion_add") in shown
    progress = reverse("admin:sheets_batch_progress", args=[batch.pk])
    assert [head.get(path).status_code for path in (page(batch), progress)] == [404, 404]
    assert head.post(act(batch, "commit")).status_code == 404
    batch.refresh_from_db()
    assert batch.state == "previewed"


@pytest.mark.parametrize("role", ["editor", "intake_clerk", "handler", "auditor", "supervisor"])
def test_the_other_roles_reach_no_door(batch, role, staff, desk):
    browser = desk(staff(role, unit="CG"))
    doors = [LIST, ADD, page(batch), reverse("admin:sheets_batch_progress", args=[batch.pk])]

    assert {browser.get(door).status_code for door in doors} == {403}
    assert browser.post(act(batch, "commit")).status_code == 403
    assert (
        browser.post(reverse("admin:sheets_export", args=["streets"]), {"format": "csv"}).status_code == 404
    )
    assert (ExportLog.objects.count(), Street.objects.filter(code="420107900").exists()) == (0, False)


def test_nothing_is_decided_by_a_get_or_an_unknown_verb(batch, keeper, desk):
    browser = desk(keeper)

    assert browser.get(act(batch, "commit")).status_code == 405
    assert [browser.post(act(batch, verb)).status_code for verb in ("finish", "nonsense")] == [404, 404]
    batch.refresh_from_db()
    assert batch.state == "previewed"


def test_the_page_asks_how_far_a_worker_is(batch, keeper, desk):
    ImportBatch.objects.filter(pk=batch.pk).update(state="previewing", compared=500, lines=2000)

    browser = desk(keeper)
    told = browser.get(reverse("admin:sheets_batch_progress", args=[batch.pk])).json()
    assert {name: told[name] for name in ("working", "percent", "compared", "lines")} == {
        "working": True, "percent": 25, "compared": 500, "lines": 2000,
    }  # fmt: skip
    assert "qingshan/sheets.js" in browser.get(page(batch)).content.decode()


def test_the_page_of_an_import_shows_at_most_200_lines_and_takes_as_many_statements(keeper, desk):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def asked(count: int) -> tuple[int, int]:
        rows = ((f"4201079{n:05d}", STREET, f"示例{n}") for n in range(count))
        batch = uploaded(keeper, "communities", csv_of([("code", "street", "name"), *rows]))
        browser = desk(keeper)
        with CaptureQueriesContext(connection) as seen:
            shown = browser.get(page(batch)).content.decode()
        return len(seen), shown.count("<tr>") - 1

    few, many = asked(2), asked(300)
    assert (few[1], many[1], few[0] == many[0]) == (2, 200, True)


@pytest.mark.parametrize(("format", "begins"), [("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK")])
def test_a_table_is_exported_as_a_file_that_no_cache_keeps(format, begins, keeper, desk):
    door = reverse("admin:sheets_export", args=["streets"])
    browser = desk(keeper)

    assert browser.get(door).status_code == 200
    answer = browser.post(door, {"format": format})
    assert (answer.status_code, "no-store" in answer["Cache-Control"]) == (200, True)
    assert b"".join(answer.streaming_content).startswith(begins)
    assert ExportLog.objects.get().format == format
    assert browser.post(door, {"format": "pdf"}).status_code == 400


def test_personal_data_is_asked_for_only_where_there_is_any_and_refused_without_a_reason(
    keeper, desk, monkeypatch
):
    from dataclasses import replace

    from apps.common.sheets import _registry, sheet_of

    door, browser = reverse("admin:sheets_export", args=["streets"]), desk(keeper)
    assert 'name="reason"' not in browser.get(door).content.decode()
    monkeypatch.setitem(
        _registry.kinds, "streets", replace(sheet_of("streets"), personal=frozenset({"source"}))
    )
    assert 'name="reason"' in browser.get(door).content.decode()
    assert browser.post(door, {"format": "csv", "personal": "on"}).status_code == 400
    assert ExportLog.objects.count() == 0


def test_the_log_of_exports_is_read_by_those_who_audit(keeper, staff, desk):
    desk(keeper).post(reverse("admin:sheets_export", args=["streets"]), {"format": "csv"})
    log = reverse("admin:sheets_exportlog_changelist")

    assert [desk(staff(role)).get(log).status_code for role in ("auditor", "administrator", "desk_head")] == [
        200,
        200,
        403,
    ]


def test_no_page_of_an_import_shows_an_english_word(keeper, second, desk):
    category = Category.objects.exclude(parent=None).first()
    raw = csv_of([("code", "sensitive"), (category.code, "否" if category.sensitive else "是")])
    guarded = uploaded(keeper, "categories", raw, "分类")
    wrong = uploaded(
        keeper, "streets", csv_of([("code", "name"), ("420107900", ""), ("420107900", "示例")]), "街道"
    )
    browser = desk(second)
    data = {category.code, guarded.sha256, wrong.sha256}

    answers = [
        browser.get(LIST), browser.get(ADD), browser.get(reverse("admin:sheets_export", args=["streets"])),
        browser.get(page(guarded)), browser.get(page(wrong), {"sort": "refused"}), browser.post(ADD, {}),
        sent(browser, "streets", "电话\nx".encode()), browser.post(act(wrong, "commit"), follow=True),
        browser.post(act(guarded, "approve"), follow=True), browser.post(act(guarded, "commit"), follow=True),
        browser.post(act(guarded, "undo"), follow=True), browser.get(LIST),
    ]  # fmt: skip

    assert [found for answer in answers if (found := english(answer, data))] == []
