"""What an address says, and that one home has one key however it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.schools.addresses import AddressParts, address_key, address_parts, road_known

C = "420107001001"
HOME = "和平大道|1388|3-2-501"


@pytest.mark.parametrize(
    ("text", "road", "number", "rest"),
    [
        ("青山区和平大道1388号3栋2单元501室", "和平大道", 1388, "3-2-501"),
        ("工人村街道建设二路甲12号", "建设二路", 12, "甲"),
        ("建设二路12甲号", "建设二路", 12, "甲"),
        ("建设二路甲12号3栋501", "建设二路", 12, "甲,3-501"),
        ("建设二路12号甲栋501", "建设二路", 12, "甲501"),
        ("湖北省武汉市青山区红卫路街道和平大道1388号", "和平大道", 1388, ""),
        ("红钢城街道办事处江南社区和平大道1388号", "和平大道", 1388, ""),
        ("武汉青山区冶金街建设二路12号", "建设二路", 12, ""),
        ("园林路街道八大家路5号", "八大家路", 5, ""),
        ("建设二路一巷5号", "建设二路一巷", 5, ""),
        ("建设二路十二号", "建设二路", 12, ""),
        ("和平大道一三八八号", "和平大道", 1388, ""),
        ("和平大道一百零三号", "和平大道", 103, ""),
        ("沿港路8号附12号3栋501", "沿港路", 8, "附12,3-501"),
        ("沿港路8-12号3栋501", "沿港路", 8, "附12,3-501"),
        ("八吉府大街1号", "八吉府大街", 1, ""),
        ("和平大道", "和平大道", None, ""),
        ("和平大道3栋501", "和平大道", None, "3-501"),
        ("和平大道3号楼501", "和平大道", None, "3-501"),
        ("工业四路24门8号", "工业四路", None, "24-8"),
        ("武东二街三村12门1号", "武东二街", None, "三村12-1"),
        ("建设二路一巷青山花园3栋", "建设二路一巷", None, "青山花园3"),
        ("铁路新村3栋", "", None, "铁路新村3"),
        ("和平大道小区3栋", "", None, "和平大道小区3"),
        ("36街坊12栋5号", "", None, "36街坊12-5"),
        ("滨江城市花园3栋", "", None, "滨江城市花园3"),
        ("钢花小区3栋501", "", None, "钢花小区3-501"),
        ("江南春城社区5栋201", "", None, "5-201"),
        ("青山区", "", None, ""),
        ("", "", None, ""),
    ],
)
def test_an_address_says_road_number_and_the_rest(text, road, number, rest):
    assert address_parts(text) == AddressParts(road, number, rest)


@pytest.mark.parametrize(
    "text",
    [
        "青山区和平大道1388号3栋2单元501室",
        "湖北省武汉市青山区和平大道1388号3栋2单元501室",
        "和平大道 1388 号 3 栋 2 单元 501 室",
        "　和平大道１３８８号３栋２单元５０１室　",
        "和平大道1388#3幢2单元501#",
        "和平大道1388＃3座2门501房",
        "和平大道1388号3号楼2单元501号",
        "和平大道1388号3#楼2单元501",
        "和平大道1388号三栋二单元501室",
        "和平大道1388号3-2-501",
        "和平大道1388号-3—2－501",
        "和平大道1388 3-2-501",
        "和平大道1388-3-2-501",
        "和平大道1388号3 2 501",
        "和平大道1388号3/2/501",
        "和平大道1388号，3栋、2单元、501室。",
        "和平大道1388号03栋02单元0501室",
        "和平大道1388号3栋2单元5楼501室",
        "和平大道1388号3栋2单元五层501室",
        "和平大道1388号院3栋2单元501室",
        "和平大道(1388号)3栋2单元501室",
        "和平大道1388号\u200b3栋\x002单元501室",
    ],
)
def test_one_home_has_one_key_however_it_is_written(text):
    assert address_key(text, C) == HOME
    assert address_key(text, "") == HOME  # the road and its number are enough


@pytest.mark.parametrize(
    "text",
    [
        "和平大道1388号3栋2单元502室",
        "和平大道1388号3栋1单元501室",
        "和平大道1388号2栋3单元501室",
        "和平大道1389号3栋2单元501室",
        "和平大道甲1388号3栋2单元501室",
        "和平大道1388号附1号3栋2单元501室",
        "和平大道1388号A3栋2单元501室",
        "友谊大道1388号3栋2单元501室",
    ],
)
def test_another_home_has_another_key(text):
    assert address_key(text, C) not in ("", HOME)


def test_without_a_house_number_the_community_says_where():
    for text in ("钢花小区3栋2单元501室", "青山区 钢花小区 3-2-501", "钢花小区３＃２单元５０１"):
        assert address_key(text, C) == f"{C}|钢花小区3-2-501"
    assert address_key("3-2-501", C) == address_key("3栋2单元501室", C) == f"{C}|3-2-501"
    assert address_key("和平大道3栋501", C) == f"{C}|和平大道3-501"
    assert address_key("3-2-501", "420107001002") != address_key("3-2-501", C)


@pytest.mark.parametrize("text", ["", "  ", "，。", "青山区", "湖北省武汉市青山区", "#", "室"])
def test_what_names_no_home_has_no_key(text):
    assert address_key(text, C) in ("", f"{C}|室", f"{C}|号")
    assert address_key(text, "") == ""


def test_what_is_a_home_in_many_places_has_no_key_without_a_community():
    assert address_key("3栋2单元501室", "") == ""


@given(st.text(max_size=130))
def test_any_text_is_answered_and_a_key_stays_what_it_is_with_blanks_around(text):
    key = address_key(text, C)

    assert address_key(f" {text} ", C) == key
    assert all(not one.isspace() for one in key)
    number = address_parts(text).number
    assert number is None or 0 <= number <= 99_999


@given(
    st.integers(1, 99_999), st.integers(1, 99), st.integers(1, 9), st.integers(101, 3_399),
    st.sampled_from(["栋", "幢", "座", "号楼", "#", "-"]), st.sampled_from(["单元", "门", "-"]),
    st.sampled_from(["", "室", "号", "房", "#"]), st.sampled_from(["", " ", "　"]),
)  # fmt: skip
def test_signs_of_buildings_doors_and_rooms_make_no_other_home(
    number, building, door, room, one, two, three, gap
):
    text = f"青山区{gap}和平大道{number}号{gap}{building}{one}{gap}{door}{two}{gap}{room}{three}"

    assert address_key(text, C) == f"和平大道|{number}|{building}-{door}-{room}"


def test_a_road_is_known_by_its_name_alone():
    assert [road_known(one) for one in ("和平大道", "建设二路", "建设二路一巷", "八吉府大街")] == [True] * 4
    for wrong in ("和平 大道", "和平大道1388号", "青山区和平大道", "钢花小区", "", "路" * 41):
        assert not road_known(wrong), wrong
