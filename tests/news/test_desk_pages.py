"""The desk's pages: acts through the admin, the review sheet, bulk acts, the list's statements and rights."""

from __future__ import annotations

import datetime as dt
import hashlib

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from apps.accounts.states import Role
from apps.common import clock
from apps.news import services
from apps.news.models import Article, Column, ColumnRight, Publication, ReviewRound, ReviewStep
from apps.news.states import Point
from qingshan.demo_news import SIGNERS
from tests.factories.articles import article_approved, article_drafted, article_published, desk_make
from tests.factories.people import staff_make

ALL = [point.value for point in Point]


@pytest.fixture
def people(db):
    return desk_make()


def act(desk, person, article, name: str, **given):
    return desk(person).post(reverse("admin:news_article_act", args=[article.pk, name]), given, follow=True)


def seen(article) -> str:
    return ReviewRound.objects.select_related("revision").get(article=article, closed_at=None).revision.sha256


def test_the_whole_way_through_the_admin(people, desk, anyone):
    article = article_drafted(desk=people, title="江滩的路灯换新了")
    act(desk, people[Role.EDITOR], article, "submit")
    for role in SIGNERS.values():
        act(desk, people[role], article, "proof", seen_sha256=seen(article), errors_found=0)
    for role in SIGNERS.values():
        act(desk, people[role], article, "sign", seen_sha256=seen(article), points=ALL)
    page = act(desk, people[Role.EDITOR], article, "publish")

    assert page.status_code == 200
    assert Article.objects.get(pk=article.pk).state == "published"
    assert anyone.get(f"articles/{article.pk}").status_code == 200
    act(desk, people[Role.REVIEWER_FINAL], article, "retract", reason="数字有误")
    assert Publication.objects.get().retract_reason == "数字有误"


@pytest.mark.parametrize("superuser", [False, True])
def test_the_author_does_not_sign_through_the_admin(people, desk, superuser):
    author = people[Role.EDITOR]
    author.groups.add(*people[Role.REVIEWER_FIRST].groups.all())
    author.is_superuser = superuser
    author.save()
    article = article_drafted(desk=people)
    act(desk, author, article, "submit")

    act(desk, author, article, "sign", seen_sha256=seen(article), points=ALL)

    assert not ReviewStep.objects.exists()
    assert Article.objects.get(pk=article.pk).state == "first_review"


def test_signatures_inserted_in_bulk_are_refused_too(people):
    article = article_drafted(desk=people)
    opened = services.article_submit(article_id=article.id, staff=people[Role.EDITOR], now=clock.now())

    def step(stage, actor):
        return ReviewStep(
            round=opened, revision=opened.revision, sha256=opened.revision.sha256, stage=stage, actor=actor,
            decision="approve", checklist=ALL, at=clock.now(),
        )  # fmt: skip

    first, author = people[Role.REVIEWER_FIRST], people[Role.EDITOR]
    for rows in ([step("first", first), step("second", first)], [step("first", author)]):
        with pytest.raises(IntegrityError), transaction.atomic():
            ReviewStep.objects.bulk_create(rows)
    assert not ReviewStep.objects.exists()


def test_a_bulk_act_reports_each_row_and_one_refusal_stops_no_other(people, desk):
    draft, approved = article_drafted(desk=people, title="草稿"), article_approved(desk=people, title="已批")

    answer = desk(people[Role.EDITOR]).post(
        reverse("admin:news_article_bulk"), {"ids": f"{draft.pk},{approved.pk}", "act": "publish"}
    )

    outcomes = {one.row.title: one.done for one in answer.context["outcomes"]}
    assert outcomes == {"草稿": False, "已批": True}
    assert Publication.objects.get().article_id == approved.pk


@pytest.mark.parametrize("name", ["sign", "proof", "waive"])
def test_nothing_is_signed_in_bulk(people, desk, name):
    article = article_drafted(desk=people)
    services.article_submit(article_id=article.id, staff=people[Role.EDITOR], now=clock.now())

    desk(people[Role.REVIEWER_FIRST]).post(
        reverse("admin:news_article_bulk"), {"ids": str(article.pk), "act": name, "points": ALL}
    )

    assert not ReviewStep.objects.exists()


def test_the_signed_text_has_the_fingerprint_that_the_sheet_prints(people, desk):
    article = article_published(desk=people, title="稿件", body_html="<p>正文。</p>")
    held = ReviewRound.objects.select_related("revision").get(article=article)
    browser = desk(people[Role.EDITOR])

    page = browser.get(reverse("admin:news_article_sheet", args=[article.pk, held.pk]))
    text = browser.get(reverse("admin:news_article_sheet_text", args=[article.pk, held.pk]))

    assert hashlib.sha256(text.content).hexdigest() == held.revision.sha256
    assert page.content.decode().count(held.revision.sha256) == 2
    found = browser.get(reverse("admin:news_article_verify"), {"sha256": held.revision.sha256.upper()})
    assert [(one.pk, agrees) for one, agrees in found.context["rows"]] == [(held.pk, True)]
    assert browser.get(reverse("admin:news_article_verify"), {"sha256": "0" * 64}).context["rows"] == []


DOORS = ("change", "history", "act/retract", "code", "sheet", "sheet_text")


@pytest.mark.parametrize("door", DOORS)
def test_no_door_opens_to_an_article_of_a_foreign_column(people, desk, door):
    article = article_published(desk=people)
    held = ReviewRound.objects.get(article=article)
    stranger = staff_make("editor", "reviewer_final")
    ColumnRight.objects.filter(staff=stranger).delete()
    services.column_right_grant(staff=stranger, column=Column.objects.get(slug="notices"))
    browser = desk(stranger)
    base = f"/admin/news/article/{article.pk}/"
    url = {
        "change": f"{base}change/", "history": f"{base}history/", "act/retract": f"{base}act/retract/",
        "code": f"{base}code/", "sheet": f"{base}sheet/{held.pk}/", "sheet_text": f"{base}sheet/{held.pk}/text/",
    }[door]  # fmt: skip

    answer = browser.post(url, {"reason": "x"}) if door.startswith("act") else browser.get(url)

    assert answer.status_code in (302, 404)
    assert article.title not in answer.content.decode()
    assert Publication.objects.get().retracted_at is None


def test_the_list_shows_what_lies_in_ones_columns_and_finds_words(people, desk):
    article_drafted(desk=people, title="江滩步道", column="news")
    article_drafted(desk=people, title="江滩助餐", column="eldercare")
    narrow = staff_make("editor")
    ColumnRight.objects.filter(staff=narrow).delete()
    services.column_right_grant(staff=narrow, column=Column.objects.get(slug="livelihood"))
    url = reverse("admin:news_article_changelist")

    def titles(**query):
        return [row.title for row in desk(narrow).get(url, query).context["cl"].result_list]

    assert titles() == ["江滩助餐"]
    assert titles(q="江滩") == ["江滩助餐"]
    assert titles(q="步道") == []


def test_an_older_text_is_restored_from_the_history(people, desk):
    article = article_drafted(desk=people, title="第一版")
    article.title = "第二版"
    services.article_save(article=article, staff=people[Role.EDITOR], seen_version=1, now=clock.now())
    first = Article.history.filter(id=article.pk).earliest("history_id")
    url = reverse("admin:news_article_simple_history", args=[article.pk, first.history_id])
    browser = desk(people[Role.EDITOR])
    page = browser.get(url)
    form = page.context["adminform"].form

    answer = browser.post(
        url,
        {name: form[name].value() if form[name].value() is not None else "" for name in form.fields}
        | {"events-TOTAL_FORMS": 0, "events-INITIAL_FORMS": 0},
    )

    assert answer.status_code == 302
    stored = Article.objects.get(pk=article.pk)
    assert (stored.title, stored.version) == ("第一版", 3)


def test_a_filter_of_the_list_is_kept_and_shown_to_its_owner_only(people, desk, staff):
    browser, url = desk(people[Role.EDITOR]), reverse("admin:news_article_changelist")

    kept = browser.post(
        reverse("admin:news_article_keep_filter"), {"name": "要闻草稿", "query": "?column=news"}
    )

    assert kept.url == f"{url}?column=news"
    assert "要闻草稿" in browser.get(url).content.decode()
    assert "要闻草稿" not in desk(staff("editor")).get(url).content.decode()
    assert (
        "要闻草稿"
        not in desk(staff("intake_clerk")).get(reverse("admin:feedback_case_changelist")).content.decode()
    )


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({"column": "livelihood"}, {"助餐"}), ({"column": "nowhere"}, set()), ({"public": "now"}, {"公开"}),
        ({"public": "scheduled"}, {"定时"}), ({"public": "none"}, {"草稿", "助餐"}),
        ({"mine": "1", "public": "none"}, {"草稿"}), ({"state__exact": "draft"}, {"草稿", "助餐"}),
    ],
)  # fmt: skip
def test_the_list_is_filtered(people, desk, query, wanted):
    article_drafted(desk=people, title="草稿")
    article_drafted(title="助餐", column="eldercare")
    article_published(desk=people, title="公开")
    article_published(desk=people, title="定时", go_live_at=clock.now() + dt.timedelta(hours=1))

    page = desk(people[Role.EDITOR]).get(reverse("admin:news_article_changelist"), query)

    assert {row.title for row in page.context["cl"].result_list} == wanted
