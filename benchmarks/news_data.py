"""``python -m benchmarks.news_data``: an archive of published articles, queries for it, and the bare SQL pairs.

``fill N C``   writes N articles over C further columns, with revisions, rounds, signatures and publications, and an editor
               with rights in 500 of the columns; prints that person's id, and queries of three kinds
``compare F``  times the queries of file F, each by our read and by ILIKE over the same rows; prints seconds
``publish``    publishes one article through the services; prints its id and the moment before
``recall``     prints how many of the rows that ILIKE finds for dictionary words the index of words finds too

Every row is a copy of one that the services made, with its own texts.  The rows are written with triggers off
(``session_replication_role = replica``): row triggers would take ten times as long, and what they refuse is not in
question here.  Each tenth article is a draft that was never published.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django

from benchmarks import board_data
from benchmarks import million_texts as parts

SEED = 0.31
KINDS = {"rare": (1, 60), "medium": (200, 2000), "common": (8000, 10**9)}
EACH = 20
RIGHTS = 500
RECALL_ROWS, RECALL_WORDS = 2000, 400
_DRAWS = """
CREATE TEMP TABLE drawn AS
SELECT n, gen_random_uuid() AS article, gen_random_uuid() AS revision, gen_random_uuid() AS round,
    gen_random_uuid() AS publication, now() - n * interval '40 minutes' AS at, n %% 10 = 0 AS is_draft,
    (SELECT array_agg(id ORDER BY id) FROM news_column WHERE slug LIKE 'bench-%%') AS columns, random() AS column_draw,
    1 + floor(%(places)s * power(random(), 2.2))::int AS place, 1 + floor(%(spots)s * power(random(), 1.5))::int AS spot,
    1 + floor(%(matters)s * power(random(), 1.6))::int AS matter,
    1 + floor(%(predicates)s * power(random(), 1.5))::int AS predicate,
    1 + floor(%(details)s * power(random(), 1.3))::int AS detail, 1 + floor(%(wishes)s * random())::int AS wish,
    1 + floor(%(paragraphs)s * power(random(), 2.5))::int AS a, 1 + floor(%(paragraphs)s * power(random(), 2.5))::int AS b,
    1 + floor(%(paragraphs)s * random())::int AS c, 1 + floor(%(paragraphs)s * random())::int AS d
FROM generate_series(1, %(articles)s) AS n
"""
_TEXTS = """
CREATE TEMP TABLE written AS
SELECT d.*, CASE WHEN cardinality(d.columns) > 0 THEN d.columns[1 + floor(cardinality(d.columns) * d.column_draw)::int] END AS column_id,
    spot.text || matter.text || predicate.text || d.n AS title, detail.text || wish.text AS summary,
    '<p>' || place.text || spot.text || matter.text || '。</p>' || a.text || b.text || c.text || e.text AS body,
    setweight(spot.search || matter.search || predicate.search, 'A') || setweight(detail.search || wish.search, 'B')
        || setweight(place.search || spot.search || matter.search || a.search || b.search || c.search || e.search, 'C')
        AS search
FROM drawn d
    JOIN part place ON (place.kind, place.no) = ('place', d.place)
    JOIN part spot ON (spot.kind, spot.no) = ('spot', d.spot)
    JOIN part matter ON (matter.kind, matter.no) = ('matter', d.matter)
    JOIN part predicate ON (predicate.kind, predicate.no) = ('predicate', d.predicate)
    JOIN part detail ON (detail.kind, detail.no) = ('detail', d.detail)
    JOIN part wish ON (wish.kind, wish.no) = ('wish', d.wish)
    JOIN part a ON (a.kind, a.no) = ('paragraph', d.a) JOIN part b ON (b.kind, b.no) = ('paragraph', d.b)
    JOIN part c ON (c.kind, c.no) = ('paragraph', d.c) JOIN part e ON (e.kind, e.no) = ('paragraph', d.d)
"""
_TEXT = "'title', w.title, 'summary', w.summary, 'body_html', w.body, 'column_id', coalesce(w.column_id, t.column_id)"
# table, which template row, what differs from it.
_COPIES = (
    ("news_article", "id = %(article)s", f"""'id', w.article, {_TEXT}, 'created_at', w.at, 'updated_at', w.at,
        'published_at', w.at, 'search', w.search::text, 'state', CASE WHEN w.is_draft THEN 'draft' ELSE t.state END,
        'cover_asset_id', CASE WHEN w.n %% 2 = 0 THEN t.cover_asset_id END"""),
    ("news_revision", "article_id = %(article)s", f"""'id', w.revision, 'article_id', w.article, {_TEXT}, 'created_at', w.at,
        'cover_upload_id', CASE WHEN w.n %% 2 = 0 THEN t.cover_upload_id END"""),
    ("news_reviewround", "article_id = %(article)s", """'id', w.round, 'article_id', w.article, 'revision_id', w.revision,
        'opened_at', w.at, 'closed_at', w.at"""),
    ("news_reviewstep", "round_id = %(round)s", """'id', gen_random_uuid(), 'round_id', w.round, 'revision_id', w.revision,
        'at', w.at"""),
    ("news_publication", "article_id = %(article)s", """'id', w.publication, 'article_id', w.article, 'round_id', w.round,
        'revision_id', w.revision, 'column_id', coalesce(w.column_id, t.column_id), 'go_live_at', w.at, 'created_at', w.at,
        'told_at', w.at, 'search', w.search::text"""),
)  # fmt: skip
_HITS = "SELECT count(*) FROM news_publication WHERE search @@ to_tsquery('simple', %s)"
# The same rows and columns by ILIKE, words in the title first, then the newest.
_ILIKE = """
SELECT p.id, p.article_id, r.title, r.summary, c.slug, c.name, r.cover_upload_id, r.cover_alt, p.go_live_at, p.pinned, r.body_html
FROM news_publication p JOIN news_column c ON c.id = p.column_id JOIN news_revision r ON r.id = p.revision_id
WHERE p.go_live_at <= now() AND (p.ends_at IS NULL OR p.ends_at > now()) AND c.is_active
    AND (r.title ILIKE %(a)s OR r.summary ILIKE %(a)s OR r.body_html ILIKE %(a)s)
    AND (r.title ILIKE %(b)s OR r.summary ILIKE %(b)s OR r.body_html ILIKE %(b)s)
ORDER BY (r.title ILIKE %(a)s)::int + (r.title ILIKE %(b)s)::int DESC, p.go_live_at DESC LIMIT 21
"""


def main() -> None:
    """Run the command line."""
    django.setup()
    if sys.argv[1] == "fill":
        print(json.dumps(_fill(int(sys.argv[2]), int(sys.argv[3])), ensure_ascii=False))
    elif sys.argv[1] == "compare":
        print(json.dumps(_compare(json.loads(Path(sys.argv[2]).read_text(encoding="utf-8")))))
    elif sys.argv[1] == "publish":
        print(json.dumps(_publish()))
    else:
        print(json.dumps(_recall()))


def articles_write(*, articles: int, columns: int) -> float:
    """Write the archive and return the seconds it took."""
    from django.db import connection, transaction

    from apps.common.words import words_held
    from apps.news.text import html_text

    began = time.monotonic()
    ids = _template()
    lists = {"paragraph": _paragraphs()} | {
        kind: [text for text, _category, _street in rows]
        for kind, rows in board_data.lists_of_parts().items()
        if kind != "reply"
    }
    counts = {f"{kind}s": len(texts) for kind, texts in lists.items()}
    counts["wishes"] = counts.pop("wishs")
    _columns_write(columns)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0; SET LOCAL session_replication_role = replica")
        cursor.execute("CREATE TEMP TABLE part (kind text, no int, text text, search tsvector)")
        cursor.executemany(
            "INSERT INTO part VALUES (%s, %s, %s, to_tsvector('simple', %s))",
            [
                (kind, no, text, " ".join(words_held(html_text(text))))
                for kind, texts in lists.items()
                for no, text in enumerate(texts, 1)
            ],
        )
        cursor.execute("SELECT setseed(%s)", [SEED])
        cursor.execute(_DRAWS, counts | {"articles": articles})
        cursor.execute("ANALYZE part, drawn")
        cursor.execute(_TEXTS)
        for table, which, changed in _COPIES:
            cursor.execute(_copy(cursor, table, which, changed), ids)
        cursor.execute("DROP TABLE part, drawn, written")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE news_article, news_revision, news_publication, news_reviewround")
    return time.monotonic() - began


def _copy(cursor: Any, table: str, which: str, changed: str) -> str:
    """Return the statement that copies the template row of ``table`` for each text."""
    cursor.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_generated = 'NEVER'",
        [table],
    )
    names = ", ".join(f'"{name}"' for (name,) in cursor.fetchall())
    made = ", ".join(f"made.{name}" for name in names.split(", "))
    some = "" if table == "news_article" else "NOT w.is_draft AND "
    return (
        f"INSERT INTO {table} ({names}) SELECT {made} FROM written w, {table} t, "
        f"LATERAL jsonb_populate_record(t, jsonb_build_object({changed})) made WHERE {some}t.{which}"
    )


def _publish() -> dict[str, Any]:
    """Bring one article through its reviews, pinned so that it stands first, and return its id and when its publication began."""
    from apps.accounts.selectors import staff_by_username
    from apps.common import clock
    from apps.news import services
    from apps.news.models import Article
    from qingshan.demo_news import DESK_NAMES, article_review

    now = clock.now()
    people = {
        role: person for role, name in DESK_NAMES.items() if (person := staff_by_username(username=name))
    }
    editor = next(iter(people.values()))
    article = services.article_draft(
        title="新稿", summary="", body_html="<p>新稿。</p>", column="news", now=now, staff=editor
    )
    Article.objects.filter(pk=article.pk).update(pinned=True)
    article_review(article_id=article.pk, people=people, at=now)
    began = time.time()
    services.article_publish(article_id=article.pk, staff=editor, now=now)
    return {"id": str(article.pk), "began": began}


def _template() -> dict[str, Any]:
    """Return the ids of an article and its round, brought through every review by the demonstration's people."""
    import io

    from apps.accounts.selectors import staff_by_username
    from apps.common import clock
    from apps.news import services
    from apps.news.models import Article, ReviewRound
    from apps.news.services.media import media_keep
    from qingshan.demo_news import DESK_NAMES, article_release

    now = clock.now()
    people = {
        role: person for role, name in DESK_NAMES.items() if (person := staff_by_username(username=name))
    }
    editor = next(iter(people.values()))
    article = services.article_draft(
        title="样稿", summary="", body_html="<p>样稿。</p>", column="news", source="青山区融媒体中心", now=now, staff=editor
    )  # fmt: skip
    article.cover_asset = media_keep(
        stream=io.BytesIO(_picture()), staff=editor, now=now, title="街景", alt="街景", decorative=False, caption="",
        credit="",
    )  # fmt: skip
    services.article_save(article=article, staff=editor, seen_version=article.version, now=now)
    article_release(article_id=article.id, people=people, at=now)
    made = Article.objects.get(pk=article.pk)
    return {"article": made.pk, "round": ReviewRound.objects.get(article=made).pk}


def _picture() -> bytes:
    import io

    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (1280, 960), (40, 44, 52)).save(out, "JPEG")
    return out.getvalue()


def _paragraphs() -> list[str]:
    """Return the demonstration's paragraphs, and invented ones, so that words are as rare as in an archive."""
    from apps.news.models import Article

    rng = random.Random(SEED)
    bodies = Article.objects.exclude(title="样稿").order_by("created_at").values_list("body_html", flat=True)
    real = [f"<p>{part}" for body in bodies for part in body.split("<p>")[1:]]
    pool = [*parts.DETAILS, *parts.WISHES, *parts.PREDICATES, *parts.REPLIES]
    return real + [f"<p>{''.join(rng.sample(pool, 3))}</p>" for _each in range(400)]


def _columns_write(count: int) -> None:
    """Write columns, the root holding 20 of them and each of these its share."""
    from apps.news.models import Column

    for number in range(count):
        top = number % 20
        parent = Column.objects.get(slug=f"bench-{top}") if number >= 20 else None
        path = f"{parent.path if parent else '/'}bench-{number}/"
        Column.objects.create(
            slug=f"bench-{number}", name=f"栏目{number}", parent=parent, path=path, levels=3, proofs=3
        )


def _editor(columns: int) -> int:
    """Return the id of an editor with rights in ``RIGHTS`` columns and in nothing else."""
    from apps.accounts.selectors import staff_by_username
    from apps.news.models import Column, ColumnRight

    editor = staff_by_username(username="editor.demo")
    assert editor is not None
    ColumnRight.objects.filter(staff=editor).delete()
    held = Column.objects.filter(slug__startswith="bench-", parent__isnull=False).order_by("id")[:RIGHTS]
    ColumnRight.objects.bulk_create([ColumnRight(staff=editor, column=column) for column in held])
    assert columns == 0 or len(held) == min(RIGHTS, columns - 20)
    return editor.pk


def _fill(articles: int, columns: int) -> dict[str, Any]:
    seconds = articles_write(articles=articles, columns=columns)
    return {"seconds": round(seconds, 1), "queries": _queries(), "editor": _editor(columns)}


def _queries() -> dict[str, list[dict[str, Any]]]:
    """Return ``EACH`` queries of two words of each kind, drawn from articles, with how many hold both."""
    from django.db import connection

    from apps.common.words import all_text, query_words
    from apps.news.models import Revision
    from apps.news.text import html_text

    rng = random.Random(SEED)
    texts = [
        f"{title}，{html_text(body)}"
        for title, body in Revision.objects.order_by("created_at").values_list("title", "body_html")[::50]
    ]
    found: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KINDS}
    seen: set[str] = set()
    while any(len(rows) < EACH for rows in found.values()):
        words = [word for word in query_words(rng.choice(texts), limit=60) if len(word) >= 2]
        pair = sorted(rng.sample(words, 2)) if len(words) >= 2 else []
        text = " ".join(pair)
        if not pair or text in seen or query_words(text) != pair:
            continue
        seen.add(text)
        with connection.cursor() as cursor:
            cursor.execute(_HITS, [all_text(pair)])
            hits = cursor.fetchone()[0]
        for kind, (least, most) in KINDS.items():
            if least <= hits <= most and len(found[kind]) < EACH:
                found[kind].append({"words": pair, "hits": hits})
    return found


def _compare(queries: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, float]]]:
    """Return the seconds of each query by our statement and by ILIKE, each the faster of two calls."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from apps.common import clock
    from apps.news.public_selectors import articles_found

    def ran(statement: str, values: dict[str, str] | None = None) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            cursor.fetchall()

    def timed(call: Callable[[], object]) -> float:
        spent = []
        for _round in range(2):
            began = time.perf_counter()
            call()
            spent.append(time.perf_counter() - began)
        return min(spent)

    def one(words: list[str]) -> dict[str, float]:
        with CaptureQueriesContext(connection) as captured:
            articles_found(text=" ".join(words), column=None, limit=21, offset=0, now=clock.now())
        ours = [query["sql"] for query in captured.captured_queries]
        patterns = {"a": f"%{words[0]}%", "b": f"%{words[1]}%"}
        return {
            "ours": timed(lambda: [ran(sql) for sql in ours]),
            "ilike": timed(lambda: ran(_ILIKE, patterns)),
        }

    return {kind: [one(row["words"]) for row in rows] for kind, rows in queries.items()}


def _recall() -> dict[str, Any]:
    """Return, over words of the dictionary, how many rows hold them somewhere, and how many of these a search finds.

    What ILIKE finds is told by looking for the word in the text of each row.  The rows are ``RECALL_ROWS`` whose vectors are first written by the product's own function over their whole texts.
    """
    import rjieba
    from django.db import connection

    from apps.common.words import all_text, query_words
    from apps.news.models import Publication
    from apps.news.services.articles import search_vector
    from apps.news.text import html_text

    rng = random.Random(SEED)
    texts: dict[Any, str] = {}
    for row in Publication.objects.order_by("go_live_at", "id").select_related("revision")[:RECALL_ROWS]:
        given = row.revision
        vector = search_vector(title=given.title, summary=given.summary, body_html=given.body_html)
        Publication.objects.filter(pk=row.pk).update(search=vector)
        texts[row.pk] = f"{given.title} {given.summary} {html_text(given.body_html)}"
    held = {word.lower() for text in texts.values() for word in rjieba.cut_all(text)}
    words = sorted(word for word in held if len(word) > 1 and word.isalpha())
    found = {"ilike": 0, "ours": 0, "words": 0}
    missed: list[str] = []
    for word in rng.sample(words, min(RECALL_WORDS, len(words))):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT p.id FROM news_publication p WHERE p.id = ANY(%s) AND p.search @@ to_tsquery('simple', %s)",
                [list(texts), all_text(query_words(word))],
            )
            ours = {key for (key,) in cursor.fetchall()}
        theirs = {key for key, text in texts.items() if word in text.lower()}
        found["words"] += 1
        found["ilike"] += len(theirs)
        found["ours"] += len(theirs & ours)
        missed += [word] if theirs - ours else []
    return found | {"missed": missed[:20]}


if __name__ == "__main__":
    main()
