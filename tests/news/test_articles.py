"""Articles: the desk's writes, what the public sees, and search."""

import pytest
from django.urls import reverse

from apps.common import clock
from apps.news import services
from apps.news.models import Article, ArticleEvent
from apps.news.states import MOVES, ArticleState, MoveNotAllowed, Verb, move_find
from tests.factories.people import code_of


@pytest.fixture
def draft(db):
    return services.article_draft(
        title="江滩的路灯换新了", body_html="<p>青山江滩步道的路灯全部换成节能灯。</p>", summary="步道更亮。",
        column="news", now=clock.now(),
    )  # fmt: skip


def publish(article: Article, staff=None) -> Article:
    return services.article_move(
        article_id=article.id, verb=Verb.PUBLISH, staff=staff, reason="", now=clock.now()
    )


def test_a_draft_is_not_public_and_a_published_article_is(draft, anyone):
    assert anyone.get(f"articles/{draft.id}").status_code == 404

    publish(draft)

    body = anyone.get(f"articles/{draft.id}").json()
    assert body["title"] == "江滩的路灯换新了"
    assert [row["id"] for row in anyone.get("articles").json()["results"]] == [str(draft.id)]


@pytest.mark.django_db(transaction=True)
def test_a_retraction_is_seen_with_the_next_request(whole_db, anyone, editor):
    article = publish(
        services.article_draft(title="稿", body_html="<p>文</p>", summary="", column="news", now=clock.now())
    )
    for _each in range(3):
        assert anyone.get(f"articles/{article.id}").status_code == 200

    services.article_move(
        article_id=article.id, verb=Verb.RETRACT, staff=editor, reason="有误", now=clock.now()
    )

    assert anyone.get(f"articles/{article.id}").status_code == 404
    assert anyone.get("articles").json()["results"] == []


def test_a_retraction_needs_a_reason_and_is_recorded(draft, editor):
    publish(draft, editor)

    with pytest.raises(services.ReasonNeeded):
        services.article_move(
            article_id=draft.id, verb=Verb.RETRACT, staff=editor, reason=" ", now=clock.now()
        )
    services.article_move(
        article_id=draft.id, verb=Verb.RETRACT, staff=editor, reason="有误", now=clock.now()
    )

    assert list(ArticleEvent.objects.order_by("id").values_list("verb", "reason")) == [
        ("publish", ""),
        ("retract", "有误"),
    ]


def test_the_table_of_moves_is_the_whole_truth():
    allowed = {(m.verb, m.source) for m in MOVES}
    everyone = frozenset(role for m in MOVES for role in m.roles)

    for verb in Verb:
        for state in ArticleState:
            if (verb, state) not in allowed:
                with pytest.raises(MoveNotAllowed):
                    move_find(verb=verb, source=state, roles=everyone)


def test_a_stale_save_is_refused_and_nothing_is_written(draft, editor, desk):
    url = reverse("admin:news_article_change", args=[draft.pk])
    form = {"title": "第二个人的标题", "column": draft.column_id, "summary": "", "body_html": "<p>x</p>", "source": "",
            "author": "", "seen_version": 1, "events-TOTAL_FORMS": 0, "events-INITIAL_FORMS": 0}  # fmt: skip
    assert desk(editor).post(url, form | {"title": "第一个人的标题"}).status_code == 302

    answer = desk(editor).post(url, form)

    assert answer.status_code == 200
    assert "有人" in answer.content.decode() or "修改" in answer.content.decode()
    assert Article.objects.get(pk=draft.pk).title == "第一个人的标题"


def test_a_first_reviewer_may_not_change_what_the_public_reads(draft, staff, desk):
    publish(draft)
    reviewer = staff("reviewer_first")
    article = Article.objects.get(pk=draft.pk)
    article.title = "改"

    with pytest.raises(services.ArticleMoveRefused):
        services.article_save(article=article, staff=reviewer, seen_version=article.version, now=clock.now())
    with pytest.raises(services.ArticleMoveRefused):
        services.article_move(
            article_id=draft.id, verb=Verb.RETRACT, staff=reviewer, reason="x", now=clock.now()
        )
    page = desk(reviewer).get(reverse("admin:news_article_change", args=[draft.pk])).content.decode()
    assert 'name="title"' not in page


def test_markup_that_wechat_would_drop_or_that_runs_is_removed(db):
    html = '<p onclick="x()">好<script>alert(1)</script><img src="x"><a href="javascript:1">链</a></p><p class="caption evil">图</p>'

    article = services.article_draft(title="稿", body_html=html, summary="", column="news", now=clock.now())

    assert article.body_html == "<p>好链</p><p>图</p>"


def test_search_finds_chinese_words_in_title_and_body_best_first(draft, anyone):
    publish(draft)
    other = publish(
        services.article_draft(
            title="社区活动",
            body_html="<p>活动在江滩举行，路灯下很热闹。</p>",
            summary="",
            column="notices",
            now=clock.now(),
        )
    )

    rows = anyone.get("articles", q="江滩路灯").json()["results"]

    assert [row["id"] for row in rows] == [str(draft.id), str(other.id)]
    assert "<em>江滩</em>" in rows[0]["highlight"]
    assert anyone.get("articles", q="不存在的词语").json()["results"] == []


@pytest.mark.parametrize("text", ["'", "a' | 'b", "\\", "&", "!", "<script>", ":*", "路灯 & | ! ( )", "\x00"])
def test_a_search_text_is_never_an_expression(draft, anyone, text):
    publish(draft)

    assert anyone.get("articles", q=text).status_code == 200


def test_a_column_brings_those_below_it(anyone, db):
    article = publish(
        services.article_draft(
            title="稿", body_html="<p>文</p>", summary="", column="education", now=clock.now()
        )
    )

    assert [r["id"] for r in anyone.get("articles", column="livelihood").json()["results"]] == [
        str(article.id)
    ]
    assert anyone.get("articles", column="industry").json()["results"] == []


def test_an_unchanged_answer_is_304(draft, anyone):
    publish(draft)
    first = anyone.get("articles")

    again = anyone.get("articles", headers={"If-None-Match": first["ETag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert first["Cache-Control"] == "public, max-age=30"


def test_a_cursor_of_a_search_is_bounded(anyone, db):
    answer = anyone.get("articles", q="路灯", cursor="99999")

    assert (answer.status_code, code_of(answer)) == (400, "cursor_invalid")


def test_pages_go_on_behind_the_last_row_and_pinned_articles_come_first(anyone, db):
    made = [
        publish(
            services.article_draft(
                title=f"稿件{n}", body_html="<p>文</p>", summary="", column="news", now=clock.now()
            )
        )
        for n in range(5)
    ]
    Article.objects.filter(pk=made[0].pk).update(pinned=True)
    wanted = [str(made[0].pk), *(str(a.pk) for a in made[:0:-1])]

    first = anyone.get("articles", limit=2).json()
    publish(
        services.article_draft(
            title="新稿", body_html="<p>文</p>", summary="", column="news", now=clock.now()
        )
    )
    second = anyone.get("articles", limit=2, cursor=first["next"]).json()
    third = anyone.get("articles", limit=2, cursor=second["next"]).json()

    assert [row["id"] for page in (first, second, third) for row in page["results"]] == wanted
    assert third["next"] is None
