"""Writing: drafts and saves of the working copy."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib.postgres.search import SearchVector
from django.db import transaction
from django.db.models import Value

from apps.accounts.states import Role
from apps.common.words import words_held
from apps.news import selectors, states
from apps.news.errors import (
    ArticleChanged,
    ArticleMoveRefused,
    ArticleNotFound,
    AttachmentsPending,
    ColumnForbidden,
    ColumnUnknown,
)
from apps.news.models import Article, ArticleEvent, ReviewRound
from apps.news.services.checks import findings_write
from apps.news.services.media import media_uses_write
from apps.news.services.revisions import content_of, revision_make, round_end, round_open, signatures_void
from apps.news.states import IN_REVIEW, ArticleState
from apps.news.text import html_clean, html_text

if TYPE_CHECKING:
    from apps.accounts.models import Staff

WRITTEN = ("column_id", "title", "summary", "body_html", "source", "author", "cover_asset_id", "audio_url")


def article_draft(
    *,
    title: str,
    body_html: str,
    summary: str,
    column: str,
    now: dt.datetime,
    source: str = "",
    author: str = "",
    staff: Staff | None = None,
) -> Article:
    """Make a draft.  At most 9 queries.  ``column`` is a slug.  Raises ColumnUnknown, ColumnForbidden."""
    found = selectors.column_by_slug(slug=column)
    if found is None:
        raise ColumnUnknown(attr="column")
    if staff is not None and not selectors.works_in(staff=staff, column_id=found.pk):
        raise ColumnForbidden(attr="column")
    article = Article(
        column=found, title=title[:120], summary=summary[:300], body_html=html_clean(body_html), source=source,
        author=author, created_at=now, updated_at=now, created_by=staff, writers=[staff.pk] if staff else [],
    )  # fmt: skip
    with transaction.atomic():
        article.save(force_insert=True)
        _after_write(article)
    return article


def article_save(*, article: Article, staff: Staff, seen_version: int | None, now: dt.datetime) -> Article:
    """Write what the desk's form holds: a new draft, or a change of the version that was seen.  At most 30 queries.

    A change in review makes a new revision, voids every signature of the round and sends it back to its first stage;
    whoever made it counts as an author from then on.  What is public stays as it is.
    Raises ArticleChanged when someone else wrote in between (the row is locked before versions are compared),
    ArticleMoveRefused when ``staff`` may not write in this state, ColumnForbidden for a column that is not theirs.
    """
    with transaction.atomic():
        stored = None
        if article._state.adding:
            article.created_at, article.created_by, article.writers = now, staff, []
        else:
            stored = article_lock(article_id=article.pk, staff=staff)
            if stored.version != seen_version:
                raise ArticleChanged(version=stored.version)
            article.version = stored.version + 1
            article.state, article.published_at, article.writers = (
                stored.state,
                stored.published_at,
                stored.writers,
            )
        if not selectors.works_in(staff=staff, column_id=article.column_id):
            raise ColumnForbidden(attr="column")
        if not may_write(article=article, staff=staff):
            raise ArticleMoveRefused(state=article.state, state_label=article.state_label, verb="")
        article.body_html = html_clean(article.body_html)
        changed = stored is None or any(getattr(article, n) != getattr(stored, n) for n in WRITTEN)
        if changed and staff.pk not in article.writers:
            article.writers = [*article.writers, staff.pk]
        article.updated_at = now
        article.save()
        _after_write(article)
        if changed and article.state in IN_REVIEW:
            _resubmit(article, staff, now)
    return article


def article_lock(*, article_id: UUID, staff: Staff | None) -> Article:
    """Return the row locked for the caller's transaction.  1 query.  Raises ArticleNotFound also for what is not theirs."""
    rows = Article.objects.visible_to(staff) if staff else Article.objects.all()
    locked = rows.select_related("column__parent").defer("search").select_for_update(of=("self",))
    article: Article | None = locked.filter(id=article_id).first()
    if article is None:
        raise ArticleNotFound
    return article


def may_write(*, article: Article, staff: Staff) -> bool:
    """Return whether ``staff`` may change the text in the state that the article is in.  0 queries once roles are loaded."""
    allowed = states.WRITERS[ArticleState(article.state)]
    return bool(allowed) and (staff.is_superuser or bool(staff.roles & allowed))


def roles_of(staff: Staff | None) -> frozenset[Role]:
    """Return the roles that count: those of a person, all for a superuser, an editor's for a command of the system."""
    if staff is None:
        return states.EDITORS
    return frozenset(Role) if staff.is_superuser else staff.roles


def event_write(
    *, article: Article, verb: str, staff: Staff | None, reason: str = "", now: dt.datetime
) -> None:
    """Write an act down.  1 query."""
    ArticleEvent.objects.create(
        article=article, at=now, verb=verb, staff=staff, reason=reason.strip()[:300], version=article.version
    )


def attachments_changed(*, article: Article, staff: Staff, now: dt.datetime) -> None:
    """Count a change of the attachments of a locked article as one of its text: author, version, void signatures.

    At most 24 queries in review, else 1.
    """
    if staff.pk not in article.writers:
        article.writers = [*article.writers, staff.pk]
    article.version, article.updated_at = article.version + 1, now
    article.save(update_fields=["writers", "version", "updated_at"])
    if article.state in IN_REVIEW:
        _resubmit(article, staff, now)


def _resubmit(article: Article, staff: Staff, now: dt.datetime) -> None:
    """A changed byte: a new revision in review, checked anew; the signatures are void."""
    held = ReviewRound.objects.select_for_update(of=("self",)).select_related("revision")
    opened = held.get(article=article, closed_at=None)
    if content_of(article=article).sha256 == opened.revision.sha256:
        return
    revision = revision_make(article=article, staff=staff, now=now)
    if (opened.levels, opened.proofs) == (article.column.levels, article.column.proofs):
        opened.revision = revision
        opened.save(update_fields=["revision"])
        signatures_void(review_round=opened, now=now)
    else:
        # Another column asks for other reviews: the round of the old one does not count there.
        round_end(review_round=opened, outcome=ReviewRound.Outcome.WITHDRAWN, now=now)
        round_open(article=article, revision=revision, staff=staff, now=now)
    # A file that was added just now is scanned by a worker; the minute's sweep checks the text then, and until it is
    # checked it gets no final signature.
    with suppress(AttachmentsPending):
        findings_write(revision=revision, now=now)
    article.state = states.state_before_signatures(levels=article.column.levels).value
    article.save(update_fields=["state"])
    event_write(article=article, verb=states.Act.VOID.value, staff=staff, now=now)


def _after_write(article: Article) -> None:
    media_uses_write(article_id=article.pk, html=article.body_html, cover_asset_id=article.cover_asset_id)
    Article.objects.filter(pk=article.pk).update(
        search=search_vector(title=article.title, summary=article.summary, body_html=article.body_html)
    )


def search_vector(*, title: str, summary: str, body_html: str) -> Any:
    """Return the search words as an expression to write: title before summary before body."""
    body = " ".join(words_held(html_text(body_html)))
    return (
        SearchVector(Value(" ".join(words_held(title))), weight="A", config="simple")
        + SearchVector(Value(" ".join(words_held(summary))), weight="B", config="simple")
        + SearchVector(Value(body), weight="C", config="simple")
    )
