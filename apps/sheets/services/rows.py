"""Reading and writing rows of a table for an import: images compared under locks, many rows by one statement."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from apps.common.changes import announce
from apps.common.dispatch import send_after_commit
from apps.common.sheet_resources import KeyedLoader
from apps.common.sheets import Image, SheetKind, sheet_usages
from apps.sheets.models import ImportRow
from apps.sheets.states import Fate, Sort

CHUNK = 500
# The first half of the advisory locks: one writer of a table at a time.
_LOCK_SPACE = 7_310_002
# An import whose table is busy tries again after so long.
BUSY_S = 20


def kind_try_lock(*, kind: SheetKind) -> bool:
    """Take the table for the caller's transaction; False when another import is writing it.  1 query."""
    number = zlib.crc32(kind.key.encode()) - 2**31
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [_LOCK_SPACE, number])
        return bool(cursor.fetchone()[0])


def rows_written(*, batch_id: UUID, backwards: bool = False) -> Iterator[list[ImportRow]]:
    """Yield the lines that an import writes, in the file's order or from its end, 500 at a time.  1 query each."""
    sorts = [Sort.NEW.value, Sort.CHANGED.value]
    rows = ImportRow.objects.filter(batch_id=batch_id, sort__in=sorts).order_by(
        "-line" if backwards else "line"
    )
    last: int | None = None
    while True:
        after = {} if last is None else {"line__lt" if backwards else "line__gt": last}
        chunk = list(rows.filter(**after)[:CHUNK])
        if chunk:
            yield chunk
            last = chunk[-1].line
        if len(chunk) < CHUNK:
            return


def differing(*, loader: KeyedLoader, rows: Sequence[ImportRow], image: str) -> list[int]:
    """Return the ids of lines whose row is not as ``image`` ("before" or "after") has it; the rows are locked.  1 query."""
    found = loader.load(keys=[row.key for row in rows], lock=True)
    return [
        row.pk
        for row in rows
        if getattr(row, image) != (loader.resource.image_of(found[row.key]) if row.key in found else None)
    ]


def fates_write(*, ids: Iterable[int], fate: Fate) -> int:
    """Write what is to be said of lines; returns of how many.  1 query."""
    return ImportRow.objects.filter(id__in=list(ids)).update(fate=fate.value)


def references_of(*, kind: SheetKind, images: Iterable[Image]) -> dict[str, dict[str, Any]]:
    """Return the primary keys of the rows that ``images`` refer to, by column and key.  1 query for each such column."""
    held = list(images)
    return {
        name: kind.resource.references_find(name, {image[name] for image in held} - {None})
        for name in kind.resource.reference_columns()
    }


def rows_put(*, kind: SheetKind, pairs: Sequence[tuple[Any, Image]], columns: Sequence[str]) -> list[str]:
    """Write ``(row, image)`` pairs; rows without a primary key of the database are made.  Returns keys whose references are gone.

    2 queries and 1 for each column that refers to other rows; with the kind's own ``save`` as many as that takes a row.
    ``columns``  what is written of rows that are there, which the caller has locked
    """
    resource = kind.resource
    ids = references_of(kind=kind, images=[image for _row, image in pairs])
    gone = [
        str(image[resource.key_name()])
        for _row, image in pairs
        if any(image[name] is not None and image[name] not in held for name, held in ids.items())
    ]
    if gone:
        return gone
    rows = [resource.put(row, image, ids) for row, image in pairs]
    if kind.save is not None:
        for row in rows:
            kind.save(row)
        return []
    manager = resource._meta.model._default_manager
    # Made and not upserted: a row that somebody added meanwhile must be refused, not overwritten.
    manager.bulk_create(row for row in rows if row._state.adding)
    manager.bulk_create(
        [row for row in rows if not row._state.adding], update_conflicts=True,
        unique_fields=[resource.key_name()], update_fields=list(columns),
    )  # fmt: skip
    return []


def used_elsewhere(*, kind: SheetKind, rows: Sequence[Any], apart: set[str]) -> set[str]:
    """Return the keys of ``rows`` that other rows refer to, but for rows of the same table whose keys are in ``apart``.

    1 query for each relation that leads to the table and for each usage that apps registered.
    """
    resource = kind.resource
    model = resource._meta.model
    keys = {row.pk: resource.key_of(row) for row in rows}
    used: set[str] = set()
    for relation in model._meta.get_fields(include_hidden=True):
        if not (
            relation.auto_created and not relation.concrete and (relation.one_to_many or relation.one_to_one)
        ):
            continue
        held = relation.related_model._base_manager.filter(**{f"{relation.field.name}__in": list(keys)})
        if relation.related_model is model:
            held = held.exclude(**{f"{resource.key_name()}__in": apart})
        used |= {keys[pk] for pk in held.values_list(relation.field.attname, flat=True).distinct()}
    for usage in sheet_usages(key=kind.key):
        used |= usage(set(keys.values()))
    return used


def change_tell(*, kind: SheetKind) -> None:
    """After commit: let processes forget what they keep of the table, and start what depends on it."""
    for namespace in kind.announces:
        announce(namespace)
    for task in kind.queues:
        send_after_commit(task.name, lane=task.lane, countdown_s=task.countdown_s)
