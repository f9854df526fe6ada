"""Columns as a table that staff keep in a spreadsheet."""

from __future__ import annotations

from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from apps.common.sheet_resources import SheetResource
from apps.common.sheets import SheetKind, sheet_register
from apps.news.models import Column
from apps.news.services.columns import column_save


class ColumnResource(SheetResource):
    references: ClassVar = {"parent": "slug"}

    class Meta:
        model = Column
        import_id_fields = ("slug",)
        fields = (
            "slug", "name", "parent", "position", "is_active", "levels", "proofs", "stale_days", "stale_basis",
        )  # fmt: skip


def _save(column: Column) -> None:
    """Write a column and the paths below it."""
    column_save(column=column)


sheet_register(
    SheetKind(
        key="columns", label=_("columns"), resource=ColumnResource, permission="news.change_column",
        guarded=frozenset({"parent", "levels", "proofs"}), announces=("news",), second_person_rows=50, tree="parent",
        save=_save, created_undo="deactivate",
    )
)  # fmt: skip
