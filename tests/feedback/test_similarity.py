"""Whether two reports tell of one event."""

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.common.geo import Point
from apps.feedback.similarity import LIKELY, OFFER, Report, same_event_score, signature_of
from apps.feedback.similarity_measuring import pairs_measured
from apps.feedback.suggestion import Suggester
from apps.feedback.suggestion_corpus import close_pairs, corpus_read, sample_pairs
from apps.feedback.suggestion_training import model_train
from tests.conftest import MORNING

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
CORPUS = corpus_read(folder=FIXTURES)
SUGGESTER = Suggester(model_train(rows=[*CORPUS.words, *CORPUS.texts]))
HERE = Point(114.40, 30.63)


def told(text: str, **known: object) -> Report:
    return Report(signature_of(text=text, tells=SUGGESTER.tells), **known)


def moved(point: Point, north_m: float) -> Point:
    return Point(point.lng, point.lat + north_m / 111_195, point.crs)


PIPE = "建设七路的水管爆了，水喷得老高"
PIPE_TOO = "水管爆裂，建设七路路口全是水，快来修"

# --- measured -----------------------------------------------------------------------------------------------------


def test_every_pair_of_the_samples_is_told_right_at_the_bound_of_an_offer():
    found = pairs_measured(pairs=sample_pairs(corpus=CORPUS, suggester=SUGGESTER), bound=OFFER)

    assert (found.same, found.same_reached, found.other, found.other_reached) == (7, 7, 3314, 0)
    assert found.same_lowest >= OFFER + 0.05
    assert found.other_highest <= OFFER - 0.05


def test_the_hard_negatives_of_the_samples_stay_below_the_bound():
    by_id = {sample.id: sample for sample in CORPUS.samples}
    scores = {
        sample.id: same_event_score(
            told(sample.text, category=sample.category, street=sample.street),
            told(by_id[sample.hard_negative_of].text, category=by_id[sample.hard_negative_of].category),
        )
        for sample in CORPUS.samples
        if sample.hard_negative_of
    }

    assert set(scores) == {"F104", "F105", "F108"}
    assert max(scores.values()) < OFFER


def test_of_close_pairs_all_of_one_event_are_offered_and_few_of_two_are_likely():
    pairs = list(close_pairs(folder=FIXTURES, suggester=SUGGESTER))

    offered = pairs_measured(pairs=pairs, bound=OFFER)
    likely = pairs_measured(pairs=pairs, bound=LIKELY)

    assert (offered.same, offered.other) == (40, 42)
    assert offered.recall >= 0.95
    assert likely.precision >= 0.85


# --- properties ---------------------------------------------------------------------------------------------------

texts = st.text(alphabet="建设七八路口水管爆了路灯不亮是我们小区32栋二三号楼，。 abAB", max_size=40)
reports = st.builds(
    told,
    texts,
    category=st.sampled_from([None, "0201", "0202", "0701"]),
    street=st.sampled_from([None, "420107001", "420107002"]),
    place=st.sampled_from([None, HERE, moved(HERE, 100), moved(HERE, 900), moved(HERE, 5000)]),
    at=st.sampled_from([None, MORNING, MORNING - dt.timedelta(days=5), MORNING - dt.timedelta(days=40)]),
)


@given(reports, reports)
def test_the_score_is_the_same_both_ways_and_between_0_and_1(a, b):
    assert same_event_score(a, b) == same_event_score(b, a)
    assert 0.0 <= same_event_score(a, b) <= 1.0


@given(reports)
def test_a_report_is_the_same_event_as_itself(report):
    assert same_event_score(report, report) == pytest.approx(1.0)


# --- what counts --------------------------------------------------------------------------------------------------


def test_two_people_tell_of_one_burst_pipe():
    assert same_event_score(told(PIPE), told(PIPE_TOO)) >= LIKELY


def test_another_street_number_speaks_against_it_however_alike_the_words_are():
    score = same_event_score(told(PIPE), told(PIPE.replace("七", "九")))

    assert score < OFFER


@pytest.mark.parametrize(
    ("one", "other"), [("三十二街坊6栋漏水", "32街坊六幢漏水"), ("117街坊二单元停电", "一一七街坊2门洞停电")]
)
def test_numerals_and_digits_name_the_same_place(one, other):
    assert signature_of(text=one, tells=SUGGESTER.tells).numbered == signature_of(
        text=other, tells=SUGGESTER.tells
    ).numbered  # fmt: skip


def test_another_estate_speaks_against_it():
    assert same_event_score(told("金鼎小区又停电了"), told("绿地小区又停电了")) < OFFER
    assert same_event_score(told("我们小区又停电了"), told("绿地小区又停电了")) >= OFFER


def test_what_a_report_denies_is_not_what_it_tells_of():
    holds = signature_of(text="是水篦子堵了，不是缺井盖。", tells=SUGGESTER.tells).weights
    asks = signature_of(text="是不是又停电了", tells=SUGGESTER.tells).weights

    assert {"篦", "堵"} <= set(holds)
    assert {"缺", "盖"} & set(holds) == set()
    assert "停" in asks


def test_side_by_side_speaks_for_it_and_far_away_against():
    one, other = PIPE.replace("建设七路的", ""), PIPE_TOO.replace("建设七路", "")
    alone = same_event_score(told(one), told(other))
    beside, block, walk, far = (
        same_event_score(told(one, place=HERE), told(other, place=moved(HERE, metres)))
        for metres in (100, 400, 1000, 3000)
    )

    assert far < walk < block == alone < beside
    assert far < OFFER


def test_another_street_counts_only_where_the_points_do_not_say_better():
    here, there = {"street": "420107001"}, {"street": "420107002"}
    same = same_event_score(told(PIPE, **here), told(PIPE_TOO, **here))
    other = same_event_score(told(PIPE, **here), told(PIPE_TOO, **there))
    border = same_event_score(told(PIPE, place=HERE, **here), told(PIPE_TOO, place=moved(HERE, 50), **there))

    assert other < same <= border


def test_what_lies_days_apart_or_was_put_elsewhere_counts_less():
    fresh, old = (
        same_event_score(
            told(PIPE, at=MORNING, category="0701"),
            told(PIPE_TOO, at=MORNING - dt.timedelta(days=days), category="0701"),
        )
        for days in (2, 13)
    )
    group, other = (
        same_event_score(told(PIPE, category="0701"), told(PIPE_TOO, category=code))
        for code in ("0702", "0204")
    )

    assert old < fresh
    assert other < group < fresh


def test_two_empty_texts_are_alike_and_an_empty_one_is_like_nothing():
    assert same_event_score(told(""), told("")) == 1.0
    assert same_event_score(told(""), told(PIPE)) == 0.0
