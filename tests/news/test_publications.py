"""What is public is told by time alone: edges, replacement, retraction, other times; no scheduler runs here."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from apps.accounts.states import Role
from apps.common import clock as project_clock
from apps.common.changes import forget_all
from apps.news import services
from apps.news.errors import ArticleMoveRefused, ArticleNotFound, NothingPublic, ReasonNeeded, TimesInvalid
from apps.news.models import Article, ArticleEvent, Column, Publication
from apps.news.states import PublicationState, is_visible, publication_state
from qingshan.demo_news import article_release
from tests.factories.articles import article_approved, article_drafted, article_published, desk_make
from tests.factories.people import staff_make

HOUR = dt.timedelta(hours=1)
SECOND = dt.timedelta(seconds=1)


@pytest.fixture
def people(db):
    return desk_make()


def told() -> None:
    """What a commit would tell every process: the tests here roll back."""
    forget_all()


def seen(anyone, article) -> int:
    status = anyone.get(f"articles/{article.id}").status_code
    listed = [row["id"] for row in anyone.get("articles").json()["results"]]
    assert (str(article.id) in listed) == (status == 200)
    return status


def again(article, people, *, title="新", **times) -> None:
    """Bring a new version of a published article through its reviews and release it."""
    now = project_clock.now()
    services.article_revise(article_id=article.id, staff=people[Role.EDITOR], now=now)
    stored = Article.objects.get(pk=article.pk)
    stored.title = title
    services.article_save(article=stored, staff=people[Role.EDITOR], seen_version=stored.version, now=now)
    article_release(article_id=article.id, people=people, at=now, **times)


def test_a_draft_is_not_public_and_a_published_article_is(people, anyone):
    assert seen(anyone, article_drafted(desk=people)) == 404
    assert seen(anyone, article_approved(desk=people)) == 404
    told()
    assert seen(anyone, article_published(desk=people)) == 200


def test_it_is_public_from_the_second_named_until_the_second_named(clock, people, anyone):
    start = project_clock.now() + HOUR
    article = article_published(desk=people, go_live_at=start, expire_at=start + HOUR)

    assert seen(anyone, article) == 404
    clock.shift(HOUR - SECOND)
    assert seen(anyone, article) == 404
    clock.shift(SECOND)
    assert seen(anyone, article) == 200
    clock.shift(HOUR - SECOND)
    assert seen(anyone, article) == 200
    clock.shift(SECOND)
    assert seen(anyone, article) == 404


@pytest.mark.parametrize("ends", [None, 0, 60, 3600])
def test_visibility_is_a_function_of_time(ends):
    start = dt.datetime(2026, 3, 10, 2, tzinfo=dt.UTC)
    end = None if ends is None else start + dt.timedelta(seconds=ends)
    for offset in (-1, 0, 1, 59, 60, 3599, 3600):
        now = start + dt.timedelta(seconds=offset)
        assert is_visible(go_live_at=start, ends_at=end, now=now) == (
            offset >= 0 and (ends is None or offset < ends)
        )


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, "published"),
        ({"go_live_at": 5}, "scheduled"),
        ({"expire_at": 0}, "expired"),
        ({"superseded_at": -1, "expire_at": 0}, "superseded"),
        ({"superseded_at": 3}, "published"),
        ({"retracted_at": 0, "expire_at": -1}, "retracted"),
    ],
)
def test_a_publication_is_named_by_its_earliest_end_and_a_retraction_before_all(given, wanted):
    now = dt.datetime(2026, 3, 10, 2, tzinfo=dt.UTC)
    times = {"go_live_at": -9, "expire_at": None, "superseded_at": None, "retracted_at": None} | given
    moments = {k: None if v is None else now + dt.timedelta(hours=v) for k, v in times.items()}

    assert publication_state(now=now, **moments) == PublicationState(wanted)


def test_the_old_version_stays_until_the_new_one_begins(clock, people, anyone):
    article = article_published(desk=people, title="旧")
    again(article, people, go_live_at=project_clock.now() + HOUR)
    told()

    clock.shift(HOUR - SECOND)
    assert anyone.get(f"articles/{article.id}").json()["title"] == "旧"
    clock.shift(SECOND)
    assert anyone.get(f"articles/{article.id}").json()["title"] == "新"
    assert len(anyone.get("articles").json()["results"]) == 1


def test_a_later_release_takes_the_place_of_one_that_never_began(clock, people, anyone):
    article = article_published(desk=people, title="一", go_live_at=project_clock.now() + 5 * HOUR)
    again(article, people, title="二", go_live_at=project_clock.now() + HOUR)

    clock.shift(9 * HOUR)
    assert anyone.get(f"articles/{article.id}").json()["title"] == "二"


def test_a_retraction_is_at_once_with_one_person_and_a_reason(clock, people, anyone):
    article = article_published(desk=people)
    chief = people[Role.REVIEWER_FINAL]
    with pytest.raises(ReasonNeeded):
        services.article_retract(article_id=article.id, staff=chief, reason=" ", now=project_clock.now())
    assert seen(anyone, article) == 200

    services.article_retract(article_id=article.id, staff=chief, reason="数字有误", now=project_clock.now())
    told()

    assert seen(anyone, article) == 404
    held = Publication.objects.get()
    assert (held.retracted_by, held.retract_reason) == (chief, "数字有误")
    assert ArticleEvent.objects.latest("id").verb == "retract"
    with pytest.raises(ArticleMoveRefused):
        services.article_publish(article_id=article.id, staff=chief, now=project_clock.now())


def test_a_retraction_takes_what_is_public_while_a_new_version_is_in_review(people, anyone):
    article = article_published(desk=people)
    now = project_clock.now()
    services.article_revise(article_id=article.id, staff=people[Role.EDITOR], now=now)
    services.article_submit(article_id=article.id, staff=people[Role.EDITOR], now=now)

    services.article_retract(
        article_id=article.id, staff=people[Role.REVIEWER_SECOND], reason="有误", now=now
    )

    assert seen(anyone, article) == 404
    assert Article.objects.get(pk=article.pk).state == "first_review"


def test_a_scheduled_release_can_be_retracted_before_it_begins(clock, people, anyone):
    article = article_published(desk=people, go_live_at=project_clock.now() + HOUR)

    services.article_retract(
        article_id=article.id, staff=people[Role.REVIEWER_FINAL], reason="取消", now=project_clock.now()
    )
    clock.shift(2 * HOUR)

    assert seen(anyone, article) == 404
    with pytest.raises(NothingPublic):
        services.publication_pin(
            article_id=article.id, staff=people[Role.EDITOR], pinned=True, now=project_clock.now()
        )


@pytest.mark.parametrize("role", [Role.EDITOR, Role.REVIEWER_FIRST])
def test_an_editor_or_first_reviewer_does_not_retract(people, anyone, role):
    article = article_published(desk=people)

    with pytest.raises(ArticleMoveRefused):
        services.article_retract(
            article_id=article.id, staff=people[role], reason="有误", now=project_clock.now()
        )
    assert seen(anyone, article) == 200


def test_other_times_move_the_edge_between_two_versions(clock, people, anyone):
    article = article_published(desk=people, title="旧")
    again(article, people, go_live_at=project_clock.now() + 2 * HOUR)
    coming = Publication.objects.get(go_live_at__gt=project_clock.now())

    for hours in (3, 1):
        services.publication_reschedule(
            publication_id=coming.pk, staff=people[Role.EDITOR], go_live_at=project_clock.now() + hours * HOUR,
            expire_at=None, now=project_clock.now(),
        )  # fmt: skip
        old = Publication.objects.exclude(pk=coming.pk).get()
        assert old.superseded_at == project_clock.now() + hours * HOUR
    clock.shift(HOUR)
    assert anyone.get(f"articles/{article.id}").json()["title"] == "新"


@pytest.mark.parametrize("minutes", [0, -5])
def test_an_end_that_is_not_later_is_refused(people, minutes):
    article = article_approved(desk=people)
    now = project_clock.now()

    with pytest.raises(TimesInvalid):
        services.article_publish(
            article_id=article.id, staff=people[Role.EDITOR], now=now, expire_at=now + dt.timedelta(minutes=minutes)
        )  # fmt: skip
    assert not Publication.objects.exists()


def test_a_release_in_the_past_is_public_from_now(clock, people):
    article = article_approved(desk=people)
    now = project_clock.now()

    held = services.article_publish(
        article_id=article.id, staff=people[Role.EDITOR], now=now, go_live_at=now - HOUR
    )

    assert held.go_live_at == now


def test_the_database_lets_no_two_versions_be_public_at_once(people):
    article = article_published(desk=people)
    again(article, people)
    old = Publication.objects.order_by("created_at").first()

    with pytest.raises(IntegrityError, match="publication_one_at_a_time"), transaction.atomic():
        Publication.objects.filter(pk=old.pk).update(superseded_at=None)


def test_what_is_pinned_comes_first_and_needs_no_review(people, anyone):
    first, second = article_published(desk=people), article_published(desk=people)

    services.publication_pin(
        article_id=first.id, staff=people[Role.EDITOR], pinned=True, now=project_clock.now()
    )

    rows = anyone.get("articles").json()["results"]
    assert [(r["id"], r["pinned"]) for r in rows] == [(str(first.id), True), (str(second.id), False)]


def test_a_column_switched_off_hides_what_is_in_it(people, anyone):
    article = article_published(desk=people)
    Column.objects.filter(slug="news").update(is_active=False)

    assert anyone.get(f"articles/{article.id}").status_code == 404


def test_whoever_does_not_work_in_the_column_can_not_retract_there(people):
    article = article_published(desk=people)
    elsewhere = staff_make("reviewer_final")
    elsewhere.column_rights.all().delete()

    with pytest.raises(ArticleNotFound):
        services.article_retract(article_id=article.id, staff=elsewhere, reason="x", now=project_clock.now())


def test_a_release_now_takes_the_place_of_what_is_public_and_of_what_was_to_follow(clock, people, anyone):
    article = article_published(desk=people, title="一")
    again(article, people, title="二", go_live_at=project_clock.now() + 5 * HOUR)

    again(article, people, title="三")
    told()

    assert anyone.get(f"articles/{article.id}").json()["title"] == "三"
    clock.shift(9 * HOUR)
    assert anyone.get(f"articles/{article.id}").json()["title"] == "三"


def test_what_went_public_by_the_clock_is_told_once_however_late_somebody_looks(clock, people):
    article_published(desk=people, go_live_at=project_clock.now() + HOUR)
    assert services.publications_due_tell(now=project_clock.now()) == 0

    clock.shift(30 * HOUR)

    assert [services.publications_due_tell(now=project_clock.now()) for _look in range(2)] == [1, 0]
    article_published(desk=people, go_live_at=project_clock.now() + HOUR)
    clock.shift(72 * HOUR)
    assert services.publications_due_tell(now=project_clock.now()) == 0  # three days late is no news
