"""Reading the text of a printed article: what is joined, what is kept apart, what is reported."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.news.intake import (
    Block,
    BlockKind,
    DoubtReason,
    Intake,
    IntakeRefused,
    JoinReason,
    article_parse,
    blocks_to_html,
    summary_of,
    text_decode,
)

TITLE, HEADING, PARAGRAPH, CAPTION = (
    BlockKind.TITLE,
    BlockKind.HEADING,
    BlockKind.PARAGRAPH,
    BlockKind.CAPTION,
)
CLOSED = "老街的梧桐树下，几位居民正在讨论花坛怎么修，方案已经改了三稿。"
AFTER = "改造期间，社区在巷口设了咨询点，居民随时可以去看图纸、提意见。"


def parsed(*lines: str, gap: int = 1) -> Intake:
    return article_parse(text=("\n" * (gap + 1)).join(lines))


def shape(intake: Intake) -> list[tuple[BlockKind, str]]:
    return [(block.kind, block.text) for block in intake.blocks]


def doubts(intake: Intake) -> list[tuple[int, DoubtReason]]:
    return [(doubt.line, doubt.reason) for doubt in intake.doubts]


# --- sentences and words broken over paragraphs -------------------------------------------------------------------


def test_a_character_printed_on_both_sides_of_the_break_is_kept_once_and_reported():
    intake = parsed(
        "老街口袋公园开放",
        "柳溪区今年新建口袋公园六处，最大的一处就在柳溪",
        "溪区图书馆的东侧，占地约两千平方米。",
    )

    assert shape(intake) == [
        (TITLE, "老街口袋公园开放"),
        (PARAGRAPH, "柳溪区今年新建口袋公园六处，最大的一处就在柳溪区图书馆的东侧，占地约两千平方米。"),
    ]
    assert [(join.line, join.left, join.right, join.reason, join.dropped) for join in intake.joins] == [
        (5, "大的一处就在柳溪", "溪区图书馆的东侧", JoinReason.CHARACTER_DOUBLED, "溪")
    ]
    assert intake.doubts == ()


def test_a_place_name_cut_in_two_is_joined_because_it_stands_whole_elsewhere():
    intake = parsed(
        "街区焕新",
        CLOSED,
        "去年冬天，施工队进驻枫桥",
        "路，先修排水再铺路面。",
        "枫桥路全长八百米，两侧都是老房子。",
    )

    assert shape(intake)[2:] == [
        (PARAGRAPH, "去年冬天，施工队进驻枫桥路，先修排水再铺路面。"),
        (PARAGRAPH, "枫桥路全长八百米，两侧都是老房子。"),
    ]
    assert [(join.line, join.reason, join.dropped) for join in intake.joins] == [
        (7, JoinReason.WORD_BROKEN, "")
    ]
    assert intake.doubts == ()


def test_a_line_that_ends_with_a_comma_goes_on_in_the_next_paragraph():
    intake = parsed("便民服务", "为了让上班的人也能办事，", "街道把窗口开到了晚上八点。", AFTER)

    assert shape(intake)[1:] == [
        (PARAGRAPH, "为了让上班的人也能办事，街道把窗口开到了晚上八点。"),
        (PARAGRAPH, AFTER),
    ]
    assert [join.reason for join in intake.joins] == [JoinReason.SENTENCE_BROKEN]
    assert intake.doubts == ()


def test_a_join_that_rests_on_the_missing_mark_alone_is_reported():
    intake = parsed("便民服务", CLOSED, "窗口的工作人员说，他们正努力", "缩短每个人等候的时间。")

    assert shape(intake)[2:] == [(PARAGRAPH, "窗口的工作人员说，他们正努力缩短每个人等候的时间。")]
    assert doubts(intake) == [(7, DoubtReason.WEAK_JOIN)]


def test_a_line_that_begins_with_a_closing_mark_belongs_to_the_one_before():
    intake = parsed("便民服务", "他笑着说：“再也不用跑两趟了。", "”说完他把材料交给了窗口。")

    assert shape(intake)[1:] == [(PARAGRAPH, "他笑着说：“再也不用跑两趟了。”说完他把材料交给了窗口。")]


def test_a_paragraph_without_a_final_mark_before_a_fresh_start_is_left_alone_and_reported():
    intake = parsed(
        "便民服务", "老街的路灯全部换成了节能灯，夜里亮堂多了", "与此同时，社区还补种了三十棵桂花树。"
    )

    assert shape(intake)[1:] == [
        (PARAGRAPH, "老街的路灯全部换成了节能灯，夜里亮堂多了"),
        (PARAGRAPH, "与此同时，社区还补种了三十棵桂花树。"),
    ]
    assert intake.joins == ()
    assert doubts(intake) == [(3, DoubtReason.NO_FINAL_MARK)]


def test_a_word_that_is_doubled_by_itself_keeps_both_characters():
    intake = parsed("晨练", CLOSED, "退休以后，老街坊们天", "天在江边打拳，风雨无阻。")

    assert shape(intake)[2:] == [(PARAGRAPH, "退休以后，老街坊们天天在江边打拳，风雨无阻。")]
    assert [join.dropped for join in intake.joins] == [""]


def test_the_same_character_in_two_whole_words_is_kept_and_reported():
    intake = parsed("展览", CLOSED, "老厂房改成了会客厅，看得见发展", "展示墙上贴满了居民拍的照片。")

    assert shape(intake)[2:] == [(PARAGRAPH, "老厂房改成了会客厅，看得见发展展示墙上贴满了居民拍的照片。")]
    assert doubts(intake) == [(7, DoubtReason.DOUBLED_KEPT)]


def test_a_doubled_comma_at_the_break_is_kept_once():
    intake = parsed("展览", "照片里有老码头，", "，也有刚通车的新桥。")

    assert shape(intake)[1:] == [(PARAGRAPH, "照片里有老码头，也有刚通车的新桥。")]
    assert [join.dropped for join in intake.joins] == ["，"]


def test_digits_on_both_sides_of_a_break_are_never_dropped():
    intake = parsed("展览", CLOSED, "书屋开放以来，已经接待读者1", "100人次，借出图书三千册。")

    assert shape(intake)[2:] == [(PARAGRAPH, "书屋开放以来，已经接待读者1100人次，借出图书三千册。")]
    assert [join.dropped for join in intake.joins] == [""]
    assert (7, DoubtReason.DIGITS_JOINED) in doubts(intake)


@pytest.mark.parametrize(
    ("left", "right", "whole"),
    [
        ("展台上写着“infor-", "mation”这个词。", "展台上写着“information”这个词。"),
        ("展台上写着“smart", "city”两个词。", "展台上写着“smart city”两个词。"),
        ("生产线采用了MX-", "200型控制器。", "生产线采用了MX-200型控制器。"),
    ],
)
def test_latin_words_over_a_break(left: str, right: str, whole: str):
    assert shape(parsed("展台", CLOSED, left, right))[2:] == [(PARAGRAPH, whole)]


def test_a_dropped_hyphen_is_reported():
    intake = parsed("展台", CLOSED, "展台上写着“infor-", "mation”这个词。")

    assert [(join.reason, join.dropped) for join in intake.joins] == [(JoinReason.HYPHEN, "-")]
    assert doubts(intake) == [(7, DoubtReason.HYPHEN_DROPPED)]


# --- captions -----------------------------------------------------------------------------------------------------


def test_a_caption_between_the_halves_of_a_sentence_is_put_behind_the_joined_paragraph():
    intake = parsed("新桥通车", "经过两年施工，连接两岸的", "河湾大桥。", "人行步道终于向居民开放了。", AFTER)

    assert intake.blocks == (
        Block(TITLE, "新桥通车", (1,)),
        Block(PARAGRAPH, "经过两年施工，连接两岸的人行步道终于向居民开放了。", (3, 7)),
        Block(CAPTION, "河湾大桥。", (5,)),
        Block(PARAGRAPH, AFTER, (9,)),
    )
    assert [(join.line, join.reason) for join in intake.joins] == [(7, JoinReason.INTERRUPTED)]


def test_the_short_end_of_a_sentence_is_not_taken_for_a_caption():
    intake = parsed(
        "新桥通车", "从新桥往东走十分钟，就到了改造后的社", "区文化中心。", "与此同时，南岸的步道也在施工。"
    )

    assert shape(intake)[1:] == [
        (PARAGRAPH, "从新桥往东走十分钟，就到了改造后的社区文化中心。"),
        (PARAGRAPH, "与此同时，南岸的步道也在施工。"),
    ]


def test_short_lines_that_name_a_thing_are_captions_and_short_sentences_are_not():
    intake = parsed("新桥通车", CLOSED, "河湾大桥。", AFTER, "老街又热闹起来了。", CLOSED)

    assert [kind for kind, _text in shape(intake)] == [
        TITLE,
        PARAGRAPH,
        CAPTION,
        PARAGRAPH,
        PARAGRAPH,
        PARAGRAPH,
    ]


def test_a_short_line_set_apart_is_a_caption_even_where_it_tells_something():
    text = f"新桥通车\n\n{CLOSED}\n\n{AFTER}\n\n\n\n孩子们在桥头写生。\n\n{CLOSED}\n\n{AFTER}\n\n{CLOSED}"
    intake = article_parse(text=text)

    assert shape(intake)[3] == (CAPTION, "孩子们在桥头写生。")
    assert doubts(intake) == [(9, DoubtReason.CAPTION_OR_PARAGRAPH)]


@pytest.mark.parametrize(
    "caption",
    ["图为居民在新步道上散步，远处是大桥。", "桥头的夜市，灯光倒映在水面上。（资料图）", "▲改造后的码头"],
)
def test_a_line_that_says_it_belongs_to_a_picture_is_a_caption(caption: str):
    assert shape(parsed("新桥通车", CLOSED, caption, AFTER)) == [
        (TITLE, "新桥通车"),
        (PARAGRAPH, CLOSED),
        (CAPTION, caption),
        (PARAGRAPH, AFTER),
    ]


# --- headings, bylines, page numbers ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "heading",
    [
        "2024年",
        "修旧如旧留住记忆 补齐短板方便生活",
        "家门口的“幸福圈” 越来越近",
        "一、总体安排",
        "（二）重点任务",
        "让老街活起来",
        "补短板，惠民生",
    ],
)
def test_lines_without_marks_between_finished_paragraphs_are_headings(heading: str):
    assert shape(parsed("老街新貌", CLOSED, heading, AFTER)) == [
        (TITLE, "老街新貌"),
        (PARAGRAPH, CLOSED),
        (HEADING, heading),
        (PARAGRAPH, AFTER),
    ]


def test_a_heading_ends_a_paragraph_that_has_no_final_mark():
    intake = parsed("老街新貌", "工程分三期进行，首期已经完成", "修旧如旧留住记忆 补齐短板方便生活", AFTER)

    assert [kind for kind, _text in shape(intake)] == [TITLE, PARAGRAPH, HEADING, PARAGRAPH]
    assert doubts(intake) == [(3, DoubtReason.NO_FINAL_MARK)]


def test_a_short_first_half_of_a_sentence_is_not_a_heading():
    intake = parsed("老街新貌", CLOSED, "改造后的临河步道串起了三个社", "区，沿线新增座椅四十处。", AFTER)

    assert shape(intake)[2] == (PARAGRAPH, "改造后的临河步道串起了三个社区，沿线新增座椅四十处。")


def test_a_page_number_is_kept_reported_and_does_not_stop_a_sentence():
    intake = parsed("老街新貌", "居民们商量之后决定，先修屋顶的防", "— 3 —", "水，再换楼道的窗户。")

    assert intake.blocks[1:] == (
        Block(PARAGRAPH, "居民们商量之后决定，先修屋顶的防水，再换楼道的窗户。", (3, 7)),
        Block(PARAGRAPH, "— 3 —", (5,)),
    )
    assert doubts(intake) == [(5, DoubtReason.PAGE_NUMBER)]


def test_bylines_and_items_of_a_list_are_not_joined():
    intake = parsed(
        "办事须知", "来源：街道办事处", "办理时请带下列材料：", "1. 身份证明", "2. 房屋租赁合同", CLOSED
    )

    assert [text for _kind, text in shape(intake)] == [
        "办事须知",
        "来源：街道办事处",
        "办理时请带下列材料：",
        "1. 身份证明",
        "2. 房屋租赁合同",
        CLOSED,
    ]
    assert intake.joins == ()


# --- wrapped print ------------------------------------------------------------------------------------------------

LONG = (
    "街道把闲置的旧仓库改成了社区客厅，里面有书架、茶座和一个小小的排练厅。周末的时候，合唱队在这里练歌，孩子们在隔壁画画。"
    "运营的费用由街道、企业和居民一起分担，账目每个季度贴在门口的公告栏上。有人提议再添一间修理铺，大家投票通过了。"
)
SECOND = "明年春天，旧仓库旁边的空地会种上果树，果子归照看它们的人家。社区已经收到四十多份报名表，比预想的多出一倍。"


def wrapped(text: str, *, width: int, indent: str = "") -> str:
    whole = indent + text
    return "\n".join(whole[at : at + width] for at in range(0, len(whole), width))


@pytest.mark.parametrize("width", [20, 24, 31, 40])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_wrapped_paragraphs_with_an_indent_are_put_together_again(width: int, line_end: str):
    text = (
        "社区客厅\n"
        + wrapped(LONG, width=width, indent="　　")
        + "\n"
        + wrapped(SECOND, width=width, indent="　　")
    )
    intake = article_parse(text=text.replace("\n", line_end))

    assert shape(intake) == [(TITLE, "社区客厅"), (PARAGRAPH, LONG), (PARAGRAPH, SECOND)]
    assert {join.reason for join in intake.joins} == {JoinReason.WRAPPED}


@pytest.mark.parametrize("width", [20, 24, 31, 40])
def test_wrapped_paragraphs_parted_by_blank_lines_are_put_together_again(width: int):
    text = "\n\n".join(
        ["社区客厅", wrapped(LONG, width=width), wrapped(SECOND, width=width), wrapped(LONG, width=width)]
    )

    assert shape(article_parse(text=text))[1:] == [(PARAGRAPH, LONG), (PARAGRAPH, SECOND), (PARAGRAPH, LONG)]


def test_in_wrapped_print_the_same_character_at_a_line_end_is_mostly_meant():
    lines = [
        "社区客厅",
        "街道把闲置的旧仓库改成了社区客厅，排练",
        "的歌声从傍晚响到夜里，街坊们说，这里人",
        "人都能来，天天都不一样，比以前热闹多了",
        "许多。",
    ]
    intake = parsed(*lines, gap=0)

    assert shape(intake)[1:] == [(PARAGRAPH, "".join(lines[1:]))]
    assert [join.dropped for join in intake.joins] == ["", "", ""]


# --- what is reported ---------------------------------------------------------------------------------------------


def test_a_likely_misprint_is_reported_and_left_as_printed():
    intake = parsed("新园开学", "坐落干柳溪公园东侧的幼儿园已经开学，来的多是附近的孩子。")

    assert intake.blocks[1].text == "坐落干柳溪公园东侧的幼儿园已经开学，来的多是附近的孩子。"
    assert [(doubt.line, doubt.excerpt, doubt.reason) for doubt in intake.doubts] == [
        (3, "坐落干柳溪公园东侧", DoubtReason.MISPRINT)
    ]


@pytest.mark.parametrize("text", ["几位干部来到现场。", "社区用干净的水浇花。", "周末来这里散步的人多了。"])
def test_words_that_only_look_like_misprints_are_not_reported(text: str):
    assert parsed("新园开学", text).doubts == ()


def test_controls_are_removed_and_reported_with_their_line():
    intake = article_parse(text="新园\x00开学\n\n开学\u200b第一天，孩子们\x07很高兴。")

    assert shape(intake) == [(TITLE, "新园开学"), (PARAGRAPH, "开学第一天，孩子们很高兴。")]
    assert [(doubt.line, doubt.excerpt, doubt.reason) for doubt in intake.doubts] == [
        (1, "U+0000", DoubtReason.CONTROL_REMOVED),
        (3, "U+200B U+0007", DoubtReason.CONTROL_REMOVED),
    ]


def test_unreadable_characters_and_unbalanced_quotes_are_reported():
    intake = parsed("新园开学", "老师说：“欢迎大家来到\ufffd园。")

    assert doubts(intake) == [(3, DoubtReason.UNREADABLE), (3, DoubtReason.UNBALANCED_MARKS)]


# --- doors --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", " \r\n\t　\n", "\x00\x01\ufeff"])
def test_a_text_without_words_is_refused(text: str):
    with pytest.raises(IntakeRefused) as refusal:
        article_parse(text=text)

    assert refusal.value.reason == "empty"


def test_a_text_over_two_megabytes_is_refused():
    with pytest.raises(IntakeRefused) as refusal:
        article_parse(text="字" * 700_000)

    assert refusal.value.reason == "too_large"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_files_in_three_encodings_give_the_same_text(encoding: str):
    assert text_decode("社区客厅\r\n今天开放。".encode(encoding)) == "社区客厅\r\n今天开放。"


def test_bytes_that_are_no_text_are_refused():
    with pytest.raises(ValueError, match="neither UTF-8 nor GB18030"):
        text_decode(b"\x89PNG\r\n\x1a\n\xff\xff\xff")


def test_the_html_has_headings_paragraphs_and_captions_and_escapes_everything():
    blocks = (
        Block(TITLE, "标题", (1,)),
        Block(HEADING, "一 & 二", (2,)),
        Block(PARAGRAPH, "<script>alert('x')</script>", (3,)),
        Block(CAPTION, "“河湾”大桥。", (4,)),
    )

    assert blocks_to_html(blocks=blocks) == (
        "<h2>一 &amp; 二</h2>\n"
        "<p>&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;</p>\n"
        '<p class="caption">“河湾”大桥。</p>'
    )


@pytest.mark.parametrize(
    ("limit", "summary"),
    [
        (120, "社区客厅开放了。大家都说“好！”明年还要扩建。"),
        (20, "社区客厅开放了。大家都说“好！”"),
        (9, "社区客厅开放了。"),
        (6, "社区客厅开…"),
    ],
)
def test_the_summary_is_made_of_the_first_full_sentences(limit: int, summary: str):
    blocks = (
        Block(TITLE, "标题", (1,)),
        Block(PARAGRAPH, "社区客厅开放了。大家都说“好！”明年还要扩建。", (2,)),
    )

    assert summary_of(blocks=blocks, limit=limit) == summary


def test_a_long_first_sentence_is_cut_after_a_clause():
    blocks = (Block(PARAGRAPH, "街道把旧仓库改成了社区客厅，里面有书架和茶座，还有一个排练厅。", (2,)),)

    assert summary_of(blocks=blocks, limit=20) == "街道把旧仓库改成了社区客厅…"


# --- whatever comes in --------------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    ["柳溪", "溪区", "的", "天", "天天", "2025年", "1", "，", "。", "、", "”", "“", "（", "）", "……", "——", "：", " ", "　　", "\n", "\n\n", "\n\n\n\n",
     "\r\n", "infor-", "mation", "河湾大桥。", "— 3 —", "图为", "修旧如旧 补齐短板", "记者 ", "\t", "\f", "\u2028", "\x00", "\ufeff", "A", "-", "干"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(text=st.one_of(st.lists(PIECES, max_size=60).map("".join), st.text(max_size=200)))
def test_no_character_is_lost_but_spaces_controls_and_what_a_join_reports(text: str):
    def solid(value: str) -> str:
        return "".join(value.split())

    removed = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069]")
    lines = re.sub("\r\n|[\r\x85\u2028\u2029]", "\n", text).split("\n")
    kept = [solid(removed.sub("", re.sub("[\t\f\v]", " ", line))) for line in lines]
    if not any(kept):
        with pytest.raises(IntakeRefused):
            article_parse(text=text)
        return

    intake = article_parse(text=text)

    dropped = {join.line: join for join in intake.joins}
    assert sorted(number for block in intake.blocks for number in block.lines) == [
        number for number, line in enumerate(kept, start=1) if line
    ]
    for block in intake.blocks:
        expected = kept[block.lines[0] - 1]
        for number in block.lines[1:]:
            join = dropped[number]
            if join.dropped == "-":
                expected = expected.removesuffix("-") + kept[number - 1]
            else:
                expected += kept[number - 1].removeprefix(join.dropped)
        assert solid(block.text) == expected
    lost = Counter("".join(kept)) - Counter(solid("".join(block.text for block in intake.blocks)))
    assert lost == Counter("".join(join.dropped for join in intake.joins))
    assert sum(len(block.lines) - 1 for block in intake.blocks) == len(intake.joins)
