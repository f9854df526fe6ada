"""The desk of staff: queue and filters, search, several at once, templates, previews, print, export."""

import io

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from apps.accounts.models import AccessLog, SavedFilter
from apps.feedback.models import Case, CaseExport, ReplyTemplate, TimelineEntry
from apps.feedback.states import CaseState
from apps.notifications.models import InboxMessage, StaffNotice
from tests.factories.cases import case_make

QUEUE = "admin:feedback_case_changelist"


def shown(answer) -> set[str]:
    return {case.number for case in answer.context["cl"].result_list}


def url(case: Case, name: str, *more: str) -> str:
    return reverse(f"admin:feedback_case_{name}", args=[case.pk, *more])


def test_the_queue_holds_what_waits_and_a_chosen_state_looks_at_all(resident, clerk, desk):
    waiting, answered = case_make(resident), case_make(resident, state=CaseState.REPLIED)
    browser = desk(clerk)

    assert shown(browser.get(reverse(QUEUE))) == {waiting.number}
    assert shown(browser.get(reverse(QUEUE), {"state__exact": "replied"})) == {answered.number}
    assert shown(browser.get(reverse(QUEUE), {"which": "all"})) == {waiting.number, answered.number}
    assert shown(browser.get(reverse(QUEUE), {"which": "settled"})) == {answered.number}


def test_the_filters_of_unit_street_group_and_urgency_narrow_the_queue(resident, clerk, desk, act):
    lamp = case_make(resident, state=CaseState.SIGNED, street="420107003")
    water = case_make(resident, state=CaseState.DISPATCHED, unit="SW", category="0701", street="420107004")
    act("case_classify", water, clerk, category="0701", urgency="urgent", reported_unit=None)
    browser = desk(clerk)
    found = lambda **query: shown(browser.get(reverse(QUEUE), query))  # noqa: E731

    assert found(unit=lamp.unit_id) == {lamp.number}
    assert found(street="420107004") == {water.number}
    assert found(group="02") == {lamp.number}
    assert found(urgency="urgent") == {water.number}
    assert found(unit="999999") == {lamp.number, water.number}


def test_the_search_finds_chinese_words_and_beginnings_of_numbers(resident, clerk, desk):
    lamp = case_make(resident, text="建设二路的路灯坏了三天")
    tree = case_make(resident, text="行道树的树枝断了")
    browser = desk(clerk)

    assert shown(browser.get(reverse(QUEUE), {"q": "路灯"})) == {lamp.number}
    assert shown(browser.get(reverse(QUEUE), {"q": "路灯 树枝"})) == set()
    assert shown(browser.get(reverse(QUEUE), {"q": tree.number[:8]})) == {lamp.number, tree.number}
    assert shown(browser.get(reverse(QUEUE), {"q": tree.number})) == {tree.number}
    for text in ("'; DROP TABLE x -- \\ & |", "100% %s %(x)s", "无此词\\'", "\\", "a'b"):
        assert shown(browser.get(reverse(QUEUE), {"q": text})) == set(), text


def test_what_a_unit_only_helps_with_stands_apart_and_opens(resident, clerk, other_handler, desk, act):
    case = case_make(resident)
    act("case_dispatch", case, clerk, unit="CG", note="", co_units=["JY"])
    browser = desk(other_handler)

    assert shown(browser.get(reverse(QUEUE))) == set()
    assert shown(browser.get(reverse(QUEUE), {"which": "helped"})) == {case.number}
    assert browser.get(url(case, "change")).status_code == 200


def test_a_filter_is_kept_shared_and_replaced_by_its_name(resident, clerk, head, desk):
    keep = reverse("admin:feedback_case_keep_filter")
    desk(clerk).post(keep, {"name": "路灯", "query": "q=路灯", "shared": "on"})
    desk(clerk).post(keep, {"name": "路灯", "query": "q=路灯&which=all", "shared": "on"})
    refused = desk(clerk).post(keep, {"name": "", "query": "q=x"})

    assert (SavedFilter.objects.get().query, refused.status_code) == ("q=路灯&which=all", 302)
    assert "路灯" in desk(head).get(reverse(QUEUE)).content.decode()
    mine = reverse("admin:accounts_savedfilter_change", args=[SavedFilter.objects.get().pk])
    assert desk(head).get(mine).status_code == 302
    assert desk(clerk).get(mine).status_code == 200


def test_several_cases_at_once_give_a_result_for_each_and_one_refusal_stops_none(resident, clerk, desk, act):
    first, second, third = (case_make(resident) for _each in range(3))
    ids = ",".join(str(case.pk) for case in (first, second, third))
    versions = {f"version-{case.pk}": case.version for case in (first, second, third)}
    act("case_accept", second, clerk)

    begun = desk(clerk).post(
        reverse(QUEUE), {"action": "bulk_begin", "_selected_action": [str(first.pk), str(third.pk)]}
    )
    answer = desk(clerk).post(
        reverse("admin:feedback_case_bulk"),
        {"verb": "dispatch", "ids": ids, "unit": "CG", "note": "", **versions},
    )

    assert begun.status_code == 302
    outcomes = {one.row.number: one.done for one in answer.context["outcomes"]}
    assert outcomes == {first.number: True, second.number: False, third.number: True}
    assert sorted(Case.objects.values_list("state", flat=True)) == ["accepted", "dispatched", "dispatched"]
    assert "受理" in answer.content.decode()


def test_cases_of_other_units_can_not_be_acted_on_at_once(resident, other_handler, desk):
    case = case_make(resident, state=CaseState.DISPATCHED)

    answer = desk(other_handler).post(
        reverse("admin:feedback_case_bulk"),
        {"verb": "sign", "ids": str(case.pk), f"version-{case.pk}": case.version},
    )

    assert answer.context["outcomes"] == []
    assert Case.objects.get(pk=case.pk).state == "dispatched"


@pytest.mark.parametrize("ids", ["", "x", "1,2", "00000000-0000-0000-0000-000000000000"])
def test_a_bulk_page_without_cases_is_no_error(clerk, desk, ids):
    assert desk(clerk).get(reverse("admin:feedback_case_bulk"), {"ids": ids}).status_code == 200


def test_a_preview_shows_what_would_be_sent_and_leaves_nothing(resident, handler, desk):
    case = case_make(resident, state=CaseState.SIGNED)
    before = (TimelineEntry.objects.count(), InboxMessage.objects.count())

    answer = desk(handler).post(
        url(case, "preview", "reply"), {"version": case.version, "text": "已修好，请查看。"}
    )

    page = answer.content.decode()
    assert answer.status_code == 200
    assert "已修好，请查看。" in page
    assert case.number in page
    assert (TimelineEntry.objects.count(), InboxMessage.objects.count()) == before
    assert Case.objects.get(pk=case.pk).state == "signed"


def test_a_preview_of_what_would_be_refused_says_so(resident, handler, desk):
    case = case_make(resident, state=CaseState.SIGNED, category="0203")

    answer = desk(handler).post(url(case, "preview", "reply"), {"version": case.version, "text": "好了"})

    assert answer.status_code == 400
    assert "办结要件" in answer.content.decode()


def test_a_template_is_filled_in_and_what_stays_open_is_refused(resident, handler, desk):
    case = case_make(resident, state=CaseState.SIGNED)
    template = ReplyTemplate.objects.get(name="路灯照明修复")
    page = desk(handler).get(url(case, "change")).content.decode()
    assert f"编号{case.number}" in page

    refused = desk(handler).post(
        url(case, "move", "reply"), {"version": case.version, "text": "故障原因为{{故障原因}}。"}
    )
    done = desk(handler).post(
        url(case, "move", "reply"),
        {"version": case.version, "text": "灯头损坏。", "template_id": template.pk, "template_version": 1},
    )

    assert (refused.status_code, done.status_code) == (400, 302)
    assert "故障原因" in refused.content.decode()
    entry = TimelineEntry.objects.get(case=case, verb="reply")
    assert entry.details["template"] == {"id": template.pk, "version": 1}


def test_a_changed_template_counts_its_versions_and_keeps_the_old_text(head, desk):
    template = ReplyTemplate.objects.get(name="请补充地点")
    change = reverse("admin:feedback_replytemplate_change", args=[template.pk])
    body = {"name": template.name, "use": "ask", "category": "", "text": "请补充。", "is_active": "on"}

    assert desk(head).post(change, body).status_code == 302

    template.refresh_from_db()
    assert (template.version, template.text) == (2, "请补充。")
    assert template.history.first().text == "请补充。"


def test_the_work_order_holds_no_contact_data_and_no_internal_notes(resident, clerk, handler, desk, act):
    from apps.accounts.services import phone_set

    phone_set(resident_id=resident.resident_id, phone="19900001234")
    case = case_make(resident)
    act("case_dispatch", case, clerk, unit="CG", note="")
    act("case_supervise", case, staff_head(), text="内部督办要求")

    page = desk(handler).get(url(case, "print")).content.decode()

    assert case.number in page
    assert "19900001234" not in page
    assert "内部督办要求" not in page


def staff_head():
    from tests.factories.people import staff_make

    return staff_make("desk_head", unit="XZSP")


def test_an_export_needs_the_right_and_a_reason_is_logged_masked_and_inert(resident, clerk, head, desk):
    case_make(resident, text="=HYPERLINK(1) 我的电话19900001234")
    path = reverse("admin:feedback_case_export")
    assert desk(clerk).get(path).status_code == 403
    without = desk(head).post(path, {"query": "", "reason": "", "columns": ["number", "text"]})
    assert (without.status_code, CaseExport.objects.count()) == (400, 0)

    answer = desk(head).post(
        path, {"query": "which=all", "reason": "月度分析", "columns": ["number", "text"]}
    )

    sheet = load_workbook(io.BytesIO(answer.content)).active
    rows = [[cell.value for cell in row] for row in sheet.rows]
    assert rows[0] == ["编号", "内容"]
    assert rows[1][1].startswith("'=HYPERLINK(1)")
    assert "19900001234" not in str(rows)
    assert (CaseExport.objects.get().rows, CaseExport.objects.get().reason) == (1, "月度分析")
    assert AccessLog.objects.get().reason == "月度分析"
    assert resident.get("me/access-log").json()["results"][0]["reason"] == "月度分析"


def test_an_export_holds_only_what_its_reader_sees(resident, supervisor, desk):
    case_make(resident, state=CaseState.DISPATCHED, unit="JY")
    own = case_make(resident, state=CaseState.DISPATCHED, unit="CG")

    answer = desk(supervisor).post(
        reverse("admin:feedback_case_export"), {"query": "which=all", "reason": "x", "columns": ["number"]}
    )

    sheet = load_workbook(io.BytesIO(answer.content)).active
    assert [row[0].value for row in sheet.rows][1:] == [own.number]


def test_a_notice_leads_to_its_case_and_is_read_then(resident, clerk, handler, other_handler, desk, act):
    case = case_make(resident)
    act("case_dispatch", case, clerk, unit="CG", note="")
    notice = StaffNotice.objects.get(staff=handler)
    path = reverse("admin:notifications_staffnotice_change", args=[notice.pk])

    assert desk(other_handler).get(path)["Location"] == reverse("admin:notifications_staffnotice_changelist")
    assert desk(handler).get(path)["Location"] == url(case, "change")
    notice.refresh_from_db()
    assert notice.read_at is not None
