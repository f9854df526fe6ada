"""Reads of columns and articles."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F, QuerySet

from apps.accounts.states import Role
from apps.common import clock
from apps.common.changes import moment_kept
from apps.common.words import query_words
from apps.news.models import Article, Column, ColumnRight, Publication
from apps.news.querysets import columns_of
from apps.news.text import html_text

RELATED = 3


def column_tree() -> list[dict[str, Any]]:
    """Return ``[{"slug", "name", "children": [{"slug", "name", "children": [...]}]}]`` of the active columns.  1 query.

    What lies below a column that is not active is left out with it.
    """
    rows = Column.objects.filter(is_active=True).order_by("position", "id")
    nodes = {column.pk: {"slug": column.slug, "name": column.name, "children": []} for column in rows}
    roots: list[dict[str, Any]] = []
    for column in rows:
        node = nodes[column.pk]
        if column.parent_id is None:
            roots.append(node)
        elif column.parent_id in nodes:
            nodes[column.parent_id]["children"].append(node)  # type: ignore[attr-defined]
    return roots


def works_in(*, staff: Any, column_id: int) -> bool:
    """Return whether ``staff`` works in a column: superusers in all, others by their rights.  1 query, 0 for superusers."""
    return staff.is_superuser or Column.objects.filter(id=column_id, id__in=columns_of(staff)).exists()


Row = dict[str, Any]
# Newest first, what is pinned before it; the keys of the cursor too.
NEWEST = ("-pinned", "-go_live_at", "-id")
# Written out: these reads are what the public asks for, and building them with the ORM took longer than running them.
_ITEM = """
p.id, p.article_id, r.title, r.summary, c.slug AS column_slug, c.name AS column_name, r.cover_upload_id AS cover_id,
r.cover_alt, p.go_live_at, p.pinned
"""
_PUBLIC = """
FROM news_publication p JOIN news_revision r ON r.id = p.revision_id JOIN news_column c ON c.id = p.column_id
WHERE p.go_live_at <= %(now)s AND (p.ends_at IS NULL OR p.ends_at > %(now)s) AND c.is_active
"""
_ORDER = "ORDER BY p.pinned DESC, p.go_live_at DESC, p.id DESC LIMIT %(limit)s"
_IN_COLUMN = """
AND p.column_id = ANY(SELECT d.id FROM news_column d JOIN news_column u ON starts_with(d.path, u.path) WHERE u.slug = %(column)s)
"""
_BEHIND = "AND (p.pinned, p.go_live_at, p.id) < (%(pinned)s, %(go_live_at)s, %(id)s)"
_WHOLE = f"""
SELECT {_ITEM}, p.column_id, p.hits, r.body_html, r.source, r.author, r.audio_url, r.attachments,
    greatest(p.go_live_at, r.created_at) AS updated_at {_PUBLIC} AND p.article_id = %(id)s
"""
_RELATED = f"SELECT {_ITEM} {_PUBLIC} AND p.column_id = %(column)s AND p.article_id <> %(id)s {_ORDER}"


def _rows(statement: str, values: dict[str, Any]) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def articles_public(
    *, column: str | None, after: list[Any] | None, limit: int, now: dt.datetime
) -> list[Row]:
    """Return what is public at ``now`` as lists show it, in the order of ``NEWEST``.  1 query.

    ``column``  a slug; it brings those below it   ``after``  the values of ``NEWEST`` of the row to go on behind
    """
    values: dict[str, Any] = {"limit": limit, "column": column, "now": now}
    statement = f"SELECT {_ITEM} {_PUBLIC} {_IN_COLUMN if column else ''}"
    if after is not None:
        statement += _BEHIND
        values |= dict(zip(("pinned", "go_live_at", "id"), after, strict=True))
    return _rows(f"{statement} {_ORDER}", values)


def articles_found(*, text: str, column: str | None, limit: int, offset: int, now: dt.datetime) -> list[Row]:
    """Return the public articles that hold all words of ``text`` as rows with their bodies, best first.

    1 query; none for a text without words.
    """
    words = query_words(text)
    if not words:
        return []
    rows = Publication.objects.visible(now=now).found_by_all(words)
    if column:
        rows = rows.filter(column__path__startswith=_path_of(column))
    return list(
        rows.order_by("-rank", "-go_live_at", "-id").values(
            "id", "article_id", "go_live_at", "pinned", title=F("revision__title"), summary=F("revision__summary"),
            cover_id=F("revision__cover_upload_id"), cover_alt=F("revision__cover_alt"),
            body_html=F("revision__body_html"), column_slug=F("column__slug"), column_name=F("column__name"),
        )[offset : offset + limit]
    )  # fmt: skip


def _path_of(slug: str) -> str:
    return Column.objects.filter(slug=slug).values_list("path", flat=True).first() or "//"


def articles_answering(*, words: list[str], limit: int) -> list[Row]:
    """Return the public articles that hold most of ``words``, best first: ``{"id", "title", "text"}``.  1 query.

    ``text`` is the summary and the body without its tags.
    """
    rows = Publication.objects.visible(now=clock.now()).found_by_any(words)
    rows = rows.order_by("-rank", "-go_live_at", "-id")
    return [
        {"id": article_id, "title": title, "text": f"{summary} {html_text(body)}"}
        for article_id, title, summary, body in rows.values_list(
            "article_id", "revision__title", "revision__summary", "revision__body_html"
        )[:limit]
    ]


def article_public(*, article_id: UUID, now: dt.datetime) -> Row | None:
    """Return what is public of an article at ``now``, with its body, or None.  1 query."""
    return next(iter(_rows(_WHOLE, {"id": article_id, "now": now})), None)


def related_of(*, article: Row, now: dt.datetime) -> list[Row]:
    """Return the newest others of the same column, at most 3.  1 query."""
    values = {"column": article["column_id"], "id": article["article_id"], "limit": RELATED, "now": now}
    return _rows(_RELATED, values)


def public_ends() -> dt.datetime | None:
    """Return until when everything public stays as it is, kept in memory.  0 queries while nothing changed, else 1."""
    return moment_kept("news", "next_change", lambda: next_change_at(now=clock.now()))


def next_change_at(*, now: dt.datetime) -> dt.datetime | None:
    """Return when the next publication begins or ends, None for never: until then what is public stays.  1 query."""
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, {"now": now})
        row = cursor.fetchone()
    return row[0] if row else None


_NEXT = """
SELECT least((SELECT min(go_live_at) FROM news_publication WHERE go_live_at > %(now)s),
             (SELECT min(ends_at) FROM news_publication WHERE ends_at > %(now)s))
"""


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


def has_columns(*, staff: Any) -> bool:
    """Return whether ``staff`` works in any column: who does not sees an empty desk and should be told why.  1 query."""
    return (
        staff.is_superuser
        or Role.ADMINISTRATOR in staff.roles
        or ColumnRight.objects.filter(staff=staff).exists()
    )
