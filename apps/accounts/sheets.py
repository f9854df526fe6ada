"""Units as a table that staff keep in a spreadsheet."""

from __future__ import annotations

from typing import ClassVar

from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Department
from apps.common.sheet_resources import SheetResource
from apps.common.sheets import SheetKind, sheet_register


class DepartmentResource(SheetResource):
    references: ClassVar = {"parent": "code"}

    class Meta:
        model = Department
        import_id_fields = ("code",)
        fields = ("code", "name", "short", "kind", "parent", "street", "aliases", "basis", "is_active")


sheet_register(
    SheetKind(
        key="units", label=_("units"), resource=DepartmentResource, permission="accounts.change_department",
        guarded=frozenset({"code", "parent"}), announces=("reference",), second_person_rows=50, tree="parent",
        created_undo="deactivate",
    )
)  # fmt: skip
