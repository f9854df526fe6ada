"""Which category a text is about: the corpus, how well it does on texts held out, and what a model holds."""

import json
import zlib
from collections import Counter
from pathlib import Path

import pytest
from django.core.management import call_command

from apps.feedback.suggestion import Suggester, features_of, keyword_suggest, model_pack, model_unpack
from apps.feedback.suggestion_corpus import corpus_read, keywords_read
from apps.feedback.suggestion_training import (
    Labelled,
    Measured,
    held_out_split,
    measured,
    model_train,
)

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
CORPUS = corpus_read(folder=FIXTURES)
KEYWORDS = keywords_read(folder=FIXTURES)
WORDS = [*CORPUS.words, *(Labelled(word, code) for code, words in KEYWORDS.items() for word in words)]


@pytest.fixture(scope="module")
def own() -> Suggester:
    """What the corpus alone teaches; the samples are held out."""
    return Suggester(model_train(rows=[*WORDS, *CORPUS.texts]))


# --- the corpus ---------------------------------------------------------------------------------------------------


def test_each_sub_category_has_at_least_24_texts_and_no_text_stands_twice():
    counts = Counter(row.code for row in CORPUS.texts)

    assert set(counts) == set(KEYWORDS)
    assert [code for code, count in counts.items() if count < 24] == []
    assert [text for text, count in Counter(row.text for row in CORPUS.texts).items() if count > 1] == []


def test_no_text_of_the_corpus_was_made_from_a_sample():
    """A sample repeats no nine characters of the corpus, so that it measures and does not only remember."""

    def runs(text: str) -> set[str]:
        return {text[place : place + 9] for place in range(len(text) - 8)}

    known = set().union(*(runs(row.text) for row in CORPUS.texts), *(runs(row.text) for row in CORPUS.words))

    assert [sample.id for sample in CORPUS.samples if runs(sample.text) & known] == []


# --- texts held out -----------------------------------------------------------------------------------------------


def test_of_the_samples_held_out_nine_in_ten_are_right_at_first_and_nearly_all_among_three(own):
    figures = measured(suggest=own.suggest, rows=CORPUS.sample_rows)

    assert figures.n == 82
    assert figures.top1 >= 0.92
    assert figures.top3 >= 0.97


def test_of_a_fifth_held_out_of_everything_nearly_four_in_five_are_right_at_first():
    learn, held = held_out_split(rows=[*CORPUS.texts, *CORPUS.sample_rows])
    suggester = Suggester(model_train(rows=[*WORDS, *learn]))

    figures = measured(suggest=suggester.suggest, rows=held)

    assert {row.text for row in learn} & {row.text for row in held} == set()
    assert figures.top1 >= 0.78
    assert figures.top3 >= 0.95


def test_a_suggestion_that_is_sure_is_right_for_nine_in_ten():
    learn, held = held_out_split(rows=[*CORPUS.texts, *CORPUS.sample_rows])
    suggester = Suggester(model_train(rows=[*WORDS, *learn]))
    sure = [row for row in held if suggester.suggest(row.text)[0][1] >= 0.8]

    assert len(sure) >= 150
    assert measured(suggest=suggester.suggest, rows=sure).top1 >= 0.9


def test_the_keywords_of_the_tree_alone_do_worse():
    alone = measured(
        suggest=lambda text: keyword_suggest(text=text, keywords=KEYWORDS), rows=CORPUS.sample_rows
    )

    assert (round(alone.top1, 2), round(alone.top3, 2)) == (0.78, 0.93)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("楼上半夜还在蹦跳，敲门说了也不听", "1602"),
        ("对面工地半夜打桩", "0401"),
        ("广场舞的音响太大了", "0402"),
        ("井盖松动，车一压就响", "0202"),
        ("下水道堵了，污水冒到路上", "0204"),
        ("物业收了费不打扫卫生", "0501"),
        ("拆迁的过渡费没有发", "0601"),
        ("还建房什么时候交房", "0602"),
        ("社区医院没有降压药", "0902"),
        ("三甲医院挂不上专家号", "0901"),
        ("飞线给电动车充电", "1402"),
        ("楼道堆满杂物，消防通道堵了", "1401"),
        ("电动车逆行闯红灯", "0305"),
        ("小区没有停车位", "0301"),
        ("办事大厅的人态度很差", "1502"),
        ("居住证怎么办，带什么材料", "1501"),
        ("感谢社区的同志，很快就修好了", "9902"),
    ],
)
def test_neighbouring_categories_are_told_apart(own, text, code):
    assert own.suggest(text)[0][0] == code


# --- what it gives back -------------------------------------------------------------------------------------------


def test_a_suggestion_is_at_most_three_codes_with_shares_that_fall(own):
    found = own.suggest("路灯不亮，晚上看不清台阶。")
    shares = [share for _code, share in found]

    assert found[0][0] == "0201"
    assert len(found) == 3
    assert shares == sorted(shares, reverse=True)
    assert 0 < sum(shares) <= 1


@pytest.mark.parametrize("text", ["", "。。。！", "13800", "ข้อความ"])
def test_a_text_of_which_nothing_is_known_gets_no_suggestion(own, text):
    assert own.suggest(text) == []


def test_wide_forms_and_capitals_count_as_plain_ones():
    assert features_of(text="ＫＴＶ太吵") == features_of(text="ktv太吵")


def test_digits_are_not_read():
    assert features_of(text="电话19900012345请回") == Counter(
        {"电": 1, "话": 1, "电话": 1, "请": 1, "回": 1, "请回": 1}
    )


def test_keywords_count_by_their_length_and_are_never_sure():
    keywords = {"0201": ["路灯", "灯不亮", "黑"], "0202": ["井盖", "松动"], "0203": ["路面"], "9901": []}

    assert keyword_suggest(text="井盖松动，路灯不亮", keywords=keywords) == [
        ("0201", 5 / 9 / 2),
        ("0202", 4 / 9 / 2),
    ]
    assert keyword_suggest(text="井盖松动，路灯不亮", keywords=keywords, limit=1) == [("0201", 5 / 9 / 2)]
    assert keyword_suggest(text="你好", keywords=keywords) == []


# --- the model ----------------------------------------------------------------------------------------------------


def test_the_same_rows_give_the_same_bytes_and_the_bytes_the_same_suggestions(own):
    rows = [*WORDS, *CORPUS.texts]
    packed = model_pack(model=model_train(rows=rows))
    again = Suggester(model_unpack(packed=packed))

    assert packed == model_pack(model=model_train(rows=rows))
    assert len(packed) < 1_000_000
    for sample in CORPUS.samples:
        assert again.suggest(sample.text) == own.suggest(sample.text)


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"no zlib",
        zlib.compress(b"no json"),
        zlib.compress(b"[]"),
        zlib.compress(b"{}"),
        zlib.compress(json.dumps({"format": 2, "codes": [], "burdens": [], "features": {}}).encode()),
    ],
)
def test_other_bytes_are_no_model(packed):
    with pytest.raises(ValueError):
        model_unpack(packed=packed)


def test_what_fewer_than_three_residents_wrote_is_not_learnt():
    rows = [
        Labelled("路灯不亮", "0201"),
        Labelled("公厕太脏", "0104"),
        *[Labelled(text, "0201", private=True) for text in ("龘先生说灯泡", "请换灯泡", "灯泡闪", "龘家")],
    ]

    learnt = model_train(rows=rows).weights

    assert {"灯泡", "路灯"} <= set(learnt)
    assert {"龘", "龘先", "请换", "闪"} & set(learnt) == set()


def test_a_model_of_one_category_is_refused():
    with pytest.raises(ValueError, match="two categories"):
        model_train(rows=[Labelled("路灯不亮", "0201")])


def test_nothing_measured_is_nothing_right():
    assert measured(suggest=lambda _text: [], rows=[]) == Measured(0, 0.0, 0.0)


def test_the_report_prints_its_figures_without_a_database(capsys):
    call_command("suggestion_report")

    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0].split(", offer")[0].split(", likely")[0] for line in lines] == [
        "corpus, tested on the samples",
        "four fifths of all, tested on the rest",
        "of that rest, suggested with 0.8 or more",
        "keywords alone, tested on the samples",
        "pairs of samples",
        "pairs of samples",
        "close pairs",
        "close pairs",
    ]
