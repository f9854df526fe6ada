"""The start page by role, and the command search: nothing that the person may not open."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.states import Role
from apps.common import clock
from apps.news import services
from apps.news.models import ColumnRight
from apps.reports.dashboard import queues_of
from tests.factories.articles import article_approved, article_drafted, article_published, desk_make
from tests.factories.cases import case_make


def cards(person) -> dict[str, int]:
    return {str(queue.title): queue.count for queue in queues_of(staff=person)}


@pytest.fixture
def people(db):
    return desk_make()


def test_an_editor_sees_own_drafts_and_what_can_be_released(people, staff):
    article_drafted(desk=people)
    article_approved(desk=people)
    article_drafted(desk=people | {Role.EDITOR: staff("editor")})

    shown = cards(people[Role.EDITOR])

    assert (shown["我的草稿"], shown["已签字待发布"]) == (1, 1)


def test_a_reviewer_sees_what_waits_for_this_very_person(people, staff):
    article = article_drafted(desk=people)
    services.article_submit(article_id=article.id, staff=people[Role.EDITOR], now=clock.now())
    first, second = people[Role.REVIEWER_FIRST], people[Role.REVIEWER_SECOND]
    seen = article.rounds.get().revision.sha256

    assert (cards(first)["待我签字"], cards(first)["待我校对"]) == (1, 1)
    assert (cards(second)["待我签字"], cards(second)["待我校对"]) == (0, 1)
    services.proof_pass_add(
        article_id=article.id, staff=first, errors_found=0, note="", seen_sha256=seen, now=clock.now()
    )
    assert cards(first)["待我校对"] == 0
    author = people[Role.EDITOR]
    author.groups.add(*first.groups.all())
    author = type(author).objects.get(pk=author.pk)
    assert (cards(author)["待我签字"], cards(author)["待我校对"]) == (0, 0)


def test_whoever_was_given_no_column_is_told_so(people):
    editor = people[Role.EDITOR]
    ColumnRight.objects.filter(staff=editor).delete()

    queue = queues_of(staff=editor)[0]

    assert "管理员" in queue.rows[0]["text"]


@pytest.mark.parametrize("role", [Role.EDITOR, Role.REVIEWER_FIRST, Role.REVIEWER_FINAL, Role.DESK_HEAD])
def test_the_start_page_takes_the_same_statements_for_few_and_many(people, staff, desk, role):
    person = staff(role.value)

    def taken() -> int:
        browser = desk(person)
        browser.get(reverse("admin:index"))
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(reverse("admin:index")).status_code == 200
        return len(captured.captured_queries)

    few = taken()
    for _each in range(4):
        article_drafted(desk=people)
        article_published(desk=people)
    assert taken() == few


def found(browser, term: str) -> str:
    return browser.get(reverse("admin:search"), {"s": term}).content.decode()


def test_the_search_finds_pages_articles_and_cases(people, desk, clerk, resident):
    article_drafted(desk=people, title="江滩步道开放")
    case = case_make(resident)

    assert "江滩步道开放" in found(desk(people[Role.EDITOR]), "步道")
    assert "迎检自查" in found(desk(people[Role.EDITOR]), "迎检")
    assert case.number in found(desk(clerk), case.number[:12])
    assert case.number in found(desk(clerk), "路灯")


def test_the_search_shows_nothing_that_the_person_may_not_open(people, desk, clerk, staff, resident):
    article_drafted(desk=people, title="江滩步道开放")
    case = case_make(resident)
    stranger = staff("editor")
    ColumnRight.objects.filter(staff=stranger).delete()

    for person in (stranger, clerk, staff("auditor")):
        assert "江滩步道开放" not in found(desk(person), "步道")
    for person in (people[Role.EDITOR], staff("handler", unit="MZ"), staff("auditor")):
        assert case.number not in found(desk(person), case.number[:12])
    assert "审计" not in found(desk(clerk), "栏目")


@pytest.mark.parametrize("term", ["", " ", "'", "\x00", "%", "a" * 500, "& | !"])
def test_any_text_is_only_a_text(people, desk, term):
    assert desk(people[Role.EDITOR]).get(reverse("admin:search"), {"s": term}).status_code == 200
