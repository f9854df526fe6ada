"""Lists of people for campaigns: a workbook goes in, residents stay, numbers do not."""

import pytest
import tablib
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from apps.common import clock as project_clock
from apps.common.spreadsheets import WorkbookRefused
from apps.notifications import campaign_selectors as selectors
from apps.notifications import services as notifications
from apps.notifications.admin import campaign_lists
from apps.notifications.admin.campaign_lists import COLUMN, FILE_BYTES, phones_read
from apps.notifications.models import CampaignList, CampaignListEntry
from tests.factories.people import resident_make

LOAD = "admin:notifications_campaignlist_add"


def workbook(*cells, header=None) -> bytes:
    data = tablib.Dataset(headers=[header or str(COLUMN), "备注"])
    for cell in cells:
        data.append([cell, "x"])
    exported: bytes = data.export("xlsx")
    return exported


def load(browser, raw):
    return browser.post(
        reverse(LOAD), {"file": SimpleUploadedFile("名单.xlsx", raw, content_type="application/octet-stream")}
    )


def test_a_list_holds_whom_its_numbers_lead_to_and_no_number(editor, desk):
    people = [resident_make(phone=f"1990000000{n}") for n in (1, 2)]
    cells = ("19900000001", 19900000002, "+86 199-0000-0001", "19900000009", "没有", "")

    answer = load(desk(editor), workbook(*cells))

    assert answer.status_code == 302
    people_list = CampaignList.objects.get()
    assert (people_list.file_name, people_list.rows, people_list.matched, people_list.staff_id) == (
        "名单.xlsx", 5, 2, editor.pk,
    )  # fmt: skip
    assert set(CampaignListEntry.objects.values_list("resident_id", flat=True)) == {
        person.resident_id for person in people
    }
    loaded = notifications.campaign_list_load(
        file_name="x", sha256="0" * 64, phones=phones_read(raw=workbook(*cells)), staff=editor,
        now=project_clock.now(),
    )  # fmt: skip
    assert (loaded.rows, loaded.matched, loaded.unmatched, loaded.duplicates) == (5, 2, 2, 1)


def test_a_campaign_reaches_the_people_of_its_list_and_no_others(editor, desk):
    listed = resident_make(phone="19900000001")
    resident_make(phone="19900000002")
    load(desk(editor), workbook("19900000001"))
    campaign = notifications.campaign_draft(
        staff=editor, now=project_clock.now(),
        values={"name": "停水", "segment": "list", "people": CampaignList.objects.get(), "channels": ["sms"]},
    )  # fmt: skip

    assert selectors.campaign_reach(campaign=campaign) == selectors.Reach(1, {"sms": 1})
    assert list(selectors.segment_query(selectors.segment_of(campaign))) == [listed.resident_id]
    page = reverse("admin:notifications_campaign_change", args=[campaign.pk])
    assert "名单.xlsx" in desk(editor).get(page).content.decode()


@pytest.mark.parametrize(
    "raw",
    [
        b"19900000001",
        workbook("19900000009"),
        workbook("19900000001", header="电话"),
        b"PK" + b"x" * FILE_BYTES,
    ],
    ids=["no_workbook", "nobody_found", "other_column", "too_large"],
)
def test_a_workbook_that_is_wrong_is_refused_and_nothing_is_written(editor, desk, raw):
    resident_make(phone="19900000001")

    answer = load(desk(editor), raw)

    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == ["file"]
    assert (CampaignList.objects.count(), CampaignListEntry.objects.count()) == (0, 0)


def test_a_workbook_of_more_lines_than_allowed_is_refused(monkeypatch):
    monkeypatch.setattr(campaign_lists, "MOST_ROWS", 2)

    with pytest.raises(WorkbookRefused):
        phones_read(raw=workbook("1", "2", "3"))
    assert phones_read(raw=workbook("1", 2)) == ["1", "2"]


def test_a_workbook_that_unpacks_to_too_much_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(campaign_lists, "UNPACKED_BYTES", 100)

    with pytest.raises(WorkbookRefused):
        phones_read(raw=workbook("1"))
