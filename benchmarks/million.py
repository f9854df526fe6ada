"""``python -m benchmarks.million --cases N``: N cases of the last 365 days with their history, written by SQL.

Through the services a million cases would take hours; here they take minutes: one statement decides the life of each
case, three more write cases, entries and ratings, the last two side by side on connections of their own.  Indexes that
keep no promise are dropped for the time of the load and made again from their own definitions.  Check constraints hold;
foreign keys are not looked up row by row (``session_replication_role``), so it takes a superuser: it is for a stack of
its own.  The same N gives the same cases, counted back from the present moment.  Runs in the environment of a stack.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django
import psycopg

from benchmarks import million_sql as sql
from benchmarks import million_texts as texts

DAYS = 365
CASES_A_RESIDENT = 20
TABLES = (
    "bench_plan",
    "bench_resident",
    "bench_part",
    "bench_category",
    "bench_street",
    "bench_due",
    "bench_next",
)
FILLED = ("feedback_case", "feedback_timelineentry", "feedback_rating", "accounts_resident")
MEMORY = "512MB"
DIVISIONS = Path(__file__).resolve().parent.parent / "fixtures" / "divisions.json"
Connection = psycopg.Connection[tuple[Any, ...]]


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.million")
    parser.add_argument("--cases", type=int, default=1_000_000, help="at least 100")
    given = parser.parse_args()
    if given.cases < 100:
        parser.error("--cases takes at least 100")
    django.setup()
    print(json.dumps(million_make(cases=given.cases)))


def million_make(*, cases: int) -> dict[str, float]:
    """Write ``cases`` cases (100 or more) and what belongs to them; returns the seconds of each step."""
    from apps.common import clock

    steps: dict[str, float] = {}

    @contextmanager
    def step(name: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        steps[name] = round(time.monotonic() - began, 1)

    with _connected() as connection:
        _forget(connection)
        values = _values(connection, cases=cases, now=clock.now())
        with step("plan"):
            _lists_write(connection, values)
            connection.execute(sql.RESIDENTS, values)
            connection.execute(sql.RESIDENTS_INSERT, values)
            connection.execute(sql.PLAN, values)
            connection.execute("CREATE INDEX ON bench_plan (n)")
            for statement in (sql.MERGED, sql.AGAIN, sql.AGAIN_FILL, "ANALYZE bench_plan"):
                connection.execute(statement)
        with step("rows"), ThreadPoolExecutor(2) as pool:
            parts = [pool.submit(_cases_write, values), pool.submit(_entries_write, values)]
            for part in parts:
                part.result()
        with step("analyze"):
            connection.execute(f"ANALYZE {', '.join(FILLED)}")
            connection.execute(
                "SELECT setval('feedback_case_number', %s)", [values["running"] + cases + 1000]
            )
        _forget(connection)
    return steps


@contextmanager
def _connected() -> Iterator[Connection]:
    """Connect as the stack does; values are bound here, since ``CREATE TABLE AS`` takes none."""
    url = os.environ["DATABASE_URL"]
    with psycopg.connect(url, autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
        for name, value in (
            ("session_replication_role", "replica"), ("maintenance_work_mem", MEMORY), ("work_mem", MEMORY),
            ("synchronous_commit", "off"),
        ):  # fmt: skip
            connection.execute(f"SET {name} = '{value}'")
        yield connection


def _forget(connection: Connection) -> None:
    connection.execute(f"DROP TABLE IF EXISTS {', '.join(TABLES)}")


def _values(connection: Connection, *, cases: int, now: dt.datetime) -> dict[str, Any]:
    from apps.accounts import selectors as accounts
    from apps.common import clock

    other = accounts.department_by_code(code="SG")
    clerk = accounts.staff_by_username(username="clerk.demo")
    row = connection.execute("SELECT nextval('feedback_case_number')").fetchone()
    return {
        "cases": cases, "residents": max(cases // CASES_A_RESIDENT, 50), "days": DAYS, "now": now,
        "today": clock.local(now).date(), "running": int(row[0]) + 1000 if row else 1000,
        "other_unit": other.id if other else None, "clerk": clerk.id if clerk else None,
        "spots": len(texts.SPOTS), "predicates": len(texts.PREDICATES), "details": len(texts.DETAILS),
        "wishes": len(texts.WISHES), "replies": len(texts.REPLIES),
    }  # fmt: skip


# --- Lists that the plan picks from ----------------------------------------------------------------------------------
def _lists_write(connection: Connection, values: dict[str, Any]) -> None:
    """Write sentence parts with their words, categories, streets and deadlines; add their counts to ``values``."""
    from apps.common.models import Community
    from apps.feedback.models import Category, DeadlineProfile

    today = values["today"]
    places = list(Community.objects.in_force(today).order_by("code").values_list("name", flat=True))
    categories = list(Category.objects.in_force(today).filter(parent__isnull=False).order_by("code"))
    profiles = {row.code: row for row in DeadlineProfile.objects.in_force(today)}
    keywords = list(dict.fromkeys(word for one in categories for word in one.keywords))
    _parts_write(
        connection,
        {"place": places, "keyword": keywords, "spot": texts.SPOTS, "predicate": texts.PREDICATES,
         "detail": texts.DETAILS, "wish": texts.WISHES, "reply": texts.REPLIES},
    )  # fmt: skip
    numbers = {word: number for number, word in enumerate(keywords)}
    street_desk = {one.lead_id for one in categories if one.lead_id and one.lead.code == "JD"}
    rows = [
        (
            number, one.code, profiles[one.profile_code].id, None if one.lead_id in street_desk else one.lead_id,
            one.territorial, [numbers[word] for word in one.keywords] or [0],
            profiles[one.profile_code].respond_value if profiles[one.profile_code].respond_unit == "hour" else None,
        )
        for number, one in enumerate(_shuffled(categories))
    ]  # fmt: skip
    _table(
        connection, "bench_category",
        "no int, code text, profile_id bigint, lead_id bigint, territorial bool, keywords int[], respond_hours int", rows,
    )  # fmt: skip
    streets = _streets(today)
    _table(connection, "bench_street", "no int, code text, unit_id bigint, lng float8, lat float8", streets)
    _deadlines_write(connection, profiles.values(), today)
    values |= {"places": len(places), "categories": len(categories), "streets": len(streets)}


def _shuffled[T](rows: Sequence[T]) -> list[T]:
    """Return ``rows`` in a fixed order that is not that of their codes: the first ones are picked most."""
    return [row for _key, row in sorted(enumerate(rows), key=lambda pair: pair[0] * 37 % 101)]


def _parts_write(connection: Connection, lists: Mapping[str, Sequence[str]]) -> None:
    from apps.common.words import lexemes, words_cut

    rows = [
        (kind, number, text, lexemes(words_cut(text)))
        for kind, parts in lists.items()
        for number, text in enumerate(parts)
    ]
    _table(connection, "bench_part", "kind text, no int, text text, words tsvector", rows)


def _streets(today: dt.date) -> list[tuple[Any, ...]]:
    """Return the streets in force with their office and a point in the middle."""
    from apps.accounts import selectors as accounts
    from apps.common.models import Street

    offices = {unit.street_id: unit.id for unit in accounts.departments_active() if unit.street_id}
    listed = json.loads(DIVISIONS.read_text(encoding="utf-8"))
    points = {row["code"]: row.get("point") or row.get("centre") for row in listed["divisions"]}
    middle = listed["district"]["centre"]
    rows = []
    for number, street in enumerate(Street.objects.in_force(today).filter(selectable=True).order_by("-code")):
        point = points.get(street.code) or middle
        rows.append((number, street.code, offices[street.code], point["lng"], point["lat"]))
    return rows


def _deadlines_write(connection: Connection, profiles: Iterable[Any], today: dt.date) -> None:
    """Write until when each profile runs from each day, in and after office hours."""
    from apps.common.selectors import calendar_load
    from apps.feedback.clock import Term, due_of

    dues, following = [], []
    for back in range(-20, DAYS + 2):
        on = today - dt.timedelta(days=back)
        for is_late, at in ((False, dt.time(10)), (True, dt.time(20))):
            start = dt.datetime.combine(on, at, tzinfo=_zone())
            calendar = calendar_load(start=on)
            following.append(
                (on, is_late, due_of(start=start, term=Term(1, "workday"), calendar=calendar).at)
            )
            for row in profiles:
                due = due_of(
                    start=start,
                    term=Term(row.settle_value, "hour" if row.settle_unit == "hour" else "workday"),
                    calendar=calendar,
                )
                hours = row.settle_value if row.settle_unit == "hour" else None
                dues.append(
                    (row.id, on, is_late, due.at, hours, json.dumps(list(due.explained)), due.provisional)
                )
    _table(
        connection, "bench_due",
        "profile_id bigint, on_day date, is_late bool, due_at timestamptz, settle_hours int, explained jsonb,"
        " provisional bool", dues,
    )  # fmt: skip
    _table(connection, "bench_next", "on_day date, is_late bool, next_at timestamptz", following)


def _zone() -> dt.tzinfo:
    from django.utils import timezone

    return timezone.get_default_timezone()


def _table(connection: Connection, name: str, columns: str, rows: Iterable[tuple[Any, ...]]) -> None:
    connection.execute(f"CREATE UNLOGGED TABLE {name} ({columns})")
    with connection.cursor().copy(f"COPY {name} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    connection.execute(f"ANALYZE {name}")


# --- Rows ------------------------------------------------------------------------------------------------------------
def _cases_write(values: Mapping[str, Any]) -> None:
    from apps.feedback.models import Case

    columns = dict(sql.CASE)
    given = dict(values)
    for field in Case._meta.concrete_fields:
        # Whatever the plan does not decide is what the model would put there.
        if field.column not in columns and not field.null:
            columns[field.column] = f"%({field.column})s"
            given[field.column] = _default(field)
    names = ", ".join(f'"{name}"' for name in columns)
    insert = f"INSERT INTO feedback_case ({names}) SELECT {', '.join(columns.values())}"
    with _connected() as connection, _indexes_later(connection, "feedback_case"):
        connection.execute(insert + sql.CASE_FROM, given)


def _default(field: Any) -> Any:
    value = field.get_default()
    return json.dumps(value) if isinstance(value, dict | list) else value


def _entries_write(values: Mapping[str, Any]) -> None:
    with _connected() as connection, _indexes_later(connection, "feedback_timelineentry", "feedback_rating"):
        connection.execute(sql.ENTRIES, values)
        connection.execute(sql.RATINGS, values)


@contextmanager
def _indexes_later(connection: Connection, *tables: str) -> Iterator[None]:
    """Drop the indexes of ``tables`` that no constraint stands on, and make them again at the end, also after an error."""
    found = connection.execute(
        "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i"
        " WHERE i.indrelid = ANY(%s::regclass[]) AND NOT EXISTS"
        " (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)",
        [list(tables)],
    ).fetchall()
    for name, _definition in found:
        connection.execute(f"DROP INDEX {name}")
    try:
        yield
    finally:
        for _name, definition in found:
            connection.execute(definition)


if __name__ == "__main__":
    main()
