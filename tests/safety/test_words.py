"""Words found in texts: the same as a naive search finds, whatever is put between the characters."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.safety.states import Category, Level
from apps.safety.words import Finding, Lexicon, WordRule, heaviest, normal_of

LETTERS = "上游行业敏感ab"
NOISE = " *。，-_.\u200b\u3000\n·🙂"


def rule(word: str, *windows: str, level: Level = Level.WARN) -> WordRule:
    return WordRule(word, level, Category.SENSITIVE, windows=windows)


def spans(lexicon: Lexicon, text: str) -> list[tuple[int, int, str]]:
    return [(one.start, one.end, one.word) for one in lexicon.find(text)]


def naive(rules: list[WordRule], text: str) -> list[tuple[int, int, str]]:
    """All occurrences outside of windows by comparing at each place, then leftmost and longest, none over another."""
    found = []
    for one in rules:
        for at in range(len(text) - len(one.word) + 1):
            end = at + len(one.word)
            excused = any(
                text.startswith(window, first) and first <= at and end <= first + len(window)
                for window in one.windows
                for first in range(len(text))
            )
            if text.startswith(one.word, at) and not excused:
                found.append((at, end, one.word))
    chosen, done = [], 0
    for at, end, word in sorted(found, key=lambda hit: (hit[0], -hit[1])):
        if at >= done:
            chosen.append((at, end, word))
            done = end
    return chosen


WORDS = st.text(LETTERS, min_size=1, max_size=3)
RULES = st.lists(
    st.builds(
        lambda word, before, after: rule(word, *([before + word + after] if before + after else [])),
        WORDS, st.text(LETTERS, max_size=2), st.text(LETTERS, max_size=2),
    ),
    max_size=6, unique_by=lambda one: one.word,
)  # fmt: skip


@given(RULES, st.text(LETTERS, max_size=30))
def test_the_search_finds_what_a_naive_one_finds(rules, text):
    assert spans(Lexicon(rules), text) == naive(rules, text)


@given(RULES, st.lists(st.tuples(st.sampled_from(LETTERS), st.text(NOISE, max_size=2)), max_size=20))
def test_signs_between_the_characters_change_neither_the_words_nor_their_places(rules, letters):
    plain = "".join(char for char, _noise in letters)
    places, noisy = [], ""
    for char, noise in letters:
        places.append(len(noisy))
        noisy += char + noise

    found = spans(Lexicon(rules), noisy)

    assert found == [(places[at], places[end - 1] + 1, word) for at, end, word in naive(rules, plain)]


@given(st.text(max_size=60))
def test_each_place_of_the_normal_form_lies_in_the_text_and_they_ascend(text):
    normal = normal_of(text)

    assert len(normal.text) == len(normal.starts) == len(normal.ends)
    assert all(0 <= start < end <= len(text) for start, end in zip(normal.starts, normal.ends, strict=True))
    assert list(normal.starts) == sorted(normal.starts)
    assert all(unicodedata.category(char)[0] in "LN" for char in normal.text)


@given(st.lists(st.text(max_size=8), max_size=5), st.text(max_size=40))
def test_any_words_and_any_text_give_findings_in_order_and_never_an_error(words, text):
    found = Lexicon(rule(word) for word in words).find(text)

    ends = [0, *(one.end for one in found)]
    assert all(one.start >= end for one, end in zip(found, ends, strict=False))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("这是敏感内容", (2, 4)),
        ("这是敏*感内容", (2, 5)),
        ("这是敏 \u200b。感内容", (2, 7)),
        ("这是敏\u0336感\u0336内容", (2, 6)),
        ("请加ＶＸ", (2, 4)),
        ("请加v x", (2, 5)),
        ("㈱ｖＸ", (1, 3)),
    ],
)
def test_a_word_is_found_in_each_disguise_at_its_place(text, expected):
    (found,) = Lexicon([rule("敏感"), rule("vx")]).find(text)

    assert (found.start, found.end) == expected


def test_a_word_inside_of_its_window_is_not_meant_and_hides_no_other_word():
    lexicon = Lexicon([rule("游行", "上游行业", "旅游行程"), rule("行业垄断")])

    assert spans(lexicon, "延伸上游行业链条") == []
    assert spans(lexicon, "上-游 行业") == []
    assert spans(lexicon, "上游行业垄断") == [(2, 6, "行业垄断")]
    assert spans(lexicon, "上游行业与游行") == [(5, 7, "游行")]
    assert spans(lexicon, "下游行业") == [(1, 3, "游行")]


def test_of_two_words_at_one_place_the_longer_is_told():
    assert spans(Lexicon([rule("敏感"), rule("敏感词")]), "敏感词与敏感") == [
        (0, 3, "敏感词"),
        (4, 6, "敏感"),
    ]


def test_of_two_rules_for_one_word_the_heavier_counts():
    light, heavy = rule("VX"), rule("vx", level=Level.BLOCK)

    for rules in ([light, heavy], [heavy, light]):
        assert [one.level for one in Lexicon(rules).find("vx")] == [Level.BLOCK]
    assert len(Lexicon([light, heavy, rule("。。")])) == 1


def test_a_finding_tells_all_that_its_rule_says():
    lexicon = Lexicon([WordRule("既使", Level.WARN, Category.WRONG, "即使")])

    assert lexicon.find("既使下雨") == (Finding(0, 2, "既使", Level.WARN, Category.WRONG, "即使"),)


def test_the_heaviest_level_of_several_findings_is_told():
    lexicon = Lexicon([rule("甲"), rule("乙", level=Level.BLOCK)])

    assert heaviest(lexicon.find("甲乙甲")) is Level.BLOCK
    assert heaviest(lexicon.find("甲甲")) is Level.WARN
    assert heaviest(lexicon.find("丙")) is None


def test_no_words_find_nothing():
    assert Lexicon([]).find("任何文字") == ()
