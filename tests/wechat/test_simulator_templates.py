"""Managing message templates: picked from the public library, sent with, taken away."""

from __future__ import annotations

import pytest

from .stage import CASE, CASE_DATA, ask

ADD, DELETE, LIST = (f"/wxaapi/newtmpl/{name}template" for name in ("add", "del", "get"))
TITLES, KEYWORDS = "/wxaapi/newtmpl/getpubtemplatetitles", "/wxaapi/newtmpl/getpubtemplatekeywords"
GOOD = {"tid": 401, "kidList": [3, 1], "sceneDesc": "办理进度"}


def test_the_library_shows_its_category_titles_and_keywords(stage):
    (category,) = stage.get("/wxaapi/newtmpl/getcategory")["data"]
    titles = stage.get(TITLES, ids=category["id"], start=0, limit=30)
    keywords = stage.get(KEYWORDS, tid=401)

    assert [(row["tid"], row["title"], row["type"]) for row in titles["data"]] == [
        (401, "诉求办理进度通知", 2),
        (10_000_401, "诉求办理进度通知", 2),
        (402, "政务服务通知", 3),
        (403, "资讯更新提醒", 2),
        (10_000_403, "资讯更新提醒", 2),
    ]
    assert (titles["count"], keywords["count"]) == (5, 5)
    assert keywords["data"][2] == {"kid": 3, "name": "办理状态", "example": "已受理", "rule": "phrase"}
    page = stage.get(TITLES, ids=f"1,{category['id']}", start=1, limit=1)
    assert (page["count"], [row["tid"] for row in page["data"]]) == (5, [10_000_401])


@pytest.mark.parametrize(
    ("query", "errcode"),
    [
        ({"ids": "", "start": 0, "limit": 30}, 200019),
        ({"ids": 5, "start": 0, "limit": 30}, 200019),
        ({"ids": 1001, "start": -1, "limit": 30}, 200016),
        ({"ids": 1001, "start": 0, "limit": 31}, 200017),
    ],
)
def test_a_wrong_question_to_the_library_is_refused(stage, query, errcode):
    assert stage.get(TITLES, **query)["errcode"] == errcode
    assert stage.get(KEYWORDS, tid=5)["errcode"] == 200014


def test_a_template_is_added_with_its_keywords_in_the_order_given_and_can_be_sent(stage):
    template_id = stage.post(ADD, GOOD)["priTmplId"]

    row = next(row for row in stage.get(LIST)["data"] if row["priTmplId"] == template_id)
    assert len(template_id) == 43
    assert row == {
        "priTmplId": template_id,
        "title": "诉求办理进度通知",
        "content": "办理状态:{{phrase3.DATA}}\n受理编号:{{character_string1.DATA}}\n",
        "example": "办理状态:已受理\n受理编号:QS20260301000017\n",
        "type": 2,
        "keywordEnumValueList": [],
    }
    openid = stage.user()
    stage.allow(openid, template_id)
    data = {key: CASE_DATA[key] for key in ("phrase3", "character_string1")}
    assert stage.send_raw(openid, template_id, data=data)["errcode"] == 0
    (message,) = stage.control("GET", "messages")
    assert message["data"] == {key: {"value": value} for key, value in data.items()}


def test_a_form_is_taken_as_well_as_json(stage):
    body = b"tid=401&kidList=1&kidList=2&sceneDesc=%E8%BF%9B%E5%BA%A6"
    request = {"access_token": stage.token()}

    status, answer = ask("POST", stage.running.base_url + ADD, body, **request)

    assert (status, answer["errcode"]) == (200, 0)
    added = stage.state.templates[answer["priTmplId"]]
    assert added.keys == ("character_string1", "thing2")


def test_a_template_of_the_new_style_takes_no_choice_of_keywords(stage):
    wanted = {"tid": 10_000_401, "kidList": [], "sceneDesc": "进度"}
    template_id = stage.post(ADD, wanted)["priTmplId"]

    assert stage.state.templates[template_id].keys == tuple(CASE_DATA)
    assert stage.post(ADD, wanted | {"kidList": [1, 2]})["errcode"] == 200020


@pytest.mark.parametrize(
    ("change", "errcode"),
    [
        ({"tid": 5, "kidList": []}, 200014),
        ({"kidList": [1], "sceneDesc": ""}, 200020),
        ({"kidList": [1, 2, 3, 4, 5, 6]}, 200020),
        ({"kidList": [1, 1]}, 200020),
        ({"kidList": [1, 9]}, 200020),
        ({"kidList": "1,2"}, 200020),
        ({"sceneDesc": "字" * 16}, 200021),
        ({"sceneDesc": ""}, 200021),
    ],
)
def test_a_template_that_can_not_be_is_refused_and_nothing_is_added(stage, change, errcode):
    assert stage.post(ADD, GOOD | change)["errcode"] == errcode
    assert len(stage.state.templates) == 3


def test_an_account_holds_fifty_templates(stage):
    assert stage.running.account.private_templates == 50
    stage.running.account.private_templates = 4

    assert [stage.post(ADD, GOOD)["errcode"] for _ in range(2)] == [0, 200012]
    assert len(stage.state.templates) == 4


def test_a_deleted_template_can_not_be_sent_any_more_and_what_was_sent_stays(stage):
    openid = stage.user()
    stage.allow(openid, times=2)
    stage.send_raw(openid)

    assert stage.post(DELETE, {"priTmplId": CASE})["errcode"] == 0

    assert stage.post(DELETE, {"priTmplId": CASE})["errcode"] == 40037
    assert stage.send_raw(openid)["errcode"] == 40037
    assert CASE not in [row["priTmplId"] for row in stage.get(LIST)["data"]]
    assert [row["template_id"] for row in stage.control("GET", "messages")] == [CASE]
    assert stage.control("GET", "ledger") == []
