"""What network points are found by, word by word."""

from __future__ import annotations

import pytest

from apps.facilities.search_text import Described, Name, initials_of, pinyin_of, query_of, vector_of


@pytest.mark.parametrize(
    ("text", "pinyin", "initials"),
    [
        ("普仁医院", "pu ren yi yuan", "pryy"),
        ("重阳路银行", "chong yang lu yin hang", "cylyh"),
        ("武钢 ＡＢＣ３号", "wu gang abc3 hao", "wgah"),
        ("", "", ""),
    ],
)
def test_pinyin_has_a_syllable_for_each_character(text, pinyin, initials):
    assert (pinyin_of(text=text), initials_of(text=text)) == (pinyin, initials)


def test_pinyin_is_never_longer_than_its_column():
    assert len(pinyin_of(text="双" * 80)) <= 300
    assert len(initials_of(text="双" * 80)) <= 80


def test_names_weigh_most_and_are_found_by_every_piece():
    described = Described(
        names=[Name("普仁医院", "pu ren yi yuan")], offers=["医院"], place=["本溪街"], about=["发热门诊"]
    )

    words = dict(part.rsplit(":", 1) for part in vector_of(described=described).split(" "))

    assert {
        word: words[f"'{word}'"] for word in ("普", "仁医", "医院", "py:renyiyuan", "py:ryy", "py:y")
    } == dict.fromkeys(("普", "仁医", "医院", "py:renyiyuan", "py:ryy", "py:y"), "1A")
    assert (words["'本溪'"], words["'门诊'"]) == ("1C", "1D")


def test_a_quote_in_a_name_stays_a_word_of_the_vector():
    described = Described(names=[Name("a'b\\c", "a'b")], offers=[], place=[], about=[])

    assert "'py:a''b':1A" in vector_of(described=described)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("jyy", "('jyy':* | 'py:jyy':*)"),
        ("ＪＹＹ", "('jyy':* | 'py:jyy':*)"),
        ("桥", "(('桥'))"),
        ("市九", "(('市九'))"),
        ("jyy 桥", "('jyy':* | 'py:jyy':*) & (('桥'))"),
        ("， ！", ""),
        ("", ""),
    ],
)
def test_a_question_is_its_terms_together(text, query):
    assert query_of(text=text) == query


def test_at_most_six_terms_are_read():
    assert query_of(text="a b c d e f g").count("&") == 5
