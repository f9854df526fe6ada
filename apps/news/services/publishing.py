"""Publication: release, retraction, other times, pinning.  What is public is told by time; nothing here has to run on time."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from apps.common import clock
from apps.common.changes import announce
from apps.news.errors import (
    ArticleMoveRefused,
    FindingsOpen,
    NothingPublic,
    ReasonNeeded,
    TimesInvalid,
)
from apps.news.models import Article, Finding, Publication, ReviewRound
from apps.news.notices import COLUMN, PUBLISHED
from apps.news.services.articles import article_lock, event_write, search_vector
from apps.news.services.reviews import move_of, move_write
from apps.news.states import MOVES, Act, ArticleState, FindingLevel, Verb
from apps.notifications import services as notifications

if TYPE_CHECKING:
    from apps.accounts.models import Staff

TELL_AT_ONCE = 50


def article_publish(
    *,
    article_id: UUID,
    staff: Staff | None,
    now: dt.datetime,
    go_live_at: dt.datetime | None = None,
    expire_at: dt.datetime | None = None,
) -> Publication:
    """Release the approved revision: public from ``go_live_at`` (None or past: now) until ``expire_at``.  At most 16 queries.

    A version that is public until then is replaced at that moment and not before.  Followers of the column are told
    once it is public.
    Raises ArticleNotFound, ArticleMoveRefused, FindingsOpen (a list changed after the last signature), TimesInvalid.
    """
    starts = max(go_live_at or now, now)
    if expire_at is not None and expire_at <= starts:
        raise TimesInvalid(attr="expire_at")
    with transaction.atomic():
        article = article_lock(article_id=article_id, staff=staff)
        move = move_of(article, Verb.PUBLISH, staff, article.column.levels)
        opened = (
            ReviewRound.objects.select_for_update(of=("self",))
            .select_related("revision__column")
            .get(article=article, closed_at=None)
        )
        revision = opened.revision
        blocking = Finding.objects.filter(
            revision=revision, level=FindingLevel.BLOCK.value, gone_at=None, waived_at=None
        ).count()
        if blocking:
            raise FindingsOpen(count=blocking)
        _others_end(article, starts)
        publication = Publication.objects.create(
            article=article, revision=revision, round=opened, column_id=revision.column_id, pinned=article.pinned,
            go_live_at=starts, expire_at=expire_at, created_by=staff, created_at=now,
            search=search_vector(title=revision.title, summary=revision.summary, body_html=revision.body_html),
        )  # fmt: skip
        opened.closed_at, opened.outcome = now, ReviewRound.Outcome.RELEASED
        opened.save(update_fields=["closed_at", "outcome"])
        article.published_at = starts
        move_write(article, move, staff, now=now)
        if starts <= now:
            followers_tell(publication=publication, now=now)
        announce("news")
    return publication


def _others_end(article: Article, at: dt.datetime) -> None:
    """What is public at ``at`` is replaced then; what was to come later never comes."""
    # Also what was to be replaced later, by a version that now never comes.
    Publication.objects.filter(Q(ends_at=None) | Q(ends_at__gt=at), article=article).update(superseded_at=at)


def article_retract(*, article_id: UUID, staff: Staff, reason: str, now: dt.datetime) -> Article:
    """Take what is public or scheduled away at once; one authorised person and a reason are enough.  At most 9 queries.

    The row stays, with who and why; publishing again takes a full round.
    Raises ArticleNotFound, ArticleMoveRefused, ReasonNeeded, NothingPublic.
    """
    with transaction.atomic():
        article = article_lock(article_id=article_id, staff=staff)
        move = move_of(article, Verb.RETRACT, staff, article.column.levels)
        if not reason.strip():
            raise ReasonNeeded(attr="reason")
        done = (
            Publication.objects.filter(article=article, retracted_at=None)
            .in_force(now=now)
            .update(retracted_at=now, retracted_by=staff, retract_reason=reason.strip()[:300])
        )
        if not done:
            raise NothingPublic
        move_write(article, move, staff, reason=reason, now=now)
        announce("news")
    return article


def publication_reschedule(
    *,
    publication_id: UUID,
    staff: Staff,
    go_live_at: dt.datetime,
    expire_at: dt.datetime | None,
    now: dt.datetime,
) -> Publication:
    """Give a release other times: the beginning only before it began, the end at any time before it.  At most 8 queries.

    Raises ArticleNotFound, ArticleMoveRefused, NothingPublic, TimesInvalid.
    """
    with transaction.atomic():
        held = Publication.objects.filter(id=publication_id).in_force(now=now).first()
        if held is None:
            raise NothingPublic
        article = article_lock(article_id=held.article_id, staff=staff)
        publication: Publication | None = (
            Publication.objects.select_for_update(of=("self",))
            .in_force(now=now)
            .filter(id=publication_id)
            .first()
        )
        if publication is None:
            raise NothingPublic
        if ArticleState(article.state) is not ArticleState.PUBLISHED:
            raise ArticleMoveRefused(state=article.state, state_label=article.state_label, verb="")
        move_of(article, Verb.REVISE, staff, article.column.levels)
        starts = publication.go_live_at if publication.go_live_at <= now else max(go_live_at, now)
        if expire_at is not None and expire_at <= max(starts, now):
            raise TimesInvalid(attr="expire_at")
        before = publication.go_live_at
        publication.go_live_at, publication.expire_at = starts, expire_at
        # First the other's end when this one begins later, this one's beginning when it begins earlier.
        others = Publication.objects.filter(article=article, superseded_at=before).exclude(pk=publication.pk)
        if starts < before:
            others.update(superseded_at=starts)
        publication.save(update_fields=["go_live_at", "expire_at"])
        if starts > before:
            others.update(superseded_at=starts)
        Article.objects.filter(pk=article.pk).update(published_at=starts)
        event_write(article=article, verb=Act.RESCHEDULE.value, staff=staff, now=now)
        announce("news")
    return publication


def publication_pin(*, article_id: UUID, staff: Staff, pinned: bool, now: dt.datetime) -> Article:
    """Pin to the top of the lists, or no longer: it says nothing about the text, so it needs no review.  At most 6 queries.

    Raises ArticleNotFound, ArticleMoveRefused, NothingPublic.
    """
    with transaction.atomic():
        article = article_lock(article_id=article_id, staff=staff)
        if not roles_may_pin(staff):
            raise ArticleMoveRefused(state=article.state, state_label=article.state_label, verb="")
        if not Publication.objects.filter(article=article).in_force(now=now).update(pinned=pinned):
            raise NothingPublic
        Article.objects.filter(pk=article.pk).update(pinned=pinned)
        event_write(article=article, verb=(Act.PIN if pinned else Act.UNPIN).value, staff=staff, now=now)
        announce("news")
    return article


def roles_may_pin(staff: Staff) -> bool:
    """Return whether ``staff`` may pin: editors and final reviewers."""
    return staff.is_superuser or bool(staff.roles & _PINNERS)


_PINNERS = next(m.roles for m in MOVES if m.verb is Verb.PUBLISH)


def followers_tell(*, publication: Publication, now: dt.datetime) -> None:
    """Tell who follows the column or one above it that something new is there, once.  At most 5 queries."""
    if not publication.column.is_active:
        return
    slugs = [slug for slug in publication.column.path.split("/") if slug]
    notifications.topic_tell(
        topics=[f"{COLUMN.key}:{slug}" for slug in slugs],
        kind=PUBLISHED,
        fields={
            "id": str(publication.article_id), "title": publication.revision.title,
            "column": publication.column.name, "at": f"{clock.local(publication.go_live_at):%Y-%m-%d %H:%M}",
        },
        key=f"{PUBLISHED.key}:{publication.id}",
        now=now,
    )  # fmt: skip
    Publication.objects.filter(pk=publication.pk).update(told_at=now)


def publications_due_tell(*, now: dt.datetime) -> int:
    """Tell the followers of what went public since the last look; returns how many publications.  At most 50 a call.

    What the public reads does not wait for this.
    """
    with transaction.atomic():
        rows = (
            Publication.objects.visible(now=now)
            .filter(told_at=None, go_live_at__gt=now - dt.timedelta(days=2))
            .select_related("revision", "column")
            .select_for_update(of=("self",), skip_locked=True)
            .order_by("go_live_at")[:TELL_AT_ONCE]
        )
        due = list(rows)
        for publication in due:
            followers_tell(publication=publication, now=now)
        if due:
            announce("news")
    return len(due)
