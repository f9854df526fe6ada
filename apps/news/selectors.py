"""Reads of columns and articles."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet

from apps.common.words import query_words
from apps.news.models import Article, Column

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


# What lists show.  Dicts instead of models: a page is made in half the time, and nothing is loaded by a look.
ITEM = (
    "id", "title", "summary", "column__slug", "column__name", "cover_id", "cover_alt", "published_at", "pinned",
)  # fmt: skip
WHOLE = (*ITEM, "column_id", "body_html", "source", "author", "updated_at")
Row = dict[str, Any]


def articles_public(*, column: str | None = None) -> QuerySet[Article, Row]:
    """Return published articles as ``ITEM`` rows; a column brings those below it.  1 query when read."""
    rows = Article.objects.published()
    if column:
        rows = rows.filter(Q(column__slug=column) | Q(column__parent__slug=column))
    return rows.values(*ITEM)


def articles_found(*, text: str, column: str | None, limit: int, offset: int) -> list[Row]:
    """Return the published articles that hold all words of ``text`` as ``WHOLE`` rows, best first.

    1 query; none for a text without words.
    """
    words = query_words(text)
    if not words:
        return []
    rows = Article.objects.published().found_by(words)
    if column:
        rows = rows.filter(Q(column__slug=column) | Q(column__parent__slug=column))
    return list(rows.order_by("-rank", "-published_at", "-id").values(*WHOLE)[offset : offset + limit])


def article_public(*, article_id: UUID) -> Row | None:
    """Return a published article as a ``WHOLE`` row, or None.  1 query."""
    return Article.objects.published().filter(id=article_id).values(*WHOLE).first()


def related_of(*, article: Row) -> list[Row]:
    """Return the newest others of the same column, at most 3.  1 query."""
    others = articles_public().filter(column_id=article["column_id"]).exclude(id=article["id"])
    return list(others.order_by("-published_at", "-id")[:RELATED])


def article_by_title(*, title: str) -> Article | None:
    """Return the newest article of this title, or None.  1 query."""
    return Article.objects.filter(title=title).order_by("-created_at").first()


def column_by_slug(*, slug: str) -> Column | None:
    """Return an active column, or None.  1 query."""
    return Column.objects.filter(slug=slug, is_active=True).first()


def articles_at_desk(*, staff: Any, state: str) -> QuerySet[Article]:
    """Return what ``staff`` may see of the articles in ``state``, last changed first.  1 query when read."""
    rows = Article.objects.visible_to(staff).filter(state=state).select_related("column")
    return rows.defer("body_html", "search").order_by("-updated_at", "-id")
