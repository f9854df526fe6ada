"""Merging: three texts in, pieces out; no database."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.news.merging import (
    MOST_BLOCKS,
    Side,
    blocks_joined,
    blocks_merged,
    blocks_text,
    html_blocks,
    side_of,
    text_marked,
)

BLOCKS = st.lists(st.sampled_from(["<p>一</p>", "<p>二</p>", "<p>三</p>", "<p>四</p>"]), max_size=8)


def sides(base, mine, theirs) -> list[str]:
    return [piece.side.value for piece in blocks_merged(base=base, mine=mine, theirs=theirs)]


@pytest.mark.parametrize(
    ("base", "mine", "theirs", "side"),
    [
        ("a", "a", "a", Side.SAME), ("a", "b", "b", Side.SAME), ("a", "b", "a", Side.MINE),
        ("a", "a", "b", Side.THEIRS), ("a", "b", "c", Side.CONFLICT), (None, "a", "b", Side.CONFLICT),
        (None, "a", "a", Side.SAME), ("", "a", "", Side.MINE), (False, True, False, Side.MINE),
    ],
)  # fmt: skip
def test_who_changed_a_field(base, mine, theirs, side):
    assert side_of(base=base, mine=mine, theirs=theirs) is side


def test_changes_of_different_paragraphs_are_both_taken():
    base, mine, theirs = ["1", "2", "3"], ["1改", "2", "3"], ["1", "2", "3改"]

    pieces = blocks_merged(base=base, mine=mine, theirs=theirs)

    assert [piece.side.value for piece in pieces] == ["mine", "same", "theirs"]
    assert blocks_joined(pieces=pieces, answers={}) == "1改23改"


def test_a_paragraph_that_both_changed_waits_for_an_answer():
    pieces = blocks_merged(base=["1", "2"], mine=["1我", "2"], theirs=["1她", "2"])

    assert [piece.side.value for piece in pieces] == ["conflict", "same"]
    assert blocks_joined(pieces=pieces, answers={}) is None
    assert blocks_joined(pieces=pieces, answers={0: "other"}) is None
    joined = [blocks_joined(pieces=pieces, answers={0: answer}) for answer in ("mine", "theirs", "both")]
    assert joined == ["1我2", "1她2", "1她1我2"]


def test_one_removes_a_paragraph_and_the_other_changes_it():
    assert sides(["1", "2", "3"], ["1", "3"], ["1", "2改", "3"]) == ["same", "conflict", "same"]


def test_both_add_the_same_paragraph_once():
    pieces = blocks_merged(base=["1"], mine=["1", "2"], theirs=["1", "2"])

    assert blocks_joined(pieces=pieces, answers={}) == "12"


def test_without_the_version_that_was_opened_each_difference_is_a_conflict():
    assert sides(None, ["1", "我", "3"], ["1", "她", "3"]) == ["same", "conflict", "same"]


@settings(max_examples=300, deadline=None)
@given(BLOCKS, BLOCKS)
def test_whoever_changes_alone_gets_exactly_their_text(base, changed):
    for mine, theirs in ((changed, base), (base, changed), (changed, changed)):
        pieces = blocks_merged(base=base, mine=mine, theirs=theirs)
        assert blocks_joined(pieces=pieces, answers={}) == "".join(changed)


@settings(max_examples=300, deadline=None)
@given(st.none() | BLOCKS, BLOCKS, BLOCKS)
def test_no_block_of_either_side_is_lost_or_made_up(base, mine, theirs):
    pieces = blocks_merged(base=base, mine=mine, theirs=theirs)

    assert [block for piece in pieces for block in piece.mine] == mine
    assert [block for piece in pieces for block in piece.theirs] == theirs
    conflicts = [place for place, piece in enumerate(pieces) if piece.side is Side.CONFLICT]
    assert (blocks_joined(pieces=pieces, answers={}) is None) == bool(conflicts)
    for answer in ("mine", "theirs", "both"):
        assert blocks_joined(pieces=pieces, answers=dict.fromkeys(conflicts, answer)) is not None


def test_a_body_is_split_into_its_outermost_blocks():
    html = "<p>一<strong>二</strong></p><ul><li><p>甲</p></li></ul>散 &amp; 句<p></p>"

    assert html_blocks(html) == [
        "<p>一<strong>二</strong></p>", "<ul><li><p>甲</p></li></ul>", "散 &amp; 句", "<p></p>",
    ]  # fmt: skip
    assert html_blocks("") == []


def test_a_picture_in_a_block_is_read_as_its_text():
    upload = "0190b0a0-0000-7000-8000-000000000000"

    text = blocks_text([f'<img src="/media/public/{upload}" alt="江滩">', "<p>一</p>"])

    assert text == "[江滩]\n一"


def marked(old: str, new: str) -> list[tuple[str, str]]:
    return [(mark.kind, mark.text) for mark in text_marked(old=old, new=new)]


def test_a_changed_sentence_is_marked_by_character():
    assert marked("路灯坏了。明天修。", "路灯坏了。后天修。") == [
        ("same", "路灯坏了。"), ("del", "明"), ("ins", "后"), ("same", "天修。"),
    ]  # fmt: skip


def test_a_sentence_with_nothing_in_common_is_replaced_as_a_whole():
    assert marked("路灯坏了。", "明天下雨！") == [("del", "路灯坏了。"), ("ins", "明天下雨！")]
    assert marked("", "新") == [("ins", "新")]
    assert marked("旧", "") == [("del", "旧")]


@settings(max_examples=200, deadline=None)
@given(st.text("路灯。！坏\n了a", max_size=60), st.text("路灯。！坏\n了a", max_size=60))
def test_the_marks_hold_both_texts_whole(old, new):
    marks = marked(old, new)

    assert "".join(text for kind, text in marks if kind != "del") == new
    assert "".join(text for kind, text in marks if kind != "ins") == old


def test_a_very_long_text_does_not_hold_up_the_page():
    mine, theirs = (f"<p>{word}</p>" * 60_000 for word in ("甲", "乙"))

    began = time.monotonic()
    pieces = blocks_merged(base=None, mine=html_blocks(mine), theirs=html_blocks(theirs))
    text_marked(old="甲。" * 250_000, new="乙" * 500_000)

    assert [len(piece.mine) for piece in pieces] == [1]
    assert MOST_BLOCKS == 2000
    assert time.monotonic() - began < 5
