"""Several rows in one statement."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.db import connection, models


def rows_insert(*rows: models.Model) -> None:
    """Insert ``rows``, which bring their own primary keys, in the order given.  1 query.

    Django's ``save`` takes a round trip and a newly built statement each; here the statement is built once for each
    combination of models.  Foreign keys between the rows are checked when the transaction commits (they are deferred).
    """
    values: list[Any] = [
        field.get_db_prep_save(field.pre_save(row, True), connection)
        for row in rows
        for field in row._meta.concrete_fields
    ]
    with connection.cursor() as cursor:
        cursor.execute(_statement(tuple(type(row) for row in rows)), values)
    for row in rows:
        row._state.adding = False
        row._state.db = connection.alias


@lru_cache(maxsize=64)
def _statement(kinds: tuple[type[models.Model], ...]) -> str:
    quote = connection.ops.quote_name
    parts = []
    for kind in kinds:
        columns = [quote(str(field.column)) for field in kind._meta.concrete_fields]
        marks = ", ".join(["%s"] * len(columns))
        # Names of our own tables and columns, quoted; every value is a parameter.
        parts.append(f"INSERT INTO {quote(kind._meta.db_table)} ({', '.join(columns)}) VALUES ({marks})")  # noqa: S608
    before = ", ".join(f"made_{place} AS ({part})" for place, part in enumerate(parts[:-1]))
    return f"WITH {before} {parts[-1]}" if before else parts[-1]
