"""The ledger, the dialog and the order of the checks of a send, asked without our client."""

from __future__ import annotations

import pytest

from apps.wechat.simulator.state import SimulatedTemplate

from .stage import CASE, CASE_DATA, NEWS, SERVICE


def dialog(stage, openid, **results):
    names = {"case": CASE, "news": NEWS, "service": SERVICE, "none": "none", "fourth": "fourth"}
    return stage.control(
        "POST",
        "dialog",
        {"openid": openid, "results": {names[name]: result for name, result in results.items()}},
    )


def ledger(stage, openid):
    return {
        row["template_id"]: (row["remaining"], row["long_term_on"])
        for row in stage.control("GET", "ledger", openid=openid)
    }


def test_each_accept_adds_one_send_and_each_send_takes_one(stage):
    openid = stage.user()
    stage.allow(openid, times=3)
    assert stage.send_raw(openid)["errcode"] == 0

    assert ledger(stage, openid) == {CASE: (2, False)}


def test_a_reject_keeps_what_was_earned(stage):
    openid = stage.user()
    stage.allow(openid, times=2)

    assert dialog(stage, openid, case="reject", news="acceptWithAudio") == {
        "errMsg": "requestSubscribeMessage:ok",
        CASE: "reject",
        NEWS: "acceptWithAudio",
    }
    assert ledger(stage, openid) == {CASE: (2, False), NEWS: (1, False)}


def test_one_accept_of_a_long_term_template_lasts(stage):
    openid = stage.user()
    dialog(stage, openid, service="accept")

    assert [stage.send_raw(openid, SERVICE)["errcode"] for _ in range(5)] == [0] * 5
    assert ledger(stage, openid) == {SERVICE: (0, True)}


@pytest.mark.parametrize(
    ("results", "errcode"),
    [
        ({}, 10001),
        ({"case": "accept", "service": "accept"}, 20002),
        ({"case": "accept", "news": "accept", "service": "accept", "fourth": "accept"}, 20003),
        ({"none": "accept"}, 20001),
    ],
)
def test_a_dialog_that_can_not_be_shown_changes_nothing(stage, results, errcode):
    openid = stage.user()

    answer = dialog(stage, openid, **results)

    assert answer["errCode"] == errcode
    assert ledger(stage, openid) == {}


def test_what_is_switched_off_in_the_settings_can_not_be_sent_and_shows_no_dialog(stage):
    openid = stage.user()
    stage.allow(openid, times=2)
    stage.control("POST", "settings", {"openid": openid, "template_id": CASE, "on": False})

    assert stage.send_raw(openid)["errcode"] == 43101
    assert dialog(stage, openid, case="accept")[CASE] == "reject"
    stage.control("POST", "settings", {"openid": openid, "template_id": CASE, "on": True})
    assert stage.send_raw(openid)["errcode"] == 0
    assert ledger(stage, openid) == {CASE: (1, False)}


def test_the_main_switch_stops_everything(stage):
    openid = stage.user()
    stage.allow(openid)
    stage.control("POST", "settings", {"openid": openid, "on": False})

    assert stage.send_raw(openid)["errcode"] == 43101
    assert dialog(stage, openid, case="accept")["errCode"] == 20004


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"thing2": "一" * 21}, "argument invalid! data.thing2.value invalid"),
        ({"thing2": ""}, "argument invalid! data.thing2.value is emtpy"),
        ({"phrase3": None}, "argument invalid! data.phrase3.value is emtpy"),
        ({"phrase3": 5}, "argument invalid! data.phrase3.value invalid"),
        ({"thing9": "多余"}, "argument invalid! data holds a key that the template has not"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_key(stage, data, said):
    openid = stage.user()
    stage.allow(openid)

    answer = stage.send_raw(openid, data=CASE_DATA | data)

    assert answer["errcode"] == 47003
    assert answer["errmsg"].partition(" rid: ")[0] == said
    assert stage.remaining(openid) == 1


def test_the_checks_of_a_send_come_in_order(stage):
    """Everything is wrong at first; each step mends what was told last."""
    account, state, openid = stage.running.account, stage.state, "oStranger"
    given = {"template_id": "none", "data": {}, "page": "none"}
    account.pages, account.sending_banned = frozenset({"index"}), True

    def errcode():
        return stage.send_raw(openid, **given)["errcode"]

    assert errcode() == 40003
    openid = stage.user()
    assert errcode() == 40037
    given["template_id"] = CASE
    assert errcode() == 47003
    given["data"] = CASE_DATA
    assert errcode() == 41030
    given["page"] = "/index?from=notice"
    assert errcode() == 43107
    account.sending_banned = False
    state.in_flight[openid] = 1
    assert errcode() == 43108
    del state.in_flight[openid]
    assert errcode() == 43101
    stage.allow(openid)
    assert errcode() == 0
    assert state.in_flight == {}


def test_a_listed_value_is_held_to_the_list(stage):
    row = {
        "name": "listed",
        "priTmplId": "listed",
        "title": "列表",
        "content": "状态:{{enum_string1.DATA}}\n",
        "example": "",
        "type": 2,
        "keywordEnumValueList": [{"keywordCode": "enum_string1.DATA", "enumValueList": ["已办结"]}],
    }
    stage.state.templates["listed"] = SimulatedTemplate.of(row)
    openid = stage.user()
    stage.allow(openid, "listed")

    assert stage.send_raw(openid, "listed", data={"enum_string1": "处理中"})["errcode"] == 47003
    assert stage.send_raw(openid, "listed", data={"enum_string1": "已办结"})["errcode"] == 0


def test_messages_are_listed_by_person_and_from_a_moment_on(stage):
    first, second = stage.user(), stage.user()
    stage.allow(first, times=2)
    stage.allow(second)
    stage.send_raw(first)
    stage.control("POST", "clock", {"advance_s": 60})
    stage.send_raw(second)
    stage.send_raw(first)

    everything = stage.control("GET", "messages")
    assert [row["openid"] for row in everything] == [first, second, first]
    assert len({row["msgid"] for row in everything}) == 3
    since = everything[1]["at"]
    assert since.endswith("+08:00")
    assert [row["openid"] for row in stage.control("GET", "messages", since=since)] == [second, first]
    assert len(stage.control("GET", "messages", openid=first, since=since)) == 1
    assert stage.control("GET", "messages", since="soon") == {"error": "since: ISO 8601 or unix seconds"}
