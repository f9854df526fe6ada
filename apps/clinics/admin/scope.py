"""Staff of a clinic see and change what is their clinic's; administrators see everything."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest

from apps.accounts.desk import staff_of
from apps.accounts.states import Role
from apps.clinics.models import Department, Institution, Practitioner, Room
from apps.common.admin import DeskAdmin

# How a row of each choice leads to the institution's unit.
_CHOICES: dict[str, tuple[type[Any], str]] = {
    "institution": (Institution, "department_id"),
    "department": (Department, "institution__department_id"),
    "practitioner": (Practitioner, "institution__department_id"),
    "room": (Room, "institution__department_id"),
}


def sees_all(request: HttpRequest) -> bool:
    """Return whether the person looks after every institution."""
    staff = staff_of(request)
    return staff.is_superuser or Role.ADMINISTRATOR in staff.roles


class ClinicAdmin(DeskAdmin):
    """``unit_path``  the look-up from a row to the unit of its institution's staff"""

    unit_path: ClassVar[str] = ""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows of the person's institutions."""
        rows: QuerySet[Any] = super().get_queryset(request)
        if sees_all(request):
            return rows
        return rows.filter(**{f"{self.unit_path}__in": staff_of(request).department_ids})

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer only what is of the person's institutions."""
        if db_field.name in _CHOICES and db_field.remote_field.model is _CHOICES[db_field.name][0]:
            model, path = _CHOICES[db_field.name]
            rows = model._default_manager.all()
            if model is Institution:
                rows = rows.select_related("facility")
            if not sees_all(request):
                rows = rows.filter(**{f"{path}__in": staff_of(request).department_ids})
            kwargs["queryset"] = rows
        return super().formfield_for_foreignkey(db_field, request, **kwargs)
