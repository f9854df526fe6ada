"""Before the form: categories, reports of the same event, pages that may answer; and what came of it."""

import datetime as dt

import pytest

from apps.common import clock as project_clock
from apps.feedback import services
from apps.feedback.answer_selectors import knowledge_gaps
from apps.feedback.models import Inquiry
from apps.feedback.states import RequestType
from tests.factories.articles import article_published
from tests.factories.cases import case_make
from tests.factories.people import attr_of, code_of

TEXT = "建设二路公交站旁的路灯不亮，晚上看不清台阶"
PLACE = {"lng": 114.397853, "lat": 30.633169}


def article_make(title: str, body: str) -> str:
    return str(article_published(title=title, body_html=f"<p>{body}</p>").id)


def test_a_report_of_the_same_lamp_is_offered_by_matter_and_street_and_can_be_followed(
    resident, other_resident
):
    from apps.common.geo import Point

    case = case_make(
        other_resident, text="建设二路公交站的路灯坏了，晚上台阶看不清", street="420107003", category="0201",
        point=Point(**PLACE),
    )  # fmt: skip

    answer = resident.post("feedback/suggest", {"text": TEXT, "street": "420107003", "point": PLACE})

    body = answer.json()
    assert answer.status_code == 200
    assert body["categories"][0]["code"] == "0201"
    assert body["similar"] == [
        {
            "number": case.public_number,
            "title": "路灯照明 · 新沟桥街道",
            "state": "submitted",
            "distance_m": 0,
        }
    ]
    assert "坏了" not in str(body)
    assert resident.put(f"feedback/board/{case.public_number}/follow", {}).status_code in (200, 201, 204)


@pytest.mark.parametrize("hidden", [{"request_type": RequestType.REPORT}, {"category": "0402"}])
def test_neither_a_report_of_wrongdoing_nor_a_private_matter_is_offered(resident, other_resident, hidden):
    case_make(other_resident, **({"text": TEXT, "street": "420107003", "category": "0201"} | hidden))

    body = resident.post("feedback/suggest", {"text": TEXT, "street": "420107003"}).json()

    assert body["similar"] == []


def test_what_may_not_be_offered_does_not_take_the_place_of_what_may(resident, other_resident):
    same = {"text": TEXT, "street": "420107003", "category": "0201"}
    open_one = case_make(other_resident, **same)
    for _each in range(4):
        case_make(other_resident, **same, request_type=RequestType.REPORT)

    body = resident.post("feedback/suggest", {"text": TEXT, "street": "420107003"}).json()

    assert [one["number"] for one in body["similar"]] == [open_one.public_number]


def test_an_article_that_answers_is_shown_and_what_it_solved_counts_once(resident):
    article_id = article_make("居住证办理指南", "办理居住证需要身份证和居住证明，到政务服务中心窗口办理。")
    article_make("江滩花开", "春天的江滩很美。")

    body = resident.post("feedback/suggest", {"text": "请问办理居住证需要哪些材料？"}).json()
    assert [one["url"] for one in body["answers"]] == [f"articles/{article_id}"]
    done = {"kind": "article", "url": body["answers"][0]["url"]}
    first = resident.post(f"feedback/suggest/{body['id']}/solved", done)
    again = resident.post(f"feedback/suggest/{body['id']}/solved", done)

    assert (first.status_code, again.status_code, code_of(again)) == (204, 404, "inquiry_not_found")
    assert Inquiry.objects.get().solved_by == f"article articles/{article_id}"


def test_a_look_keeps_a_masked_text_and_nobody(resident):
    resident.post("feedback/suggest", {"text": "路灯不亮，我的电话19900001234"})

    row = Inquiry.objects.get()
    assert "19900001234" not in row.text
    assert not [field.name for field in Inquiry._meta.fields if "resident" in field.name]


def test_what_was_looked_for_in_vain_and_became_a_case_is_a_gap(clock, resident):
    for _each in range(2):
        asked = resident.post("feedback/suggest", {"text": "楼上装修噪音扰民怎么办"}).json()
    made = resident.post("feedback/cases", {"request_type": "help", "text": "装修太吵", "asked": asked["id"]})
    assert made.status_code == 201

    gaps = knowledge_gaps(now=project_clock.now())

    assert [(g["asked"], g["unanswered"], g["went_on"], g["solved"]) for g in gaps] == [(2, 2, 1, 0)]
    assert gaps[0]["examples"] == ["楼上装修噪音扰民怎么办"]
    solved = resident.post(f"feedback/suggest/{asked['id']}/solved", {"kind": "article", "url": "x"})
    assert (solved.status_code, Inquiry.objects.filter(solved_at__isnull=False).count()) == (404, 0)


def test_an_unknown_look_does_not_stop_a_case(resident):
    body = {"request_type": "help", "text": "路灯不亮", "asked": "01a209de-0c60-70f5-a543-b6c136728a37"}

    assert resident.post("feedback/cases", body).status_code == 201


@pytest.mark.parametrize(
    ("body", "attr"),
    [
        ({}, "text"),
        ({"text": ""}, "text"),
        ({"text": "长" * 2001}, "text"),
        ({"text": "a", "point": {}}, "point"),
    ],
)
def test_a_look_without_words_is_refused_and_not_recorded(resident, body, attr):
    answer = resident.post("feedback/suggest", body)

    assert (answer.status_code, attr_of(answer)) == (400, attr)
    assert Inquiry.objects.count() == 0


def test_old_looks_are_forgotten(clock, resident):
    resident.post("feedback/suggest", {"text": "路灯不亮"})
    clock.shift(dt.timedelta(days=181))

    assert services.inquiries_purge(now=project_clock.now()) == 1
    assert Inquiry.objects.count() == 0
