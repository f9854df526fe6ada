"""The review and the word lists at the desk: who sees what, what is recorded, what is refused."""

from __future__ import annotations

import io

import pytest
import tablib
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from apps.accounts.models import AccessLog
from apps.accounts.states import Role
from apps.common import clock as project_clock
from apps.safety import services
from apps.safety.admin.sheets import FILE_BYTES, sheet_rows
from apps.safety.errors import SheetRefused
from apps.safety.models import TextCheck, WordList, WordListVersion
from apps.safety.states import Verb
from apps.safety.word_rows import WordRow
from tests.factories.cases import case_make
from tests.guards.test_messages import data_in_use, english

BLOCKED = "收到刷-单返利的信息，怎么举报？"
BOTH = "广告与敏感词（示例）"
TEXTS = "admin:safety_textcheck_changelist"
PICTURES = "admin:safety_mediacheck_changelist"
LISTS = "admin:safety_wordlist_changelist"
VERSIONS = "admin:safety_wordlistversion_changelist"
LOAD = "admin:safety_wordlistversion_add"
HEADER = "词语,权重,类别,改为,无害语境\n"

RIGHTS = {
    Role.INTAKE_CLERK: {TEXTS, PICTURES},
    Role.DESK_HEAD: {TEXTS, PICTURES, LISTS, VERSIONS, LOAD},
    Role.REVIEWER_FINAL: {LISTS, VERSIONS, LOAD},
    Role.ADMINISTRATOR: {LISTS, VERSIONS, LOAD},
}


@pytest.mark.parametrize("role", Role)
def test_each_role_opens_what_its_work_needs_and_nothing_else(staff, desk, role):
    browser = desk(staff(role.value, unit="XZSP"))

    opened = {
        name
        for name in (TEXTS, PICTURES, LISTS, VERSIONS, LOAD)
        if browser.get(reverse(name)).status_code == 200
    }

    assert opened == RIGHTS.get(role, set())


# --- The review -----------------------------------------------------------------------------------------------------


@pytest.fixture
def doubted(resident, text_check) -> TextCheck:
    return text_check(case_make(resident, text=BLOCKED))


def test_the_list_holds_what_waits_and_with_a_filter_the_rest(resident, doubted, clerk, desk, text_check):
    case_make(resident)
    browser = desk(clerk)

    def rows(**query):
        return browser.get(reverse(TEXTS), query).context["cl"].result_list

    assert [one.id for one in rows()] == [doubted.id]
    assert len(rows(which="all")) == 2
    assert [one.state for one in rows(state__exact="pending")] == ["pending"]
    assert len(rows(subject="feedback.rating")) == 0


def test_the_page_shows_the_text_with_its_words_marked_and_the_look_is_recorded(
    doubted, clerk, desk, resident
):
    answer = desk(clerk).get(reverse("admin:safety_textcheck_change", args=[doubted.id]))

    page = answer.content.decode()
    assert "收到<mark" in page
    assert ">刷-单返利</mark>的信息" in page
    assert answer["Cache-Control"].startswith("no-store")
    log = AccessLog.objects.get()
    assert (log.staff_id, log.resident_id, log.reason) == (clerk.id, resident.resident_id, "内容检测")
    assert log.subject.isdigit()


def test_a_text_is_escaped_around_its_marks(resident, clerk, desk, text_check):
    check = text_check(case_make(resident, text="<b>刷单返利</b>"))

    page = desk(clerk).get(reverse("admin:safety_textcheck_change", args=[check.id])).content.decode()

    assert "&lt;b&gt;<mark" in page


def test_a_picture_is_shown_by_a_link_that_works(resident, clerk, desk, with_photo):
    _case, check = with_photo(resident)
    browser = desk(clerk)

    answer = browser.get(reverse("admin:safety_mediacheck_change", args=[check.id]))

    assert browser.get(answer.context["picture"])["Content-Type"] == "image/jpeg"
    assert AccessLog.objects.count() == 1


@pytest.mark.parametrize(("verb", "state"), [("clear", "cleared"), ("confirm", "confirmed")])
def test_a_button_decides_with_its_grounds(doubted, clerk, desk, verb, state):
    door = reverse("admin:safety_textcheck_decide", args=[doubted.id])

    answer = desk(clerk).post(door, {"verb": verb, "note": "已核对"})

    assert (answer.status_code, answer["Location"]) == (302, reverse(TEXTS))
    doubted.refresh_from_db()
    assert (doubted.state, doubted.decided_by_id, doubted.decision_note) == (state, clerk.id, "已核对")


def test_a_picture_is_decided_about_like_a_text(resident, clerk, desk, with_photo):
    _case, check = with_photo(resident)

    desk(clerk).post(
        reverse("admin:safety_mediacheck_decide", args=[check.id]), {"verb": "clear", "note": "正常"}
    )

    check.refresh_from_db()
    assert (check.state, check.decided_by_id) == ("cleared", clerk.id)


@pytest.mark.parametrize(
    ("given", "status"),
    [({"verb": "clear", "note": ""}, 400), ({"verb": "pass", "note": "x"}, 405), ({"note": "x"}, 405)],
)
def test_a_decision_without_grounds_or_of_another_kind_is_refused(doubted, clerk, desk, given, status):
    answer = desk(clerk).post(reverse("admin:safety_textcheck_decide", args=[doubted.id]), given)

    assert answer.status_code == status
    doubted.refresh_from_db()
    assert doubted.state == "review"


def test_a_late_click_shows_what_was_decided_and_keeps_what_was_typed(doubted, clerk, desk):
    services.text_check_decide(
        check_id=doubted.id, staff=clerk, verb=Verb.CLEAR, note="看过", now=project_clock.now()
    )

    answer = desk(clerk).post(
        reverse("admin:safety_textcheck_decide", args=[doubted.id]), {"verb": "confirm", "note": "我的理由"}
    )

    assert answer.status_code == 409
    assert "已由人工放行" in answer.content.decode()
    doubted.refresh_from_db()
    assert doubted.state == "cleared"


def test_a_stranger_to_the_desk_decides_nothing_by_the_door(doubted, handler, desk):
    answer = desk(handler).post(
        reverse("admin:safety_textcheck_decide", args=[doubted.id]), {"verb": "clear", "note": "x"}
    )

    assert answer.status_code == 404
    doubted.refresh_from_db()
    assert doubted.state == "review"


def test_the_review_costs_the_same_at_two_rows_and_at_twenty(
    resident, clerk, desk, django_assert_max_num_queries
):
    browser = desk(clerk)
    counts = []
    for rows in (2, 18):
        for _each in range(rows):
            case_make(resident, text=BLOCKED)
        browser.get(reverse(TEXTS))
        with django_assert_max_num_queries(20) as captured:
            assert browser.get(reverse(TEXTS)).status_code == 200
        counts.append(len(captured.captured_queries))

    assert counts[0] == counts[1]


# --- Word lists -----------------------------------------------------------------------------------------------------


@pytest.fixture
def keeper(staff):
    return staff("desk_head", unit="XZSP")


def table(text: str, name: str = "words.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode())


def previewed(browser, text: str, *, name: str = BOTH):
    return browser.post(
        reverse(LOAD), {"word_list": WordList.objects.get(name=name).id, "file": table(HEADER + text)}
    )


def test_a_table_is_shown_before_it_is_kept_and_then_kept_as_it_was_shown(keeper, desk):
    browser = desk(keeper)

    shown = previewed(browser, "黑话一,一律人工核看,广告,,\n游行,提示,敏感词,,上游行业；旅游行业\n")

    assert shown.status_code == 200
    assert next((count, words) for _name, count, words in shown.context["changes"]) == (1, "黑话一")
    assert WordListVersion.objects.filter(word_list__name=BOTH).count() == 1

    kept = browser.post(reverse(LOAD), {"sheet": shown.context["sheet"]})

    version = WordListVersion.objects.get(word_list__name=BOTH, number=2)
    assert kept["Location"] == reverse("admin:safety_wordlistversion_change", args=[version.id])
    assert list(version.entries.order_by("id").values_list("word", "level", "category", "allow_windows")) == [
        ("黑话一", "block", "advertisement", []),
        ("游行", "warn", "sensitive", ["上游行业", "旅游行业"]),
    ]
    assert (version.created_by_id, version.is_active) == (keeper.id, False)


def test_bad_lines_are_shown_with_their_numbers_and_nothing_can_be_kept(keeper, desk):
    shown = previewed(desk(keeper), "好词,提示,广告,,\n,提示,广告,x,\n坏词,很重,广告,,\n")

    assert shown.status_code == 400
    assert [one.line for one in shown.context["problems"]] == [3, 4]
    assert shown.context["sheet"] == ""
    assert "第 3 行" in shown.content.decode()


@pytest.mark.parametrize("sheet", ["", "x", "eyJhIjoxfQ:1abc:xyz"])
def test_what_was_not_shown_here_is_not_kept(keeper, desk, sheet):
    answer = desk(keeper).post(reverse(LOAD), {"sheet": sheet})

    assert (answer.status_code, answer["Location"]) == (302, reverse(LOAD))
    assert WordListVersion.objects.filter(word_list__name=BOTH).count() == 1


def test_another_keeper_puts_a_version_into_force_and_its_loader_can_not(keeper, staff, desk):
    browser = desk(keeper)
    browser.post(reverse(LOAD), {"sheet": previewed(browser, "黑话一,提示,广告,,\n").context["sheet"]})
    version = WordListVersion.objects.get(word_list__name=BOTH, number=2)
    page, door = (
        reverse(f"admin:safety_{name}", args=[version.id])
        for name in ("wordlistversion_change", "version_activate")
    )

    assert "version-activate" not in browser.get(page).content.decode()
    browser.post(door)
    version.refresh_from_db()
    assert not version.is_active

    other = desk(staff("administrator"))
    assert "version-activate" in other.get(page).content.decode()
    assert other.get(door).status_code == 405
    other.post(door)

    version.refresh_from_db()
    assert version.is_active


def test_a_workbook_of_a_version_can_be_loaded_again(keeper, desk):
    browser = desk(keeper)
    first = WordListVersion.objects.get(word_list__name=BOTH, number=1)

    book = browser.get(reverse("admin:safety_version_workbook", args=[first.id])).content
    again = browser.post(
        reverse(LOAD), {"word_list": first.word_list_id, "file": SimpleUploadedFile("w.xlsx", book)}
    )

    assert [count for _name, count, _words in again.context["changes"]] == [0, 0, 0]


def test_a_cell_that_looks_like_a_formula_leaves_inert_and_comes_back_as_it_was(keeper, desk):
    browser = desk(keeper)
    browser.post(reverse(LOAD), {"sheet": previewed(browser, "=加我,提示,广告,,\n").context["sheet"]})
    version = WordListVersion.objects.get(word_list__name=BOTH, number=2)

    book = browser.get(reverse("admin:safety_version_workbook", args=[version.id])).content

    data = tablib.Dataset().load(io.BytesIO(book), format="xlsx")
    assert data[0][0] == "'=加我"
    assert sheet_rows(name="w.xlsx", raw=book)[0].word == "=加我"


def test_a_table_is_read_in_either_encoding_by_name_or_code_with_empty_lines_left_out():
    expected = [WordRow(2, "甲", "warn", "fraud"), WordRow(4, "乙", "block", "wrong", "丙", ("乙乙",))]
    text = "word,level,category,suggestion,allow_windows\n甲,提示,欺诈,,\n,,,,\n乙,block,wrong,丙,乙乙；\n"

    assert sheet_rows(name="w.csv", raw=text.encode("utf-8-sig")) == expected
    assert sheet_rows(name="w.CSV", raw=text.encode("gb18030")) == expected


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("w.csv", b"x" * (FILE_BYTES + 1)),
        ("w.csv", b"\xff\xfe\x00\xd8"),
        ("w.csv", "甲,乙\n".encode()),
        ("w.csv", b""),
        ("w.xlsx", b"PK\x03\x04not a workbook"),
        ("w.xlsx", "词语".encode()),
    ],
)
def test_what_is_no_table_is_refused_with_a_reason(name, raw):
    with pytest.raises(SheetRefused) as refused:
        sheet_rows(name=name, raw=raw)

    assert refused.value.facts["why"]


# --- The words of the pages -----------------------------------------------------------------------------------------


def test_every_page_is_chinese_after_a_refusal_too(resident, doubted, with_photo, keeper, clerk, desk):
    _case, photo = with_photo(resident)
    browser, reviewer = desk(keeper), desk(clerk)
    version = WordListVersion.objects.get(word_list__name=BOTH, number=1)
    door = reverse("admin:safety_textcheck_decide", args=[doubted.id])
    answers = [
        browser.get(reverse(LOAD)),
        browser.post(reverse(LOAD), {}),
        previewed(browser, "黑话一,提示,广告,,\n"),
        previewed(browser, ",提示,广告,,\n"),
        browser.get(reverse("admin:safety_wordlistversion_change", args=[version.id])),
        browser.get(reverse(VERSIONS)),
        reviewer.get(reverse(TEXTS), {"which": "all"}),
        reviewer.get(reverse("admin:safety_textcheck_change", args=[doubted.id])),
        reviewer.get(reverse("admin:safety_mediacheck_change", args=[photo.id])),
        reviewer.post(door, {"verb": "clear", "note": ""}),
        reviewer.post(door, {"verb": "clear", "note": "看过"}, follow=True),
        reviewer.get(reverse("admin:safety_textcheck_change", args=[doubted.id])),
    ]

    assert {answer.status_code for answer in answers} == {200, 400}
    data = data_in_use()
    assert [english(answer, data) for answer in answers if english(answer, data)] == []
