"""``python -m benchmarks.board_data``: published board entries to search, queries for them, and the bare SQL pair.

``fill N``      writes N answered cases with their published entries by SQL and prints queries of three kinds as JSON
``compare F``   times the queries of file F, each by our read and by ILIKE over the same rows, and prints seconds as JSON

Texts are made of the parts in ``million_texts``, places of the district and key words of its categories; the low places
of each list are the frequent ones.  Every row is a copy of one made through the services, with its own texts.
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

from benchmarks import million_texts as parts

SEED = 0.26
# How many entries hold both words, by kind of query.
KINDS = {"rare": (1, 40), "medium": (200, 1500), "common": (4000, 10**9)}
EACH = 20
_DRAWS = """
CREATE TEMP TABLE drawn AS
SELECT n, gen_random_uuid() AS case_id, gen_random_uuid() AS entry_id,
    now() - n * interval '4 minutes' AS published_at,
    1 + floor(%(places)s * power(random(), 2.2))::int AS place, 1 + floor(%(spots)s * power(random(), 1.5))::int AS spot,
    1 + floor(%(matters)s * power(random(), 1.6))::int AS matter,
    1 + floor(%(predicates)s * power(random(), 1.5))::int AS predicate,
    1 + floor(%(details)s * power(random(), 1.3))::int AS detail, 1 + floor(%(details)s * random())::int AS more,
    1 + floor(%(wishes)s * power(random(), 1.3))::int AS wish, 1 + floor(%(replies)s * random())::int AS reply,
    random() AS east, random() AS north
FROM generate_series(1, %(entries)s) AS n
"""
_TEXTS = """
CREATE TEMP TABLE written AS
SELECT d.*, matter.category, place.street, spot.text || matter.text || predicate.text AS title,
    place.text || spot.text || matter.text || predicate.text || '，' || detail.text || more.text || wish.text AS text,
    reply.text AS reply_text,
    setweight(to_tsvector('simple', concat_ws(' ', spot.words, matter.words, predicate.words)), 'A')
        || setweight(to_tsvector('simple', concat_ws(' ', place.words, spot.words, matter.words, predicate.words,
            detail.words, more.words, wish.words)), 'B')
        || setweight(to_tsvector('simple', reply.words), 'C') AS search
FROM drawn d
    JOIN part place ON (place.kind, place.no) = ('place', d.place)
    JOIN part spot ON (spot.kind, spot.no) = ('spot', d.spot)
    JOIN part matter ON (matter.kind, matter.no) = ('matter', d.matter)
    JOIN part predicate ON (predicate.kind, predicate.no) = ('predicate', d.predicate)
    JOIN part detail ON (detail.kind, detail.no) = ('detail', d.detail)
    JOIN part more ON (more.kind, more.no) = ('detail', d.more)
    JOIN part wish ON (wish.kind, wish.no) = ('wish', d.wish)
    JOIN part reply ON (reply.kind, reply.no) = ('reply', d.reply)
"""
# Only the names below differ from the copied row; numbers begin with a letter that no real one has.
_CASES = """
INSERT INTO feedback_case
SELECT made.* FROM written w, feedback_case c, LATERAL jsonb_populate_record(c, jsonb_build_object(
    'id', w.case_id, 'number', 'B' || lpad(w.n::text, 9, '0'), 'public_number', 'B' || lpad(w.n::text, 9, '0'),
    'text', w.text, 'category_id', w.category, 'street_id', w.street, 'submitted_at', w.published_at - interval '5 days'
)) made
WHERE c.id = %(case)s
"""
_ENTRIES = """
INSERT INTO feedback_boardentry
SELECT made.* FROM written w, feedback_boardentry e, LATERAL jsonb_populate_record(e, jsonb_build_object(
    'id', w.entry_id, 'case_id', w.case_id, 'title', w.title, 'text', w.text, 'reply_text', w.reply_text,
    'category_id', w.category, 'street_id', w.street, 'published_at', w.published_at,
    'submitted_at', w.published_at - interval '5 days', 'place', 'cell', 'crs', 'gcj02',
    'lng', 114.33 + 0.12 * w.east, 'lat', 30.59 + 0.08 * w.north, 'search', w.search::text
)) made
WHERE e.id = %(entry)s
"""
_HITS = "SELECT count(*) FROM feedback_boardentry WHERE state = 'published' AND search @@ %s::tsquery"
# The same rows and columns by ILIKE: every word somewhere in the texts, words in the title first, then the newest.
_ILIKE = """
SELECT e.id, e.published_at, e.title, e.text, e.reply_text, e.note, e.noted_at, e.lng, e.lat, e.crs, e.submitted_at,
    e.replied_at, c.public_number, c.state, c.followers, u.short, e.category_id, g.name, e.street_id, s.name
FROM feedback_boardentry e JOIN feedback_category g ON g.code = e.category_id JOIN feedback_case c ON c.id = e.case_id
    LEFT JOIN accounts_department u ON u.id = c.unit_id LEFT JOIN common_street s ON s.code = e.street_id
WHERE e.state = 'published' AND NOT g.sensitive
    AND (e.title ILIKE %(a)s OR e.text ILIKE %(a)s OR e.reply_text ILIKE %(a)s)
    AND (e.title ILIKE %(b)s OR e.text ILIKE %(b)s OR e.reply_text ILIKE %(b)s)
"""
_TITLE_FIRST = (
    "ORDER BY (e.title ILIKE %(a)s)::int + (e.title ILIKE %(b)s)::int DESC, e.published_at DESC LIMIT 21"
)
_NEWEST_FIRST = "ORDER BY e.published_at DESC LIMIT 21"


def main() -> None:
    """Run the command line."""
    django.setup()
    if sys.argv[1] == "fill":
        print(json.dumps(_fill(int(sys.argv[2])), ensure_ascii=False))
    else:
        print(json.dumps(_compare(json.loads(Path(sys.argv[2]).read_text(encoding="utf-8")))))


def _template() -> tuple[Any, Any]:
    """Return the ids of a case and its published entry, made through the services."""
    from apps.accounts import selectors, services
    from apps.common import clock
    from apps.feedback import services as feedback
    from apps.feedback.services import CaseDraft
    from apps.feedback.states import RequestType
    from apps.safety import selectors as safety_read
    from apps.safety import services as safety
    from apps.safety.states import Verb

    now, clerk = clock.now(), selectors.staff_by_username(username="clerk.demo")
    handler = selectors.staff_by_username(username="handler.cg.demo")
    resident, _pair, _new = services.resident_sign_in(
        openid="bench-board", unionid=None, privacy_version=None, now=now
    )
    draft = CaseDraft(
        request_type=RequestType.HELP,
        text="路灯不亮。",
        category="0201",
        street="420107003",
        allow_public=True,
    )
    made = feedback.case_submit(resident_id=resident.id, draft=draft, now=now).case
    common: dict[str, Any] = {"number": made.number, "version": None, "now": now}
    if made.state == "submitted":
        feedback.case_dispatch(staff=clerk, unit="CG", note="", **common)
    feedback.case_sign(staff=handler, **common)
    feedback.case_reply(staff=handler, text="已处理。", **common)
    assert clerk is not None
    for mark in safety_read.marks_of(subjects=[("feedback.case", str(made.id))]):
        safety.text_check_decide(check_id=mark.check_id, staff=clerk, verb=Verb.CLEAR, note="bench", now=now)
    entry = feedback.board_propose(case_id=made.id, staff=clerk, now=now)
    texts = feedback.BoardTexts(entry.title, entry.text, entry.reply_text)
    feedback.board_publish(entry_id=entry.id, staff=clerk, version=None, texts=texts, now=now)
    return made.id, entry.id


def lists_of_parts() -> dict[str, list[tuple[str, str | None, str | None]]]:
    """Return the parts of texts by kind: text, category, street."""
    from apps.common.models import Community
    from apps.feedback.models import Category

    places = Community.objects.filter(selectable=True).order_by("code").values_list("name", "street_id")
    categories = Category.objects.filter(parent__isnull=False, sensitive=False).order_by("code")
    plain = {
        "spot": parts.SPOTS, "predicate": parts.PREDICATES, "detail": parts.DETAILS, "wish": parts.WISHES,
        "reply": parts.REPLIES,
    }  # fmt: skip
    return {kind: [(text, None, None) for text in texts] for kind, texts in plain.items()} | {
        "place": [(name, None, street) for name, street in places],
        "matter": [(word, one.code, None) for one in categories for word in one.keywords],
    }


def _fill(entries: int) -> dict[str, Any]:
    from django.db import connection, transaction

    from apps.common.words import words_held

    case, entry = _template()
    lists = lists_of_parts()
    counts = {f"{kind}s" if kind != "reply" else "replies": len(rows) for kind, rows in lists.items()}
    counts["wishes"] = counts.pop("wishs")
    began = time.monotonic()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(
            "CREATE TEMP TABLE part (kind text, no int, text text, category text, street text, words text)"
        )
        cursor.executemany(
            "INSERT INTO part VALUES (%s, %s, %s, %s, %s, %s)",
            [
                (kind, no, text, category, street, " ".join(words_held(text)))
                for kind, rows in lists.items()
                for no, (text, category, street) in enumerate(rows, 1)
            ],
        )
        cursor.execute("SELECT setseed(%s)", [SEED])
        cursor.execute(_DRAWS, counts | {"entries": entries})
        cursor.execute("ANALYZE part, drawn")
        cursor.execute(_TEXTS)
        cursor.execute(_CASES, {"case": case})
        cursor.execute(_ENTRIES, {"entry": entry})
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE feedback_boardentry, feedback_case")
    return {"seconds": round(time.monotonic() - began, 1), "queries": _queries()}


def _queries() -> dict[str, list[dict[str, Any]]]:
    """Return ``EACH`` queries of two words of each kind, drawn from entries, with how many entries hold both."""
    from django.db import connection

    from apps.common.words import query_words
    from apps.feedback.models import BoardEntry

    rng = random.Random(SEED)
    texts = list(BoardEntry.objects.order_by("published_at").values_list("text", flat=True)[::50])
    found: dict[str, list[dict[str, Any]]] = {kind: [] for kind in KINDS}
    seen: set[str] = set()
    while any(len(rows) < EACH for rows in found.values()):
        words = [word for word in query_words(rng.choice(texts)) if len(word) >= 2]
        pair = sorted(rng.sample(words, 2)) if len(words) >= 2 else []
        text = " ".join(pair)
        if not pair or text in seen or query_words(text) != pair:
            continue
        seen.add(text)
        with connection.cursor() as cursor:
            cursor.execute(_HITS, [" & ".join(f"'{word}'" for word in pair)])
            hits = cursor.fetchone()[0]
        for kind, (least, most) in KINDS.items():
            if least <= hits <= most and len(found[kind]) < EACH:
                found[kind].append({"words": pair, "hits": hits})
    return found


def _timed(call: Callable[[], Any]) -> float:
    """Return the seconds of the faster of two calls, so that neither side pays for what else runs."""
    spent = []
    for _round in range(2):
        began = time.perf_counter()
        call()
        spent.append(time.perf_counter() - began)
    return min(spent)


def _compare(queries: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, float]]]:
    """Return seconds of each query by our statement, by ILIKE best first and by ILIKE newest first."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from apps.feedback.board_selectors import BoardFilter, board_found

    def ran(statement: str, values: dict[str, str] | None = None) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            cursor.fetchall()

    def one(words: list[str]) -> dict[str, float]:
        with CaptureQueriesContext(connection) as captured:
            board_found(text=" ".join(words), asked=BoardFilter(), limit=21, offset=0)
        ours = captured.captured_queries[-1]["sql"]
        patterns = {"a": f"%{words[0]}%", "b": f"%{words[1]}%"}
        return {
            "ours": _timed(lambda: ran(ours)),
            "ilike": _timed(lambda: ran(_ILIKE + _TITLE_FIRST, patterns)),
            "ilike_newest": _timed(lambda: ran(_ILIKE + _NEWEST_FIRST, patterns)),
        }

    return {kind: [one(row["words"]) for row in rows] for kind, rows in queries.items()}


if __name__ == "__main__":
    main()
