"""The inbox and the permissions, as the phone sees them."""

import pytest

from apps.notifications.models import WechatGrant, WechatTemplate
from tests.factories.people import code_of


def test_the_inbox_is_ones_own_and_counts_what_is_unread(phone, other_resident, reply):
    for key in ("a", "b", "c"):
        reply(phone, key=key)

    assert phone.get("inbox/unread-count").json() == {"count": 3}
    first = phone.get("inbox", limit=2).json()
    assert len(first["results"]) == 2
    assert len(phone.get("inbox", limit=2, cursor=first["next"]).json()["results"]) == 1
    assert other_resident.get("inbox").json()["results"] == []


def test_reading_marks_only_own_messages(phone, other_resident, reply):
    reply(phone)
    message_id = phone.get("inbox").json()["results"][0]["id"]

    assert other_resident.post("inbox/read", {"ids": [message_id]}).json() == {"changed": 0}
    assert phone.post("inbox/read", {"ids": [message_id]}).json() == {"changed": 1}
    assert phone.get("inbox", unread=1).json()["results"] == []


def test_all_is_read_at_once(phone, reply):
    reply(phone, key="a")
    reply(phone, key="b")

    assert phone.post("inbox/read", {"all": True}).json() == {"changed": 2}


def test_the_client_learns_what_to_ask_for_at_a_moment(anyone, db):
    rows = anyone.get("wechat/templates", moment="case_submitted").json()

    assert [(row["name"], row["type"]) for row in rows] == [("case_progress", "one-time")]
    assert anyone.get("wechat/templates", moment="nothing").json() == []


@pytest.mark.parametrize(
    ("result", "left"), [("accept", 1), ("acceptWithAudio", 1), ("reject", 0), ("ban", 0), ("filter", 0)]
)
def test_each_accept_adds_one_and_nothing_else_does(resident, result, left):
    template_id = WechatTemplate.objects.get(name="case_progress").template_id

    answer = resident.post("wechat/grants", {"results": {template_id: result}})

    assert answer.json() == {"remaining": {template_id: left}}


def test_a_long_term_template_is_on_or_off(resident):
    template = WechatTemplate.objects.get(name="service_notice")

    resident.post("wechat/grants", {"results": {template.template_id: "accept"}})

    row = WechatGrant.objects.get(resident_id=resident.resident_id)
    assert (row.remaining, row.long_term_on) == (0, True)


@pytest.mark.parametrize(
    "results",
    [{}, {"x": "accept"}, {"x": "maybe"}, "x", {"a": "accept", "b": "accept", "c": "accept", "d": "accept"}],
)
def test_results_that_can_not_be_are_refused(resident, results):
    answer = resident.post("wechat/grants", {"results": results})

    assert answer.status_code == 400
    assert WechatGrant.objects.count() == 0


def test_forged_reports_do_not_grow_without_end(resident):
    template_id = WechatTemplate.objects.get(name="case_progress").template_id
    row_of = WechatGrant.objects.filter(resident_id=resident.resident_id)
    resident.post("wechat/grants", {"results": {template_id: "accept"}})
    row_of.update(remaining=50)

    resident.post("wechat/grants", {"results": {template_id: "accept"}})

    assert row_of.get().remaining == 50


def test_an_unknown_template_names_the_field(resident):
    answer = resident.post("wechat/grants", {"results": {"nope": "accept"}})

    assert code_of(answer) == "template_unknown"
