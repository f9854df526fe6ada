"""``python -m benchmarks.sheet_rows FILE SMALL KNOWN KNOWN_SMALL``: tables imported inside a stack, in this process; prints what it took as JSON.

FILE   XLSX of communities, some of which are there already under other names
SMALL  the same, of so few lines that the library's own import is measured beside ours
KNOWN, KNOWN_SMALL  how many of their rows are there already
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django

STREET = "420107001"
UNCHANGED = (500, 1500)


def code_of(number: int) -> str:
    """Return the code of an invented community, which no street of the fixtures has."""
    return f"4201079{number:05d}"


def rows_of(count: int, *, old: bool = False) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield the lines of a table of ``count`` invented communities, with its header."""
    yield ("code", "street", "name", "pinyin", "selectable")
    for number in range(count):
        yield (code_of(number), STREET, f"{'旧' if old else '新'}示例社区{number}", f"shi li {number}", "是")


def _known(count: int) -> None:
    from apps.common.models import Community

    Community.objects.filter(code__startswith="4201079").delete()
    lines = list(rows_of(count, old=True))[1:]
    Community.objects.bulk_create(
        [
            Community(code=code, street_id=street, name=name, pinyin=pinyin)
            for code, street, name, pinyin, _yes in lines
        ],
        batch_size=2000,
    )


def _people() -> tuple[Any, Any]:
    from apps.accounts.models import Staff

    made = [
        Staff.objects.create_user(
            username=f"sheet.{name}", display_name=name, is_staff=True, is_superuser=True
        )
        for name in ("first", "second")
    ]
    return made[0], made[1]


def _took(act: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    done = act()
    return time.perf_counter() - began, done


def _import(raw: bytes, people: tuple[Any, Any]) -> dict[str, float]:
    """Preview and import a file as the worker does, then undo it; seconds of each."""
    from apps.common import clock
    from apps.sheets import services
    from apps.sheets.models import ImportBatch
    from apps.sheets.states import Verb

    first, second = people
    now = clock.now

    def act(verb: Verb, staff: Any) -> None:
        services.batch_act(batch_id=batch.id, verb=verb, staff=staff, now=now())

    def worked(verb: Verb, staff: Any) -> None:
        act(verb, staff)
        services.batch_run(batch_id=batch.id, now=now())

    upload_s, batch = _took(
        lambda: services.batch_upload(kind="communities", file_name="b.xlsx", raw=raw, staff=first, now=now())
    )
    preview_s, _none = _took(lambda: services.batch_run(batch_id=batch.id, now=now()))
    if batch.state != "previewed":
        batch.refresh_from_db()
    if batch.needs_second:
        act(Verb.APPROVE, second)
    commit_s, _none = _took(lambda: worked(Verb.COMMIT, first))
    done: Any = ImportBatch.objects.get(id=batch.id)
    undo_s, _none = _took(lambda: worked(Verb.UNDO, second))
    if (done.state, ImportBatch.objects.get(id=batch.id).state) != ("done", "undone"):
        raise RuntimeError(f"the import ended as {done.state}: {done.note}")
    return {
        "new": done.new, "changed": done.changed, "upload_s": upload_s, "preview_s": preview_s, "commit_s": commit_s,
        "undo_s": undo_s,
    }  # fmt: skip


def _library(raw: bytes) -> float:
    """Preview and import a file by django-import-export with its defaults; seconds."""
    from import_export.formats.base_formats import XLSX
    from import_export.resources import modelresource_factory

    from apps.common.models import Community

    names = ("code", "street", "name", "pinyin", "selectable")
    kind = modelresource_factory(
        Community,
        meta_options={"fields": names, "import_id_fields": ("code",), "clean_model_instances": True},
    )

    def both() -> None:
        data = XLSX().create_dataset(raw)
        data.headers = list(names)
        for dry_run in (True, False):
            found = kind().import_data(data, dry_run=dry_run, raise_errors=True, use_transactions=True)
            if found.has_validation_errors():
                raise RuntimeError("the library refused a line")

    return _took(both)[0]


def _statements(people: tuple[Any, Any]) -> float:
    """Return the statements that 100 more unchanged lines take."""
    from django.db import connection

    from apps.common import clock
    from apps.sheets import services

    counted = []
    for count in UNCHANGED:
        raw = "\n".join(",".join(row) for row in rows_of(count, old=True)).encode()
        with _counting(connection) as seen:
            batch = services.batch_upload(
                kind="communities", file_name="s.csv", raw=raw, staff=people[0], now=clock.now()
            )
        if batch.unchanged != count:
            raise RuntimeError(f"{batch.unchanged} of {count} lines were unchanged")
        counted.append(len(seen))
    return (counted[1] - counted[0]) * 100 / (UNCHANGED[1] - UNCHANGED[0])


@contextmanager
def _counting(connection: Any) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        seen.append(sql)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield seen


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sheet_rows")
    parser.add_argument("file", type=Path)
    parser.add_argument("small", type=Path)
    parser.add_argument("known", type=int)
    parser.add_argument("known_small", type=int)
    given = parser.parse_args()
    django.setup()
    from django.utils import translation

    # As in a worker, which serves no request that would say the language.
    translation.activate("zh-hans")
    people = _people()
    try:
        _known(given.known)
        took: dict[str, float] = _import(given.file.read_bytes(), people)
        took["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        _known(given.known_small)
        small = _import(given.small.read_bytes(), people)
        took["small_s"] = sum(small[part] for part in ("upload_s", "preview_s", "commit_s"))
        _known(given.known_small)
        took["library_s"] = _library(given.small.read_bytes())
        _known(max(UNCHANGED))
        took["statements"] = _statements(people)
    finally:
        _known(0)
        for one in people:
            one.username = f"{one.username}.{one.pk}"
            one.save(update_fields=["username"])
    sys.stdout.write(json.dumps(took))


if __name__ == "__main__":
    main()
