"""Reads of columns and articles."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F, Prefetch, Q, QuerySet

from apps.common.words import query_words
from apps.news.models import Article, Column
from apps.news.text import html_text

RELATED = 3


def column_tree() -> list[dict[str, Any]]:
    """Return ``[{"slug", "name", "children": [{"slug", "name", "children": []}]}]``.  2 queries."""
    active = Column.objects.filter(is_active=True).order_by("position", "id")
    roots = active.filter(parent=None).prefetch_related(Prefetch("children", queryset=active))
    return [
        {
            "slug": root.slug,
            "name": root.name,
            "children": [{"slug": c.slug, "name": c.name, "children": []} for c in root.children.all()],
        }
        for root in roots
    ]


Row = dict[str, Any]
# Newest first, what is pinned before it; the keys of the cursor too.
NEWEST = ("-pinned", "-published_at", "-id")
# Written out: these reads are what the public asks for, and building them with the ORM took longer than running them.
_ITEM = """
a.id, a.title, a.summary, c.slug AS column_slug, c.name AS column_name, a.cover_id, a.cover_alt, a.published_at, a.pinned
"""
_PUBLIC = """
FROM news_article a JOIN news_column c ON c.id = a.column_id LEFT JOIN news_column up ON up.id = c.parent_id
WHERE a.state = 'published' AND c.is_active
"""
_ORDER = "ORDER BY a.pinned DESC, a.published_at DESC, a.id DESC LIMIT %(limit)s"
_IN_COLUMN = "AND (c.slug = %(column)s OR up.slug = %(column)s)"
_BEHIND = "AND (a.pinned, a.published_at, a.id) < (%(pinned)s, %(published_at)s, %(id)s)"
_WHOLE = (
    f"SELECT {_ITEM}, a.column_id, a.body_html, a.source, a.author, a.updated_at {_PUBLIC} AND a.id = %(id)s"
)
_RELATED = f"SELECT {_ITEM} {_PUBLIC} AND a.column_id = %(column)s AND a.id <> %(id)s {_ORDER}"


def _rows(statement: str, values: dict[str, Any]) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def articles_public(*, column: str | None, after: list[Any] | None, limit: int) -> list[Row]:
    """Return published articles as lists show them, in the order of ``NEWEST``.  1 query.

    ``column``  a slug; it brings those below it   ``after``  the values of ``NEWEST`` of the row to go on behind
    """
    values: dict[str, Any] = {"limit": limit, "column": column}
    statement = f"SELECT {_ITEM} {_PUBLIC} {_IN_COLUMN if column else ''}"
    if after is not None:
        statement += _BEHIND
        values |= dict(zip(("pinned", "published_at", "id"), after, strict=True))
    return _rows(f"{statement} {_ORDER}", values)


def articles_found(*, text: str, column: str | None, limit: int, offset: int) -> list[Row]:
    """Return the published articles that hold all words of ``text`` as rows with their bodies, best first.

    1 query; none for a text without words.
    """
    words = query_words(text)
    if not words:
        return []
    rows = Article.objects.published().found_by(words)
    if column:
        rows = rows.filter(Q(column__slug=column) | Q(column__parent__slug=column))
    return list(
        rows.order_by("-rank", "-published_at", "-id").values(
            "id", "title", "summary", "cover_id", "cover_alt", "published_at", "pinned", "body_html",
            column_slug=F("column__slug"), column_name=F("column__name"),
        )[offset : offset + limit]
    )  # fmt: skip


def articles_answering(*, words: list[str], limit: int) -> list[Row]:
    """Return the published articles that hold most of ``words``, best first: ``{"id", "title", "text"}``.  1 query.

    ``text`` is the summary and the body without its tags.
    """
    rows = Article.objects.published().found_by_any(words).order_by("-rank", "-published_at", "-id")
    return [
        {"id": row["id"], "title": row["title"], "text": f"{row['summary']} {html_text(row['body_html'])}"}
        for row in rows.values("id", "title", "summary", "body_html")[:limit]
    ]


def article_public(*, article_id: UUID) -> Row | None:
    """Return a published article with its body, or None.  1 query."""
    return next(iter(_rows(_WHOLE, {"id": article_id})), None)


def related_of(*, article: Row) -> list[Row]:
    """Return the newest others of the same column, at most 3.  1 query."""
    return _rows(_RELATED, {"column": article["column_id"], "id": article["id"], "limit": RELATED})


def article_by_title(*, title: str) -> Article | None:
    """Return the newest article of this title, or None.  1 query."""
    return Article.objects.filter(title=title).order_by("-created_at").first()


def column_by_slug(*, slug: str) -> Column | None:
    """Return an active column, or None.  1 query."""
    return Column.objects.filter(slug=slug, is_active=True).first()


def columns_active() -> dict[str, str]:
    """Return the names of the active columns by slug, in the order of the menu.  1 query."""
    return dict(Column.objects.filter(is_active=True).order_by("position", "id").values_list("slug", "name"))


def articles_at_desk(*, staff: Any, state: str) -> QuerySet[Article]:
    """Return what ``staff`` may see of the articles in ``state``, last changed first.  1 query when read."""
    rows = Article.objects.visible_to(staff).filter(state=state).select_related("column")
    return rows.defer("body_html", "search").order_by("-updated_at", "-id")
