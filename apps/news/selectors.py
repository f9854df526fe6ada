"""Reads of columns and articles."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from apps.accounts.states import Role
from apps.common import clock
from apps.news.models import Article, Column, ColumnRight, Publication
from apps.news.querysets import columns_of
from apps.news.text import html_text


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


def articles_answering(*, words: list[str], limit: int) -> list[dict[str, Any]]:
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
