"""The content desk when several act at once: one signature a person, one release, no signature for a text that moved on."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable
from typing import Any

import pytest

from apps.accounts.states import Role
from apps.common import clock
from apps.common.errors import Refused
from apps.news import services
from apps.news.models import Article, Finding, Publication, ReviewRound, ReviewStep, Revision
from apps.news.services.checks import findings_write, rechecks_run
from apps.news.states import Point
from apps.notifications.models import TopicNotice
from qingshan.demo_news import article_review
from tests.factories.articles import article_approved, article_drafted, article_published, desk_make
from tests.factories.people import staff_make

ALL = list(Point)


def code_or(answer: str, act: Callable[[], Any]) -> str:
    try:
        act()
    except Refused as refused:
        return refused.code
    return answer


def taking_turns(*acts: Callable[[], Any]) -> Callable[[], Any]:
    """Return a function that does another of ``acts`` with each call."""
    place = itertools.count()
    return lambda: acts[next(place) % len(acts)]()


@pytest.fixture
def people(whole_db):
    return desk_make()


@pytest.fixture
def in_review(people) -> ReviewRound:
    article = article_drafted(desk=people)
    return services.article_submit(article_id=article.id, staff=people[Role.EDITOR], now=clock.now())


def sign(opened: ReviewRound, person, sha256: str) -> str:
    return code_or(
        "signed",
        lambda: services.article_sign(
            article_id=opened.article_id, staff=person, points=ALL, seen_sha256=sha256, now=clock.now()
        ),
    )


def test_four_clicks_of_one_reviewer_are_one_signature(at_once, people, in_review):
    both = staff_make("reviewer_first", "reviewer_second")
    sha256 = in_review.revision.sha256

    answers = at_once(4, lambda: sign(in_review, both, sha256))

    assert sorted(answers) == ["same_person"] * 3 + ["signed"]
    assert ReviewStep.objects.count() == 1


def test_a_signature_and_a_change_at_once_leave_no_signature_for_the_old_text(at_once, people, in_review):
    sha256 = in_review.revision.sha256

    def save() -> str:
        article = Article.objects.get(pk=in_review.article_id)
        article.title = "改过的标题"
        return code_or(
            "saved",
            lambda: services.article_save(
                article=article, staff=people[Role.EDITOR], seen_version=article.version, now=clock.now()
            ),
        )

    first = people[Role.REVIEWER_FIRST]
    at_once(2, taking_turns(lambda: sign(in_review, first, sha256), save))

    current = ReviewRound.objects.select_related("revision").get(article=in_review.article_id, closed_at=None)
    valid = ReviewStep.objects.filter(voided_at=None)
    assert [step.sha256 for step in valid] in ([], [current.revision.sha256])
    article = Article.objects.get(pk=in_review.article_id)
    assert (article.state == "second_review") == valid.exists()


def test_four_who_submit_open_one_round(at_once, people):
    article = article_drafted(desk=people)

    answers = at_once(
        4,
        lambda: code_or(
            "sent",
            lambda: services.article_submit(
                article_id=article.id, staff=people[Role.EDITOR], now=clock.now()
            ),
        ),
    )

    assert sorted(answers) == ["article_move_refused"] * 3 + ["sent"]
    assert (ReviewRound.objects.count(), Revision.objects.count()) == (1, 1)


def test_four_who_publish_release_once_and_tell_once(at_once, people):
    article = article_approved(desk=people)

    answers = at_once(
        4,
        lambda: code_or(
            "public",
            lambda: services.article_publish(
                article_id=article.id, staff=people[Role.EDITOR], now=clock.now()
            ),
        ),
    )

    assert sorted(answers) == ["article_move_refused"] * 3 + ["public"]
    assert Publication.objects.count() == 1
    assert TopicNotice.objects.count() <= 1


def test_a_return_and_the_last_signature_at_once_end_in_one_of_both(at_once, people):
    article = article_drafted(desk=people)
    opened = services.article_submit(article_id=article.id, staff=people[Role.EDITOR], now=clock.now())
    sha256 = opened.revision.sha256
    for role in (Role.REVIEWER_FIRST, Role.REVIEWER_SECOND, Role.REVIEWER_FINAL):
        services.proof_pass_add(
            article_id=article.id, staff=people[role], errors_found=0, note="", seen_sha256=sha256, now=clock.now()
        )  # fmt: skip
    for role in (Role.REVIEWER_FIRST, Role.REVIEWER_SECOND):
        sign(opened, people[role], sha256)
    chief, other = people[Role.REVIEWER_FINAL], staff_make("reviewer_final")

    at_once(
        2,
        taking_turns(
            lambda: sign(opened, chief, sha256),
            lambda: code_or(
                "returned",
                lambda: services.article_return(
                    article_id=article.id, staff=other, reason="要核", now=clock.now()
                ),
            ),
        ),
    )

    state = Article.objects.get(pk=article.pk).state
    valid = ReviewStep.objects.filter(voided_at=None, decision="approve").count()
    assert (state, valid) in (("approved", 3), ("draft", 0))


def test_a_retraction_and_a_new_release_at_once_leave_at_most_the_new_one(at_once, people):
    article = article_published(desk=people)
    services.article_revise(article_id=article.id, staff=people[Role.EDITOR], now=clock.now())
    article_review(article_id=article.id, people=people, at=clock.now())

    at_once(
        2,
        taking_turns(
            lambda: code_or(
                "retracted",
                lambda: services.article_retract(
                    article_id=article.id, staff=people[Role.REVIEWER_FINAL], reason="有误", now=clock.now()
                ),
            ),
            lambda: code_or(
                "public",
                lambda: services.article_publish(
                    article_id=article.id, staff=people[Role.EDITOR], now=clock.now()
                ),
            ),
        ),
    )

    later = clock.now() + dt.timedelta(seconds=1)
    public = [one.retracted_at for one in Publication.objects.visible(now=later)]
    assert public in ([], [None])


def test_two_sweeps_find_once_what_a_check_finds(at_once, people):
    article = article_drafted(desk=people, body_html="<p>联系电话 19900012345</p>")
    opened = services.article_submit(article_id=article.id, staff=people[Role.EDITOR], now=clock.now())
    Finding.objects.all().delete()

    at_once(4, lambda: findings_write(revision=opened.revision, now=clock.now()))

    assert Finding.objects.count() == 1


def test_two_looks_at_what_went_public_tell_once(at_once, people):
    at = clock.now()
    article_published(desk=people, at=at - dt.timedelta(hours=2), go_live_at=at - dt.timedelta(hours=1))
    Publication.objects.update(told_at=None)

    told = at_once(3, lambda: services.publications_due_tell(now=clock.now()))

    assert sum(told) == 1
    assert rechecks_run(now=clock.now()) == 0
