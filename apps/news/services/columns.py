"""Writes of columns and of the rights in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Concat, Length, Substr

from apps.common.changes import announce
from apps.common.locks import Lock, lock_hold
from apps.news.errors import ColumnTooDeep
from apps.news.models import Column, ColumnRight
from apps.news.models.columns import DEPTH_MOST

if TYPE_CHECKING:
    from apps.accounts.models import Staff


def column_save(*, column: Column) -> Column:
    """Write a column; where it moved or took another slug, all below it move with it.  At most 5 queries.

    One writer of the tree at a time: two moves at once could make a ring.  Raises ColumnTooDeep.
    """
    with transaction.atomic():
        lock_hold(Lock.COLUMN_TREE)
        before = (
            Column.objects.filter(pk=column.pk).values_list("path", flat=True).first() if column.pk else None
        )
        parent = (
            "/"
            if column.parent_id is None
            else Column.objects.values_list("path", flat=True).get(pk=column.parent_id)
        )
        column.path = f"{parent}{column.slug}/"
        if column.path.count("/") - 1 > DEPTH_MOST or (before and parent.startswith(before)):
            raise ColumnTooDeep(attr="parent", most=DEPTH_MOST)
        if before and before != column.path:
            _subtree_move(before, column.path)
        column.save()
        announce("news")
    return column


def _subtree_move(before: str, after: str) -> None:
    below = Column.objects.filter(path__startswith=before)
    grown = after.count("/") - before.count("/")
    deepest = max((path.count("/") - 1 for path in below.values_list("path", flat=True)), default=0)
    if deepest + grown > DEPTH_MOST:
        raise ColumnTooDeep(attr="parent", most=DEPTH_MOST)
    below.update(path=Concat(Value(after), Substr(F("path"), Length(Value(before)) + 1)))


def columns_load(*, tree: list[dict[str, Any]]) -> int:
    """Add to the column tree what is not there yet; returns how many were read.  1 to 5 queries each.

    ``tree``  ``[{"slug", "name", "levels"?, "proofs"?, "stale_days"?, "stale_basis"?, "children"?}]``
    """
    known = {column.slug: column for column in Column.objects.all()}
    count = 0
    todo: list[tuple[dict[str, Any], Column | None, int]] = [(row, None, i) for i, row in enumerate(tree)]
    while todo:
        row, parent, position = todo.pop(0)
        column = known.get(row["slug"])
        if column is None:
            more = {n: row[n] for n in ("levels", "proofs", "stale_days", "stale_basis") if n in row}
            column = column_save(
                column=Column(slug=row["slug"], name=row["name"], parent=parent, position=position, **more)
            )
        todo += [(child, column, i) for i, child in enumerate(row.get("children", []))]
        count += 1
    return count


def column_right_grant(*, staff: Staff, column: Column | None) -> ColumnRight:
    """Let ``staff`` work in ``column`` and all below it; None for the whole tree.  At most 3 queries."""
    right, _made = ColumnRight.objects.get_or_create(staff=staff, column=column)
    return right
