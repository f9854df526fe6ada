"""Three reviews by four people, kept by services and by the database; what a changed byte voids."""

from __future__ import annotations

import itertools

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from apps.accounts.states import Role
from apps.common import clock
from apps.common.ids import uuid7
from apps.news import services
from apps.news.errors import (
    ArticleMoveRefused,
    ChecklistIncomplete,
    ColumnForbidden,
    EmptyText,
    ProofsMissing,
    ReasonNeeded,
    SamePerson,
)
from apps.news.models import (
    Article,
    ArticleEvent,
    Column,
    MediaAsset,
    Publication,
    ReviewRound,
    ReviewStep,
    Revision,
)
from apps.news.services.revisions import revision_sha256
from apps.news.states import (
    IN_REVIEW,
    MOVES,
    STAGES,
    WRITERS,
    ArticleState,
    MoveNotAllowed,
    Point,
    Stage,
    Verb,
    move_find,
)
from qingshan.demo_news import SIGNERS, article_review
from tests.factories.articles import article_approved, article_drafted, article_published, desk_make
from tests.factories.media import asset_make
from tests.factories.people import staff_make

ALL = list(Point)


@pytest.fixture
def people(db):
    return desk_make()


@pytest.fixture
def in_review(people):
    article = article_drafted(desk=people, title="江滩的路灯换新了")
    return services.article_submit(article_id=article.id, staff=people[Role.EDITOR], now=clock.now())


def sign(opened: ReviewRound, staff, *, points=ALL, sha256=None) -> Article:
    return services.article_sign(
        article_id=opened.article_id, staff=staff, points=points, seen_sha256=sha256 or sha(opened), now=clock.now()
    )  # fmt: skip


def sha(opened: ReviewRound) -> str:
    return ReviewRound.objects.select_related("revision").get(pk=opened.pk).revision.sha256


def proofs(opened: ReviewRound, people) -> None:
    for role in SIGNERS.values():
        services.proof_pass_add(
            article_id=opened.article_id, staff=people[role], errors_found=0, note="", seen_sha256=sha(opened),
            now=clock.now(),
        )  # fmt: skip


def state(opened: ReviewRound) -> str:
    return Article.objects.get(pk=opened.article_id).state


def save(opened: ReviewRound, staff, **changed) -> None:
    article = Article.objects.get(pk=opened.article_id)
    for name, value in changed.items():
        setattr(article, name, value)
    services.article_save(article=article, staff=staff, seen_version=article.version, now=clock.now())


def everyone(*roles: Role):
    """Someone who holds every role of the desk."""
    return staff_make(*(role.value for role in (Role.EDITOR, *SIGNERS.values())))


def test_the_table_of_moves_is_the_whole_truth():
    roles = frozenset(Role)
    for verb, source, levels in itertools.product(Verb, ArticleState, (1, 2, 3)):
        wanted = [m for m in MOVES if (m.verb, m.source) == (verb, source) and levels in m.levels]
        assert len(wanted) <= 1
        if wanted:
            assert move_find(verb=verb, source=source, roles=roles, levels=levels) is wanted[0]
            with pytest.raises(MoveNotAllowed):
                move_find(verb=verb, source=source, roles=roles - wanted[0].roles, levels=levels)
        else:
            with pytest.raises(MoveNotAllowed):
                move_find(verb=verb, source=source, roles=roles, levels=levels)


def test_each_state_can_be_reached_from_a_draft():
    for levels in (1, 2, 3):
        reached, new = set(), {ArticleState.DRAFT}
        while new:
            reached |= new
            new = {m.target for m in MOVES if m.source in reached and levels in m.levels} - reached
        missing = {
            1: {ArticleState.FIRST_REVIEW, ArticleState.SECOND_REVIEW},
            2: {ArticleState.SECOND_REVIEW},
            3: set(),
        }
        assert set(ArticleState) - reached == missing[levels]


@pytest.mark.parametrize("levels", [1, 2, 3])
def test_a_column_asks_for_one_two_or_three_reviews(people, levels):
    Column.objects.filter(slug="news").update(levels=levels)
    article = article_drafted(desk=people)

    article_review(article_id=article.id, people=people, at=clock.now())

    assert Article.objects.get(pk=article.pk).state == ArticleState.APPROVED
    assert [s.stage for s in ReviewStep.objects.order_by("id")] == [s.value for s in STAGES[levels]]


def test_four_people_sign_and_it_is_public(people):
    article = article_published(desk=people)

    assert Publication.objects.get(article=article).revision.sha256 == ReviewStep.objects.first().sha256
    assert ReviewStep.objects.values("actor").distinct().count() == 3
    assert [e.verb for e in ArticleEvent.objects.filter(article=article).order_by("id")] == [
        "submit", "proof", "proof", "proof", "sign", "sign", "sign", "publish",
    ]  # fmt: skip


PAIRS = [
    ("author", Stage.FIRST), ("author", Stage.SECOND), ("author", Stage.FINAL),
    (Stage.FIRST, Stage.SECOND), (Stage.FIRST, Stage.FINAL), (Stage.SECOND, Stage.FINAL),
]  # fmt: skip


@pytest.mark.parametrize("superuser", [False, True])
@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_no_pair_of_stages_is_done_by_one_person(db, one, other, superuser):
    people = desk_make()
    twice = everyone()
    if superuser:
        twice.is_superuser = True
        twice.save()
    people[Role.EDITOR if one == "author" else SIGNERS[one]] = twice
    article = article_drafted(desk=people)
    opened = services.article_submit(article_id=article.id, staff=people[Role.EDITOR], now=clock.now())
    proofs(opened, desk_make())
    for stage in STAGES[3]:
        if stage is other:
            break
        sign(opened, people[SIGNERS[stage]])
    before = (ReviewStep.objects.count(), state(opened))

    with pytest.raises(SamePerson):
        sign(opened, twice)

    assert (ReviewStep.objects.count(), state(opened)) == before
    with pytest.raises((IntegrityError, DatabaseError)) as refused, transaction.atomic():
        step_by_sql(opened, twice, other)
    wanted = "nobody signs what they wrote" if one == "author" else "step_one_a_person"
    assert wanted in str(refused.value)


def step_by_sql(opened: ReviewRound, staff, stage: Stage, **changed) -> None:
    values = {
        "id": uuid7(), "round_id": opened.pk, "revision_id": opened.revision_id, "sha256": sha(opened),
        "stage": stage.value, "actor_id": staff.pk, "decision": "approve", "at": clock.now(), "voided_at": None, **changed,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO news_reviewstep (id, round_id, revision_id, sha256, stage, actor_id, decision, checklist, note, at, voided_at)"
            " VALUES (%(id)s, %(round_id)s, %(revision_id)s, %(sha256)s, %(stage)s, %(actor_id)s, %(decision)s,"
            """ '["politics","law","policy","secrecy","wording","opinion"]', '', %(at)s, %(voided_at)s)""",
            values,
        )


@pytest.mark.parametrize("stage", [Stage.SECOND, Stage.FINAL])
def test_the_database_refuses_a_stage_before_those_below_it(in_review, people, stage):
    with pytest.raises(IntegrityError, match="stages are signed in their order"), transaction.atomic():
        step_by_sql(in_review, people[SIGNERS[stage]], stage)


def test_the_database_refuses_a_signature_for_another_fingerprint(in_review, people):
    with pytest.raises(IntegrityError, match="a signature is for the revision"), transaction.atomic():
        step_by_sql(in_review, people[Role.REVIEWER_FIRST], Stage.FIRST, sha256="0" * 64)


def test_the_database_refuses_a_publication_without_every_signature(in_review, people):
    sign(in_review, people[Role.REVIEWER_FIRST])

    with pytest.raises(IntegrityError, match="every signature"), transaction.atomic():
        Publication.objects.create(
            article_id=in_review.article_id, revision_id=in_review.revision_id, round=in_review, column_id=1,
            go_live_at=clock.now(), created_at=clock.now(),
        )  # fmt: skip


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE news_revision SET title = 'x'",
        "DELETE FROM news_revision",
        "UPDATE news_reviewstep SET actor_id = actor_id + 1",
        "UPDATE news_reviewstep SET voided_at = now(), stage = 'final'",
        "DELETE FROM news_reviewstep",
        "UPDATE news_reviewround SET levels = 1",
        "UPDATE news_proofpass SET errors_found = 9",
        "UPDATE news_publication SET revision_id = gen_random_uuid()",
        "DELETE FROM news_publication",
    ],
)
def test_what_was_signed_is_never_rewritten(people, statement):
    article_published(desk=people)

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_round_may_not_ask_for_fewer_reviews_than_its_column(people):
    article = article_drafted(desk=people)
    opened = services.article_submit(article_id=article.id, staff=people[Role.EDITOR], now=clock.now())
    services.article_withdraw(article_id=article.id, staff=people[Role.EDITOR], now=clock.now())

    with pytest.raises(IntegrityError, match="reviews of its column"), transaction.atomic():
        ReviewRound.objects.create(
            article=article,
            number=9,
            revision_id=opened.revision_id,
            levels=1,
            proofs=0,
            opened_at=clock.now(),
        )


def test_a_signature_answers_for_all_six_points(in_review, people):
    with pytest.raises(ChecklistIncomplete) as refused:
        sign(in_review, people[Role.REVIEWER_FIRST], points=[p for p in Point if p is not Point.SECRECY])

    assert "保密" in refused.value.text()
    assert state(in_review) == ArticleState.FIRST_REVIEW
    assert not ReviewStep.objects.exists()


def test_the_final_signature_waits_for_three_proof_passes_by_three_people(in_review, people):
    sign(in_review, people[Role.REVIEWER_FIRST])
    sign(in_review, people[Role.REVIEWER_SECOND])
    chief = people[Role.REVIEWER_FINAL]

    with pytest.raises(ProofsMissing):
        sign(in_review, chief)
    proofs(in_review, people)
    with pytest.raises(SamePerson):
        services.proof_pass_add(
            article_id=in_review.article_id, staff=chief, errors_found=0, note="", seen_sha256=sha(in_review), now=clock.now()
        )  # fmt: skip
    with pytest.raises(SamePerson):
        services.proof_pass_add(
            article_id=in_review.article_id, staff=people[Role.EDITOR], errors_found=0, note="",
            seen_sha256=sha(in_review), now=clock.now(),
        )  # fmt: skip
    assert sign(in_review, chief).state == ArticleState.APPROVED


CHANGES = {
    "title": "另一个标题", "summary": "另一段摘要", "body_html": "<p>正文，改了一个字。</p>", "source": "别处", "author": "别人",
    "audio_url": "https://audio.example/1.mp3", "column_id": None,
}  # fmt: skip


@pytest.mark.parametrize("field", list(CHANGES))
def test_any_changed_field_voids_every_signature_and_the_round_begins_anew(in_review, people, field):
    sign(in_review, people[Role.REVIEWER_FIRST])
    sign(in_review, people[Role.REVIEWER_SECOND])
    proofs(in_review, people)
    before = sha(in_review)
    value = CHANGES[field] or Column.objects.get(slug="notices").pk

    save(in_review, people[Role.EDITOR], **{field: value})

    assert sha(in_review) != before
    assert state(in_review) == ArticleState.FIRST_REVIEW
    assert ReviewStep.objects.filter(voided_at=None).count() == 0
    with pytest.raises(ArticleMoveRefused):
        sign(in_review, people[Role.REVIEWER_FIRST], sha256=before)
    sign(in_review, people[Role.REVIEWER_FIRST])
    sign(in_review, people[Role.REVIEWER_SECOND])
    with pytest.raises(ProofsMissing):
        sign(in_review, people[Role.REVIEWER_FINAL])


def test_a_save_that_changes_no_byte_voids_nothing(in_review, people):
    sign(in_review, people[Role.REVIEWER_FIRST])

    save(in_review, people[Role.EDITOR])

    assert state(in_review) == ArticleState.SECOND_REVIEW
    assert Revision.objects.count() == 1


def test_a_reviewer_who_mends_the_text_is_an_author_from_then_on(in_review, people):
    first = people[Role.REVIEWER_FIRST]

    save(in_review, first, title="改过的标题")

    with pytest.raises(SamePerson):
        sign(in_review, first)
    assert sign(in_review, staff_make("reviewer_first")).state == ArticleState.SECOND_REVIEW


@pytest.mark.parametrize("source", [*sorted(IN_REVIEW), ArticleState.APPROVED])
def test_a_return_needs_a_reason_and_ends_the_round(people, source):
    article = article_drafted(desk=people)
    opened = services.article_submit(article_id=article.id, staff=people[Role.EDITOR], now=clock.now())
    proofs(opened, people)
    for stage in STAGES[3]:
        if state(opened) == source:
            break
        sign(opened, people[SIGNERS[stage]])
    actor = people[next(iter(next(m.roles for m in MOVES if m.verb is Verb.RETURN and m.source is source)))]

    with pytest.raises(ReasonNeeded):
        services.article_return(article_id=article.id, staff=actor, reason="  ", now=clock.now())
    services.article_return(article_id=article.id, staff=actor, reason="事实要核", now=clock.now())

    assert state(opened) == ArticleState.DRAFT
    assert ReviewRound.objects.get().outcome == "returned"
    assert ReviewStep.objects.filter(voided_at=None).count() == 0
    assert ArticleEvent.objects.latest("id").reason == "事实要核"


def test_a_second_round_takes_new_signatures(in_review, people):
    first = people[Role.REVIEWER_FIRST]
    services.article_return(article_id=in_review.article_id, staff=first, reason="改标题", now=clock.now())

    again = services.article_submit(
        article_id=in_review.article_id, staff=people[Role.EDITOR], now=clock.now()
    )

    assert (again.number, state(again)) == (2, ArticleState.FIRST_REVIEW)
    assert sign(again, first).state == ArticleState.SECOND_REVIEW


def test_an_empty_text_is_not_submitted(people):
    article = article_drafted(desk=people, body_html="<p> </p>")

    with pytest.raises(EmptyText):
        services.article_submit(article_id=article.id, staff=people[Role.EDITOR], now=clock.now())
    assert not Revision.objects.exists()


@pytest.mark.parametrize("source", [s for s in ArticleState if not WRITERS[s]])
def test_what_is_approved_or_published_is_not_written_over(people, source):
    article = article_approved(desk=people)
    if source is not ArticleState.APPROVED:
        services.article_publish(article_id=article.id, staff=people[Role.EDITOR], now=clock.now())
    if source is ArticleState.RETRACTED:
        services.article_retract(
            article_id=article.id, staff=people[Role.REVIEWER_FINAL], reason="有误", now=clock.now()
        )
    article = Article.objects.get(pk=article.pk)
    assert article.state == source
    article.title = "改"

    with pytest.raises(ArticleMoveRefused):
        services.article_save(
            article=article, staff=people[Role.EDITOR], seen_version=article.version, now=clock.now()
        )
    assert Article.objects.get(pk=article.pk).title == "稿件"


def test_the_fingerprint_can_be_reckoned_again_from_what_is_stored(people):
    article_published(desk=people, title="稿", summary="摘要", source="区融媒体中心")

    revision = Revision.objects.get()

    assert revision_sha256(revision=revision) == revision.sha256


def test_nobody_writes_in_a_column_that_is_not_theirs(people):
    elsewhere = staff_make("editor")
    elsewhere.column_rights.all().delete()
    services.column_right_grant(staff=elsewhere, column=Column.objects.get(slug="livelihood"))

    with pytest.raises(ColumnForbidden):
        services.article_draft(
            title="稿", body_html="<p>文</p>", summary="", column="news", staff=elsewhere, now=clock.now()
        )
    made = services.article_draft(
        title="稿", body_html="<p>文</p>", summary="", column="education", staff=elsewhere, now=clock.now()
    )
    article_drafted(desk=people)
    assert [a.pk for a in Article.objects.visible_to(elsewhere)] == [made.pk]


def strict(slug: str, levels: int, proofs: int) -> Column:
    Column.objects.filter(slug=slug).update(levels=levels, proofs=proofs)
    return Column.objects.get(slug=slug)


def test_a_text_that_moves_to_a_stricter_column_in_review_takes_that_columns_reviews(people):
    strict("news", 1, 0)
    article = article_drafted(desk=people)
    opened = services.article_submit(article_id=article.id, staff=people[Role.EDITOR], now=clock.now())
    assert state(opened) == ArticleState.FINAL_REVIEW

    save(opened, people[Role.EDITOR], column_id=strict("notices", 3, 3).pk)

    fresh = ReviewRound.objects.get(article=article, closed_at=None)
    assert (state(opened), fresh.levels, fresh.proofs, fresh.number) == (ArticleState.FIRST_REVIEW, 3, 3, 2)
    assert ReviewRound.objects.get(pk=opened.pk).outcome == "withdrawn"
    with pytest.raises(ArticleMoveRefused):
        sign(fresh, people[Role.REVIEWER_FINAL])


def test_the_database_lets_no_round_carry_a_text_of_a_stricter_column(people):
    strict("news", 1, 0)
    article = article_drafted(desk=people)
    opened = services.article_submit(article_id=article.id, staff=people[Role.EDITOR], now=clock.now())
    other = Revision.objects.get()
    moved = Revision(
        article=article, number=2, sha256="1" * 64, column=strict("notices", 3, 3), column_slug="notices",
        title="稿", body_html="<p>文</p>", writers=[], created_at=clock.now(),
    )  # fmt: skip
    moved.save()
    assert other.pk != moved.pk

    with pytest.raises(IntegrityError, match="reviews of its column"), transaction.atomic():
        ReviewRound.objects.filter(pk=opened.pk).update(revision=moved)


def test_another_cover_voids_the_signatures_and_other_words_for_it_later_do_not(in_review, people):
    asset = asset_make()
    sign(in_review, people[Role.REVIEWER_FIRST])
    save(in_review, people[Role.EDITOR], cover_asset=asset)
    fresh = ReviewRound.objects.select_related("revision").get(article=in_review.article_id, closed_at=None)
    assert (state(in_review), fresh.revision.cover_alt) == (ArticleState.FIRST_REVIEW, asset.alt)
    sign(fresh, people[Role.REVIEWER_FIRST])

    MediaAsset.objects.filter(pk=asset.pk).update(alt="别的文字")
    save(in_review, people[Role.EDITOR])

    assert state(in_review) == ArticleState.SECOND_REVIEW
    assert Revision.objects.get(pk=fresh.revision_id).cover_alt == asset.alt
