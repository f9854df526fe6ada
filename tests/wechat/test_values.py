"""What each key type takes, and how a text is made to fit."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.wechat.simulator.calls import Call
from apps.wechat.simulator.messages import _values_right
from apps.wechat.simulator.pushes import Pusher
from apps.wechat.simulator.state import SimulatedTemplate, State
from apps.wechat.values import NEUTRAL, RULES, key_kind, keys_of, value_fit, value_ok

KEYS = [f"{kind}1" for kind in (*RULES, "const", "enum")]
# Texts that look like values, beside quite arbitrary ones.
TEXTS = st.one_of(
    st.text(st.characters(), max_size=60),
    st.text("0123456789.,-+~:/年月日时元¥￥ 　粤鄂A挂…·'\n\u200d", max_size=40),
    st.datetimes().map(lambda moment: moment.isoformat()),
    st.dates().map(lambda day: day.isoformat()),
    st.floats().map(str),
    # Halves of pairs, emoji joined to families, flags, marks that sit on other characters, marks of direction.
    st.text(
        "\ud83d\udc68\udfff👨‍👩‍👧🇨🇳️⃣1e\u0301\u0327\u20dd\u3099か\u202e\u2066\u2069\ufeff\u0085\u2028㊣",
        max_size=40,
    ),
)
LISTED = ("待处理", "已办结")


@pytest.mark.parametrize(
    ("key", "value", "ok"),
    [
        ("thing1", "一" * 20, True),
        ("thing1", "一" * 21, False),
        ("thing1", "ab 12，。😀", True),
        ("thing1", "", False),
        ("thing1", "   ", False),
        ("thing1", "第一行\n第二行", False),
        ("thing1", "一\u2028二", False),
        ("thing1", "一\ud800", False),
        ("number1", "12.50", True),
        ("number1", "-3", True),
        ("number1", "１２", False),
        ("number1", "1" * 33, False),
        ("number1", "12a", False),
        ("letter1", "abcXYZ", True),
        ("letter1", "ab1", False),
        ("symbol1", "!@#", True),
        ("symbol1", "!@#$%^", False),
        ("symbol1", "a!", False),
        ("character_string1", "QS-2026#000017", True),
        ("character_string1", "QS受理", False),
        ("character_string1", "（1）", False),
        ("character_string1", "a" * 33, False),
        ("time1", "15:01", True),
        ("time1", "2019年10月1日 15:01", True),
        ("time1", "2019-10-01 15:01:30", True),
        ("time1", "08:00~12:00", True),
        ("time1", "24:00", False),
        ("time1", "2019年10月1日", False),
        ("date1", "2019年10月1日", True),
        ("date1", "2019年10月", True),
        ("date1", "10月1日", True),
        ("date1", "2019-10-01 15:01", True),
        ("date1", "2019年10月1日~2019年10月7日", True),
        ("date1", "明天", False),
        ("amount1", "¥100.50", True),
        ("amount1", "100元", True),
        ("amount1", "12345678901", False),
        ("amount1", "一百元", False),
        ("phone_number1", "+86-0766-66888866", True),
        ("phone_number1", "1380013800013800138", False),
        ("car_number1", "粤A8Z888挂", True),
        ("car_number1", "粤A粤888", False),
        ("name1", "王小明", True),
        ("name1", "一" * 11, False),
        ("name1", "John O'Neil", True),
        ("name1", "a" * 21, False),
        ("name1", "王1", False),
        ("phrase1", "已受理", True),
        ("phrase1", "已受理中央级", False),
        ("phrase1", "OK", False),
        ("short_thing1", "五个字以内", True),
        ("short_thing1", "五个字以内吗", False),
        ("const1", "固定内容", True),
    ],
)
def test_each_type_takes_what_the_table_says(key, value, ok):
    assert value_ok(key, value) is ok


@pytest.mark.parametrize(
    ("key", "value", "fitted"),
    [
        ("thing1", "一" * 20, "一" * 20),
        ("thing1", "一" * 21, "一" * 19 + "…"),
        ("thing1", "第一行\r\n第二行\x00", "第一行 第二行"),
        ("thing1", "\u202e倒着写", "倒着写"),
        ("thing1", "一\ud800二", "一二"),
        ("thing1", " \n ", "-"),
        ("short_thing1", "五个字以内吗", "五个字以…"),
        ("number1", "共 1,234 件", "1234"),
        ("number1", "没有", "0"),
        ("letter1", "Ａ-b1", "Ab"),
        ("letter1", "中", "NA"),
        ("symbol1", "a!b@#$%^", "!@#$%"),
        ("symbol1", "", "-"),
        ("character_string1", "ＱＳ（１７）号", "QS(17)"),
        ("character_string1", "受理", "-"),
        ("time1", "15:01", "15:01"),
        ("time1", "2026-03-01T15:01:00+08:00", "2026年3月1日 15:01"),
        ("time1", "2026-03-01T07:01:00Z", "2026年3月1日 15:01"),
        ("time1", "2026-03-01T15:01:00", "2026年3月1日 15:01"),
        ("time1", "2026-03-01", "2026年3月1日 00:00"),
        ("time1", "下午三点", "00:00"),
        ("date1", "2026-03-01", "2026-03-01"),
        ("date1", "2026-03-01T20:00:00Z", "2026年3月2日 04:00"),
        ("date1", "明天", "1970年1月1日"),
        ("date1", "9999-12-31T23:59:59-11:00", "1970年1月1日"),
        ("amount1", "￥1,280.50", "¥1280.50"),
        ("amount1", "共20元整", "20元"),
        ("amount1", "免费", "0"),
        ("phone_number1", "电话：027－86860000", "027-86860000"),
        ("phone_number1", "无", "-"),
        ("car_number1", "粤a·8z888 挂", "粤A8Z888挂"),
        ("car_number1", "", "未知"),
        ("name1", "王小明2号", "王小明号"),
        ("name1", "王" * 12, "王" * 10),
        ("name1", "John 2", "John"),
        ("name1", "42", "-"),
        ("phrase1", "已转派至区城管局", "已转派至区"),
        ("phrase1", "done", "无"),
        ("const1", "", "-"),
    ],
)
def test_a_text_is_made_to_fit(key, value, fitted):
    assert value_fit(key, value) == fitted
    assert value_ok(key, fitted)


@given(key=st.sampled_from(KEYS), text=TEXTS)
def test_whatever_the_text_is_the_fitted_one_is_right_and_stays_as_it_is(key, text):
    fitted = value_fit(key, text)

    assert value_ok(key, fitted)
    assert value_fit(key, fitted) == fitted
    fitted.encode()


@given(key=st.sampled_from(KEYS), text=TEXTS)
def test_a_right_value_without_marks_or_outer_spaces_is_not_changed(key, text):
    if value_ok(key, text) and text == text.strip() and text.isascii():
        assert value_fit(key, text) == text


def every_key(allowed: tuple[str, ...]) -> SimulatedTemplate:
    """A template with a key of each type, the enum ones with their list."""
    keys = [*KEYS, "enum_string2", "enum3"]
    return SimulatedTemplate.of(
        {
            "priTmplId": "every",
            "type": 2,
            "content": "".join(f"项:{{{{{key}.DATA}}}}\n" for key in keys),
            "keywordEnumValueList": [
                {"keywordCode": f"{key}.DATA", "enumValueList": list(allowed)}
                for key in ("enum_string2", "enum3")
            ],
        }
    )


@given(text=TEXTS, allowed=st.sampled_from([LISTED, ("是",), ("A 类", "B 类", "其他")]))
def test_whatever_the_text_is_the_simulator_takes_the_fitted_one_under_each_type_of_key(text, allowed):
    state = State(appid="wx", secret="s", templates=[], seed=1)
    template = state.templates["every"] = every_key(allowed)
    fitted = {key: value_fit(key, text, allowed=template.enums.get(key, ())) for key in template.keys}
    # As it goes over the wire.
    body = json.loads(
        json.dumps(
            {"data": {key: {"value": value} for key, value in fitted.items()}}, ensure_ascii=False
        ).encode()
    )
    body["template_id"] = "every"
    call = Call(state=state, pusher=Pusher(state=state), path="", query={}, body=body, remote="")

    _values_right(call)

    assert body["data"]["enum3"]["value"] in allowed


def test_a_listed_value_stays_and_another_gives_the_first_of_the_list():
    allowed = ("待处理", "已办结")

    assert value_ok("enum1", "已办结", allowed=allowed)
    assert not value_ok("enum1", "处理中", allowed=allowed)
    assert value_fit("enum1", "已办结", allowed=allowed) == "已办结"
    assert value_fit("enum1", "处理中", allowed=allowed) == "待处理"


@pytest.mark.parametrize("kind", [*RULES, "const", "enum"])
def test_the_neutral_value_of_each_type_is_right(kind):
    assert value_ok(f"{kind}1", NEUTRAL.get(kind, "-"))


def test_keys_are_read_from_the_content_in_their_order():
    content = "受理编号:{{character_string12.DATA}}\n内容:{{thing3.DATA}}\n状态:{{ phrase1.DATA }}\n"

    assert keys_of(content) == ("character_string12", "thing3", "phrase1")
    assert [key_kind(key) for key in keys_of(content)] == ["character_string", "thing", "phrase"]
