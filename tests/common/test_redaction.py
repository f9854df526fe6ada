"""What tells who someone is, found and masked; what everyone may know stays."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.common.redaction import Kind, findings_of, kinds_counted, person_masked, redacted


def masked(text: str) -> str:
    return redacted(text, findings_of(text))


def kinds(text: str) -> list[str]:
    return [found.kind.value for found in findings_of(text)]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("请打19900000001联系我", "请打电话****联系我"),
        ("联系电话：199-0000-0001", "联系电话：****"),
        ("手机 199 0000 0001", "手机 ****"),
        ("手机１９９００００１２３４", "手机****"),
        ("+86 199 0000 0001", "电话****"),
        ("8619900000001", "电话****"),
        ("1 9 9 0 0 0 0 0 0 0 1", "电话****"),
        ("199.0000.0001", "电话****"),
        ("一九九零零零零一二三四", "电话****"),
        ("座机027-00001234", "座机****"),
        ("(027)86860000 找物业", "电话**** 找物业"),
        ("电话86860000", "电话****"),
    ],
)
def test_telephone_numbers_are_masked_however_they_are_written(text, shown):
    assert masked(text) == shown


@pytest.mark.parametrize(
    ("text", "shown", "kind"),
    [
        ("身份证号420107190001010000", "身份证号****", "id_number"),
        ("身份证 420107 1900 0101 000X", "身份证 ****", "id_number"),
        ("证件420107000101000", "证件身份证号****", "id_number"),
        ("卡号6222000000000000000", "卡号****", "bank_card"),
        ("6222 0000 0000 0000 000", "银行卡号****", "bank_card"),
        ("用水户号 123456789012", "用水户号 ****", "long_number"),
        ("写信到 test@example.com", "写信到 邮箱****", "email"),
        ("ｔｅｓｔ＠ｅｘａｍｐｌｅ．ｃｏｍ", "邮箱****", "email"),
        ("微信号test_user_0001", "微信号****", "chat"),
        ("微信：abcdef", "微信：****", "chat"),
        ("加v信 abc123", "加v信 微信****", "chat"),
        ("QQ12345678", "QQ****", "chat"),
        ("鄂A·TEST1的面包车", "鄂A****的面包车", "plate"),
        ("鄂AD12345是新能源车", "鄂A****是新能源车", "plate"),
        ("鄂a12345", "鄂A****", "plate"),
        ("鄂A1234挂", "鄂A****", "plate"),
    ],
)
def test_numbers_and_addresses_of_persons_are_masked_by_kind(text, shown, kind):
    assert (masked(text), kinds(text)) == (shown, [kind])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("3栋2单元501室漏水", "**栋**单元**室漏水"),
        ("３栋２单元５０１室", "**栋**单元**室"),
        ("三栋二单元五楼", "**栋**单元**楼"),
        ("3号楼5楼", "**号楼**楼"),
        ("12门302", "**门**"),
        ("A座1203", "**座**"),
        ("5-1-1203", "**-**-**"),
        ("2单元的电梯", "**单元的电梯"),
        ("501室", "**室"),
    ],
)
def test_the_number_of_a_home_is_masked_with_its_building(text, shown):
    assert masked(text) == shown


def test_a_building_alone_and_a_building_by_choice_stay_readable():
    text = "3栋2单元501室"

    assert masked("3号楼楼下的路灯不亮") == "3号楼楼下的路灯不亮"
    assert redacted(text, findings_of(text, kinds={Kind.HOME})) == "3栋**单元**室"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("张某某和李师傅打了王女士", "张**和李**师傅打了王**女士"),
        ("我叫张三丰，住在白玉山街道", "我叫张**，住在白玉山街道"),
        ("姓名：赵建国", "姓名：赵**"),
        ("联系人陈伟，请回电", "联系人陈**，请回电"),
        ("店主刘德海卖过期奶", "店主刘**卖过期奶"),
        ("店主张辉卖过期奶", "店主张**卖过期奶"),
        ("邻居周建华天天吵", "邻居周**天天吵"),
        ("业主欧阳娜娜反映", "业主欧阳**反映"),
        ("班主任王老师和陈医生", "班主任王**老师和陈**医生"),
        ("司马老师", "司马**老师"),
        ("李小满把车停在消防通道", "李**把车停在消防通道"),
        ("王建国家门口堆了垃圾", "王**家门口堆了垃圾"),
    ],
)
def test_names_of_persons_are_masked_and_titles_stay(text, shown):
    assert masked(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "打12345、110、120和12320，还有400-8888-888",
        "2026年3月10日到2026-03-12，晚上13:30-17:30，花了1250.50元",
        "坐 15 20 30 40 50 6路，再转402路，走1.5公里，G4201高速出口1200米",
        "王家墩、张公山寨、戴家湖公园、李桥、白玉山街道、任家路小区、严西湖边、杨春湖、罗家港、余家头",
        "和平大道1245号，二十一街坊，建设二路左转绿灯只有十几秒",
        "请找任课老师，高中老师和小学老师都说没办法，向老师反映过",
        "当时医生说周末医生不上班，16路师傅不停车，业主高度关注，业主常年停车",
        "三百多户居民，门诊3楼，顶楼阳光房，武汉马拉松，某某小区有时某些人",
        "微信公众号 qingshan，微信支付，用微信android版",
        "江夏区和武钢经理，我叫车去医院，孩子成绩",
    ],
)
def test_what_everyone_may_know_is_left_alone(text):
    assert findings_of(text) == ()
    assert masked(text) == text


def test_invented_personal_data_of_all_kinds_in_one_text_are_gone():
    text = (
        "我叫王秀英，住3栋2单元501室，身份证号420107190001010000（测试号），电话19900000001，"
        "车牌鄂A·TEST1的车主微信号test_user_0001天天堵消防通道，银行卡6222000000000000000。"
    )

    shown = masked(text)

    for piece in ("秀英", "501", "420107", "19900000001", "TEST1", "test_user", "6222"):
        assert piece not in shown
    assert kinds_counted(findings_of(text)) == {
        "name": 1, "building": 1, "home": 1, "id_number": 1, "mobile": 1, "plate": 1, "chat": 1, "bank_card": 1,
    }  # fmt: skip


def test_a_unit_keeps_the_place_and_the_car_and_loses_the_reporter():
    text = "我叫王秀英，电话19900000001，鄂A12345堵在3栋2单元门口"

    assert person_masked(text) == "我叫王**，电话****，鄂A12345堵在3栋**单元门口"


def test_findings_name_the_place_of_the_original_text():
    text = "手机１９９００００１２３４，谢谢"

    (found,) = findings_of(text)

    assert text[found.start : found.end] == found.text == "１９９００００１２３４"


_PIECES = st.sampled_from(
    [
        "张", "李", "王老师", "我叫", "联系人", "电话", "微信", "QQ", "某", "鄂A", "12345", "19900001234", "027-", "86860000",
        "3栋", "2单元", "501室", " ", "-", "：", "住在", "青山区", "*", "****", "身份证", "1", "0", "X", "abc", "@", "test.com",
        "主任", "刘", "欧阳", "伟", "建国", "家", "湖", "，", "。", "号", "路", "一三八", "零零零零", "５", "房", "姓名", "室", "楼",
    ]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(_PIECES | st.text(max_size=3), max_size=12).map("".join))
def test_nothing_that_can_be_found_remains_in_any_redacted_text(text):
    shown = masked(text)

    assert findings_of(shown) == ()
    assert masked(shown) == shown


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="的了是在和有都路灯不亮垃圾没人清每天早上很臭，。！？", max_size=60))
def test_a_text_without_numbers_and_names_is_unchanged(text):
    assert masked(text) == text


@settings(max_examples=200, deadline=None)
@given(
    st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
    st.sampled_from(["", "-", " "]),
    st.sampled_from(["请打", "我的号", "（"]),
)
def test_every_mobile_number_is_found(number, gap, before):
    written = gap.join((number[:3], number[3:7], number[7:]))

    assert number[3:7] not in masked(f"{before}{written}，谢谢")
