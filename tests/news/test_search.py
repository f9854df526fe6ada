"""The public's search: what it finds, in which order, how deep, in how many statements."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.common import clock as project_clock
from apps.common.changes import forget_all
from apps.news import public_selectors
from tests.factories.articles import article_published, desk_make
from tests.factories.people import code_of

DAY = dt.timedelta(days=1)


@pytest.fixture
def people(db):
    return desk_make()


def found(anyone, text, **more) -> list[str]:
    forget_all()
    answer = anyone.get("articles", q=text, **more)
    assert answer.status_code == 200, answer.content
    return [row["title"] for row in answer.json()["results"]]


def test_all_words_must_occur_in_title_summary_or_body(people, anyone):
    article_published(desk=people, title="路灯改造", summary="钢花村", body_html="<p>和平大道的步道。</p>")
    article_published(desk=people, title="路灯巡查", body_html="<p>建设二路。</p>")

    assert found(anyone, "路灯 步道") == ["路灯改造"]
    assert found(anyone, "钢花村") == ["路灯改造"]
    assert found(anyone, "路灯 樱花") == []
    assert found(anyone, "，") == []


def test_a_word_is_found_where_the_cutter_made_another_of_it(people, anyone):
    article_published(desk=people, title="通知", body_html="<p>路灯不亮请上报。</p>")

    assert found(anyone, "路灯") == ["通知"]


@pytest.mark.parametrize(("days", "first"), [(700, "路灯"), (1200, "通知")])
def test_a_title_weighs_five_times_a_body_and_half_a_year_later(people, anyone, days, first):
    """ts_rank gives 1.0 to a word of the title and 0.2 to one of the body: 2 ** (days ÷ 365) passes 5 at 848 days."""
    now = project_clock.now()
    article_published(desk=people, title="路灯", at=now - days * DAY)
    article_published(desk=people, title="通知", body_html="<p>路灯</p>", at=now - 1 * DAY)

    assert found(anyone, "路灯")[0] == first


def test_of_equal_texts_the_newer_comes_first(people, anyone):
    now = project_clock.now()
    for age in (3, 1, 2):
        article_published(desk=people, title=f"路灯 {age}", at=now - age * DAY)

    assert found(anyone, "路灯") == ["路灯 1", "路灯 2", "路灯 3"]


def test_hits_are_marked_and_everything_else_is_escaped(people, anyone):
    article_published(desk=people, title="路灯 <b> & 灯", body_html="<p>正文。</p>")

    row = anyone.get("articles", q="路灯").json()["results"][0]

    assert row["highlight"] == "<em>路灯</em> &lt;b&gt; &amp; 灯 正文。"


def test_a_column_brings_those_below_it(people, anyone):
    article_published(desk=people, title="路灯甲", column="education")
    article_published(desk=people, title="路灯乙", column="news")

    assert found(anyone, "路灯", column="livelihood") == ["路灯甲"]
    assert found(anyone, "路灯", column="nowhere") == []


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_frequent_and_rare_words_are_found_alike(people, anyone, monkeypatch, share):
    """By walking from the newest on, or by the index of words."""
    monkeypatch.setattr(public_selectors, "OFTEN", share)
    now = project_clock.now()
    for age in (3, 1, 2):
        article_published(desk=people, title=f"路灯 {age}", at=now - age * DAY)
    article_published(desk=people, title="樱花", at=now - 4 * DAY)
    monkeypatch.setattr(public_selectors, "MOST_RANKED", 2)

    assert found(anyone, "路灯") == ["路灯 1", "路灯 2"]


def test_pages_follow_each_other_and_end_at_what_is_ranked(people, anyone, monkeypatch):
    now = project_clock.now()
    for age in range(5):
        article_published(desk=people, title=f"路灯 {age}", at=now - (age + 1) * DAY)

    first = anyone.get("articles", q="路灯", limit=2).json()
    second = anyone.get("articles", q="路灯", limit=2, cursor=first["next"]).json()
    third = anyone.get("articles", q="路灯", limit=2, cursor=second["next"]).json()

    pages = [[row["title"] for row in page["results"]] for page in (first, second, third)]
    assert pages == [["路灯 0", "路灯 1"], ["路灯 2", "路灯 3"], ["路灯 4"]]
    assert third["next"] is None
    monkeypatch.setattr(public_selectors, "MOST_RANKED", 3)
    assert found(anyone, "路灯") == ["路灯 0", "路灯 1", "路灯 2"]


@pytest.mark.parametrize("cursor", ["500", "-1", "x", "99999", "１"])
def test_a_cursor_beyond_what_is_ranked_is_refused(anyone, db, cursor):
    answer = anyone.get("articles", q="路灯", cursor=cursor)

    assert (answer.status_code, code_of(answer)) == (400, "cursor_invalid")


@pytest.mark.parametrize("text", ["'", "\\", "路灯' & '", "%s %(x)s 100%", "a:*", "路灯!", "<->", "\x00路灯"])
def test_what_has_a_meaning_in_a_query_is_a_word_like_others(people, anyone, text):
    article_published(desk=people, title="路灯")

    assert found(anyone, text) in ([], ["路灯"])


def test_a_search_takes_two_statements(people, anyone):
    article_published(desk=people, title="路灯")
    found(anyone, "樱花")

    with CaptureQueriesContext(connection) as captured:
        public_selectors.articles_found(
            text="路灯", column="news", limit=21, offset=0, now=project_clock.now()
        )

    assert len(captured) == 2
