"""Writes of articles."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib.postgres.search import SearchVector
from django.db import transaction
from django.db.models import Value
from django.utils.translation import gettext_lazy as _

from apps.accounts.states import Role
from apps.common import clock
from apps.common.changes import announce
from apps.common.errors import Refused
from apps.common.words import words_cut
from apps.news import selectors, states
from apps.news.models import VERB_LABELS, Article, ArticleEvent, Column
from apps.news.notices import COLUMN, PUBLISHED
from apps.news.states import ArticleState, Verb
from apps.news.text import html_clean, html_text
from apps.notifications import services as notifications

if TYPE_CHECKING:
    from apps.accounts.models import Staff

SYSTEM_ROLES = frozenset({Role.EDITOR})


class ArticleNotFound(Refused):
    code = "article_not_found"
    message = _("There is no such article.")
    status = 404


class ArticleMoveRefused(Refused):
    code = "article_move_refused"
    message = _("This can not be done now: the article is “%(state_label)s”.")
    status = 409


class ArticleChanged(Refused):
    code = "article_changed"
    message = _(
        "Someone changed this article since you opened it. Please open it again; nothing was written."
    )
    status = 409


class ReasonNeeded(Refused):
    code = "reason_needed"
    message = _("Please give a reason.")
    status = 400


class ColumnUnknown(Refused):
    code = "column_unknown"
    message = _("There is no such column.")
    status = 400


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
    """Make a draft.  5 queries.  ``column`` is a slug.  Raises ColumnUnknown."""
    found = selectors.column_by_slug(slug=column)
    if found is None:
        raise ColumnUnknown(attr="column")
    article = Article(
        column=found, title=title[:120], summary=summary[:300], body_html=html_clean(body_html), source=source,
        author=author, created_at=now, updated_at=now, created_by=staff,
    )  # fmt: skip
    with transaction.atomic():
        article.save(force_insert=True)
        _search_write(article)
    return article


def article_save(*, article: Article, staff: Staff, seen_version: int | None, now: dt.datetime) -> Article:
    """Write what the desk's form holds: a new draft, or a change of the version that was seen.  At most 8 queries.

    Raises ArticleChanged when someone else wrote in between: the row is locked before versions are compared;
    ArticleMoveRefused when ``staff`` may not write in this state.
    A change of a published article shows at once.
    """
    with transaction.atomic():
        if article._state.adding:
            article.created_at, article.created_by = now, staff
        else:
            stored = Article.objects.select_for_update(of=("self",)).get(pk=article.pk)
            if stored.version != seen_version:
                raise ArticleChanged(version=stored.version)
            article.version = stored.version + 1
            article.state, article.published_at = stored.state, stored.published_at
        if not staff.is_superuser and not staff.roles & states.WRITERS[ArticleState(article.state)]:
            raise ArticleMoveRefused(state=article.state, state_label=article.state_label, verb="")
        article.updated_at = now
        article.save()
        _search_write(article)
        if article.state == ArticleState.PUBLISHED.value:
            announce("news")
    return article


def article_move(
    *, article_id: UUID, verb: Verb, staff: Staff | None, reason: str, now: dt.datetime
) -> Article:
    """Publish, retract or take back to draft; the public sees it with the next request.  4 queries, 5 to publish.

    A publication tells who follows the column or the one above it, once a version.

    ``staff``   None for a command of the system, which acts as an editor
    ``reason``  1 to 300 characters where the move needs one
    Raises ArticleNotFound, ArticleMoveRefused, ReasonNeeded.
    """
    with transaction.atomic():
        rows = Article.objects.visible_to(staff) if staff else Article.objects.all()
        locked = rows.select_related("column__parent").select_for_update(of=("self",))
        article: Article | None = locked.filter(id=article_id).first()
        if article is None:
            raise ArticleNotFound
        move = _move_of(article, verb, staff)
        if move.needs_reason and not reason.strip():
            raise ReasonNeeded(attr="reason")
        article.state, article.updated_at = move.target.value, now
        article.version += 1
        if move.target is ArticleState.PUBLISHED:
            article.published_at = now
        article.save(update_fields=["state", "updated_at", "version", "published_at"])
        ArticleEvent.objects.create(
            article=article,
            at=now,
            verb=verb.value,
            staff=staff,
            reason=reason.strip(),
            version=article.version,
        )
        if move.target is ArticleState.PUBLISHED and article.column.is_active:
            _followers_tell(article, now)
        announce("news")
    return article


def _followers_tell(article: Article, now: dt.datetime) -> None:
    columns = [one for one in (article.column, article.column.parent) if one is not None]
    notifications.topic_tell(
        topics=[f"{COLUMN.key}:{one.slug}" for one in columns],
        kind=PUBLISHED,
        fields={
            "id": str(article.id), "title": article.title, "column": article.column.name,
            "at": f"{clock.local(now):%Y-%m-%d %H:%M}",
        },
        key=f"{PUBLISHED.key}:{article.id}:{article.version}",
        now=now,
    )  # fmt: skip


def _move_of(article: Article, verb: Verb, staff: Staff | None) -> states.Move:
    roles = staff.roles if staff and not staff.is_superuser else frozenset(Role) if staff else SYSTEM_ROLES
    try:
        return states.move_find(verb=verb, source=ArticleState(article.state), roles=roles)
    except states.MoveNotAllowed as error:
        raise ArticleMoveRefused(
            state=article.state, state_label=article.state_label, verb=str(VERB_LABELS[verb.value])
        ) from error


def _search_write(article: Article) -> None:
    """Write the search words: title before summary before body."""
    title, summary = " ".join(words_cut(article.title)), " ".join(words_cut(article.summary))
    body = " ".join(words_cut(html_text(article.body_html)))
    vector: Any = (
        SearchVector(Value(title), weight="A", config="simple")
        + SearchVector(Value(summary), weight="B", config="simple")
        + SearchVector(Value(body), weight="C", config="simple")
    )
    Article.objects.filter(pk=article.pk).update(search=vector)


def columns_load(*, tree: list[dict[str, Any]]) -> int:
    """Add to the column tree what is not there yet: ``[{"slug", "name", "children"}]``; returns how many.  1 to 2 queries each."""
    count = 0
    todo: list[tuple[dict[str, Any], Column | None, int]] = [(row, None, i) for i, row in enumerate(tree)]
    while todo:
        row, parent, position = todo.pop(0)
        column, _made = Column.objects.get_or_create(
            slug=row["slug"], defaults={"name": row["name"], "parent": parent, "position": position}
        )
        todo += [(child, column, i) for i, child in enumerate(row.get("children", []))]
        count += 1
    announce("news")
    return count
