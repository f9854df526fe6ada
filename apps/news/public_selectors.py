"""Reads of what is public: lists, single articles, the search, what is kept of them and until when.

Written out: these are what the public asks for, and building them with the ORM took longer than running them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import connection
from psycopg.sql import Literal

from apps.common import clock
from apps.common.changes import moment_kept
from apps.common.words import all_text, any_text, query_words

Row = dict[str, Any]
# Newest first, what is pinned before it; the keys of the cursor too.
NEWEST = ("-pinned", "-go_live_at", "-id")
RELATED = 3
# Best first among so many of the newest hits: ranking reads each hit's words, and beyond these age decides.
MOST_RANKED = 500
# How a search is run (``_hits``): the newest so many are looked into, and where this share of them holds the words the
# archive is walked from the newest on, at most so far.
PROBED, OFTEN, WALKED_MOST = 500, 0.06, 50_000
# A hit in the title weighs five times one in the body (ts_rank: A 1.0, C 0.2).  With this half-life a title of 2.3 years
# ago stands beside a body of today.
HALF_LIFE_DAYS = 365
# How many of the newest articles that hold a word of a title are compared with it.
MOST_COMPARED = 100
_ITEM = """
p.id, p.article_id, r.title, r.summary, c.slug AS column_slug, c.name AS column_name, r.cover_upload_id AS cover_id,
r.cover_alt, p.go_live_at, p.pinned, CASE WHEN r.cover_upload_id IS NOT NULL THEN (
    SELECT json_agg(json_build_array(m.name, m.width, m.height) ORDER BY m.width DESC)
    FROM news_mediaasset a JOIN news_mediarendition m ON m.asset_id = a.id
    WHERE a.upload_id = r.cover_upload_id AND m.format = 'webp') END AS cover_sizes
"""
_FROM = "FROM news_publication p JOIN news_column c ON c.id = p.column_id"
_REVISION = "JOIN news_revision r ON r.id = p.revision_id"
_VISIBLE = "p.go_live_at <= %(now)s AND (p.ends_at IS NULL OR p.ends_at > %(now)s) AND c.is_active"
_PUBLIC = f"{_FROM} {_REVISION} WHERE {_VISIBLE}"
_ORDER = "ORDER BY p.pinned DESC, p.go_live_at DESC, p.id DESC"
_IN_COLUMN = """
AND p.column_id = ANY(SELECT d.id FROM news_column d JOIN news_column u ON starts_with(d.path, u.path) WHERE u.slug = %(column)s)
"""
_BEHIND = "AND (p.pinned, p.go_live_at, p.id) < (%(pinned)s, %(go_live_at)s, %(id)s)"
_WHOLE = f"""
SELECT {_ITEM}, p.column_id, r.body_html, r.source, r.author, r.audio_url, r.attachments::json AS attachments,
    greatest(p.go_live_at, r.created_at) AS updated_at,
    (SELECT sum(h.hits) FROM news_publication h WHERE h.article_id = p.article_id)::bigint AS hits
{_PUBLIC} AND p.article_id = %(id)s
"""  # noqa: S608


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
    return _rows(f"{statement} {_ORDER} LIMIT %(limit)s", values)


def articles_newest(*, column: str | None, limit: int, now: dt.datetime) -> list[Row]:
    """Return what became public last, with bodies: what feeds show, for which nothing is pinned.  1 query.

    ``column``  a slug; it brings those below it
    """
    values = {"limit": limit, "column": column, "now": now}
    statement = (
        f"SELECT {_ITEM}, r.body_html, r.author, greatest(p.go_live_at, r.created_at) AS updated_at {_PUBLIC}"
    )
    order = "ORDER BY p.go_live_at DESC, p.id DESC LIMIT %(limit)s"
    return _rows(f"{statement} {_IN_COLUMN if column else ''} {order}", values)


def articles_found(*, text: str, column: str | None, limit: int, offset: int, now: dt.datetime) -> list[Row]:
    """Return the public articles that hold all words of ``text`` as rows with their bodies, best first.

    The newest ``MOST_RANKED`` that hold the words are ranked, the others are not returned: a word that half of all
    articles hold would else have each of their vectors read.
    Score: ``ts_rank × 2 ** (−days since publication ÷ 365)``.  Being exponential, the decay never changes which of two
    articles comes first, so that pages asked for at different moments fit together.
    2 queries; none for a text without words.
    """
    words = query_words(text)
    if not words:
        return []
    wanted = _constant(all_text(words))
    values = {"now": now, "column": column, "limit": limit, "offset": offset}
    days = "extract(epoch FROM %(now)s - go_live_at)::float8 / 86400"
    page = (
        f"SELECT id, ts_rank(search, {wanted}) * power(2, -({days}) / %(half)s) AS score FROM hits "  # noqa: S608
        "ORDER BY score DESC, go_live_at DESC, id DESC LIMIT %(limit)s OFFSET %(offset)s"
    )
    statement = (
        f"WITH hits AS MATERIALIZED ({_hits(wanted, values)}), page AS MATERIALIZED ({page}) SELECT {_ITEM}, r.body_html "  # noqa: S608
        f"FROM page JOIN news_publication p USING (id) JOIN news_column c ON c.id = p.column_id {_REVISION} "
        "ORDER BY page.score DESC, p.go_live_at DESC, p.id DESC"
    )
    return _rows(statement, values | {"most": MOST_RANKED, "walked": WALKED_MOST, "half": HALF_LIFE_DAYS})


def _hits(wanted: str, values: dict[str, Any]) -> str:
    """Return the statement of the newest ``MOST_RANKED`` that hold what is wanted.  1 query.

    What many hold is found by walking from the newest on, anything else by the index of words.  How many that are is
    counted in the newest ``PROBED``: PostgreSQL would guess it, and a wrong guess had it walk 90,000 (190 ms).
    """
    kept = f"{_FROM} WHERE {_VISIBLE} {_IN_COLUMN if values['column'] else ''}"
    # A LIMIT inside holds the condition on words back from the scan, a sum in ORDER BY the order of times.
    newest = (
        f"SELECT p.id, p.search, p.go_live_at {kept} ORDER BY p.go_live_at DESC, p.id DESC LIMIT %(walked)s"
    )
    probe = f"SELECT count(*) AS found FROM ({newest}) p WHERE search @@ {wanted}"  # noqa: S608
    if _rows(probe, values | {"walked": PROBED})[0]["found"] >= PROBED * OFTEN:
        return f"SELECT * FROM ({newest}) p WHERE search @@ {wanted} LIMIT %(most)s"  # noqa: S608
    return (
        f"SELECT p.id, p.search, p.go_live_at {kept} AND p.search @@ {wanted} "
        "ORDER BY p.go_live_at + interval '0' DESC, p.id DESC LIMIT %(most)s"
    )


def _constant(query: str) -> str:
    """Return a ``tsquery`` as a quoted constant: as a parameter it would soon be planned once for all words.

    How the words spread decides the plan: the newest first until enough hold them, or the index of words.
    """
    text = Literal(query).as_string().replace("%", "%%")
    return f"to_tsquery('simple', {text})"


def article_public(*, article_id: UUID, now: dt.datetime) -> Row | None:
    """Return what is public of an article at ``now``, with its body, or None.  1 query.

    ``hits``  of all its publications: a correction does not set them back
    """
    return next(iter(_rows(_WHOLE, {"id": article_id, "now": now})), None)


def related_of(*, article: Row, now: dt.datetime) -> list[Row]:
    """Return at most 3 others: those that share most words of the title, then the newest of the column.  1 query.

    Compared are the newest 100 that hold any word of two characters or more; sharing one of several is no relation.
    """
    words = [word for word in query_words(article["title"]) if len(word) > 1 and not word.isdigit()]
    chosen = (
        f"SELECT p.id, 0 AS shared, p.pinned, p.go_live_at {_FROM} WHERE {_VISIBLE} AND p.article_id <> %(id)s "
        f"AND p.column_id = %(column)s {_ORDER} LIMIT %(all)s"
    )
    values = {
        "now": now, "id": article["article_id"], "column": article["column_id"], "limit": RELATED,
        # As many as may stand in the other part too.
        "all": 2 * RELATED, "most": MOST_COMPARED, "least": min(2, len(words)),
    }  # fmt: skip
    if words:
        chosen = f"({_akin(words)}) UNION ALL ({chosen})"
    # The part with the most words shared is what counts of an article that stands in both.
    statement = (
        f"WITH chosen AS MATERIALIZED ({chosen}), best AS (SELECT id, max(shared) AS shared FROM chosen GROUP BY id "  # noqa: S608
        "ORDER BY max(shared) DESC, bool_or(pinned) DESC, max(go_live_at) DESC, id DESC LIMIT %(limit)s) "
        f"SELECT {_ITEM} FROM best JOIN news_publication p USING (id) JOIN news_column c ON c.id = p.column_id {_REVISION} "
        "ORDER BY best.shared DESC, p.pinned DESC, p.go_live_at DESC, p.id DESC"
    )
    return _rows(statement, values)


def _akin(words: list[str]) -> str:
    """Return the statement of those that share words of a title, most shared first."""
    near = (
        f"SELECT p.id, p.search, p.pinned, p.go_live_at {_FROM} WHERE {_VISIBLE} AND p.article_id <> %(id)s "
        f"AND p.search @@ {_constant(any_text(words))} ORDER BY p.go_live_at DESC, p.id DESC LIMIT %(most)s"
    )
    shared = " + ".join(f"(search @@ {_constant(any_text([word]))})::int" for word in words)
    counted = f"SELECT id, {shared} AS shared, pinned, go_live_at FROM ({near}) near"  # noqa: S608
    return (
        f"SELECT id, shared, pinned, go_live_at FROM ({counted}) counted WHERE shared >= %(least)s "  # noqa: S608
        "ORDER BY shared DESC, go_live_at DESC, id DESC LIMIT %(limit)s"
    )


def public_by_article(*, article_ids: Iterable[UUID], now: dt.datetime) -> dict[UUID, Row]:
    """Return those of the articles that are public at ``now`` as lists show them, by their ids.  1 query, 0 for none."""
    ids = list(article_ids)
    if not ids:
        return {}
    rows = _rows(f"SELECT {_ITEM} {_PUBLIC} AND p.article_id = ANY(%(ids)s)", {"ids": ids, "now": now})
    return {row["article_id"]: row for row in rows}


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
