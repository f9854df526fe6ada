"""Writing: drafts, saves, versions, what the HTML may hold."""

from __future__ import annotations

import pytest
from django.urls import reverse

from apps.accounts.states import Role
from apps.common import clock
from apps.news import services
from apps.news.errors import ColumnUnknown
from apps.news.models import Article
from tests.factories.articles import article_drafted, article_published, desk_make


@pytest.fixture
def draft(db):
    return article_drafted(
        title="江滩的路灯换新了", body_html="<p>青山江滩步道的路灯全部换成节能灯。</p>", summary="步道更亮。"
    )


def form_of(article: Article, **changed) -> dict:
    return {
        "title": article.title, "column": article.column_id, "summary": article.summary,
        "body_html": article.body_html, "source": "", "author": "", "audio_url": "", "cover_asset": "",
        "seen_version": article.version, "events-TOTAL_FORMS": 0, "events-INITIAL_FORMS": 0, **changed,
    }  # fmt: skip


def test_a_stale_save_is_refused_and_nothing_is_written(draft, editor, desk):
    url = reverse("admin:news_article_change", args=[draft.pk])
    assert desk(editor).post(url, form_of(draft, title="第一个人的标题")).status_code == 302

    answer = desk(editor).post(url, form_of(draft, title="第二个人的标题"))

    assert answer.status_code == 409
    assert Article.objects.get(pk=draft.pk).title == "第一个人的标题"


def test_a_person_without_a_role_of_the_desk_does_not_get_the_form(draft, clerk, desk):
    url = reverse("admin:news_article_change", args=[draft.pk])

    assert desk(clerk).get(url).status_code in (302, 403)
    assert desk(clerk).post(url, form_of(draft, title="改")).status_code in (302, 403)
    assert Article.objects.get(pk=draft.pk).title == draft.title


def test_what_is_in_review_by_somebody_elses_hand_is_shown_to_readers_without_fields(draft, staff, desk):
    people = desk_make()
    article = article_published(desk=people)

    page = desk(staff("reviewer_first")).get(reverse("admin:news_article_change", args=[article.pk]))

    assert 'name="title"' not in page.content.decode()


def test_markup_that_wechat_would_drop_or_that_runs_is_removed(db):
    html = '<p onclick="x()">好<script>alert(1)</script><img src="x"><a href="javascript:1">链</a></p><p class="caption evil">图</p>'

    article = article_drafted(body_html=html)

    assert article.body_html == "<p>好链</p><p>图</p>"


def test_an_unknown_column_is_refused(db):
    with pytest.raises(ColumnUnknown):
        article_drafted(column="nowhere")
    assert not Article.objects.exists()


def test_whoever_changes_the_text_is_written_down_as_an_author(draft, staff):
    other = staff("editor")
    draft.title = "改过"

    services.article_save(article=draft, staff=other, seen_version=draft.version, now=clock.now())

    assert Article.objects.get(pk=draft.pk).writers == [draft.created_by_id, other.pk]


def test_a_new_version_starts_with_no_authors_and_leaves_the_public_one_alone(db, anyone):
    people = desk_make()
    article = article_published(desk=people, title="旧")
    services.article_revise(article_id=article.id, staff=people[Role.EDITOR], now=clock.now())
    stored = Article.objects.get(pk=article.pk)
    assert stored.writers == []
    stored.title = "新"

    services.article_save(
        article=stored, staff=people[Role.EDITOR], seen_version=stored.version, now=clock.now()
    )

    assert anyone.get(f"articles/{article.id}").json()["title"] == "旧"
