"""Chainable filters and who may see which rows."""

from __future__ import annotations

from typing import Any

from django.db import models

from apps.accounts.states import Role


class DepartmentQuerySet(models.QuerySet[Any]):
    """Units."""

    def visible_to(self, _staff: Any) -> DepartmentQuerySet:
        """Keep what ``staff`` may see: the directory of units is no secret."""
        return self

    def with_below(self, ids: Any) -> DepartmentQuerySet:
        """Keep the units ``ids`` and those under them; the tree is three levels deep at most."""
        return self.filter(
            models.Q(id__in=ids) | models.Q(parent_id__in=ids) | models.Q(parent__parent_id__in=ids)
        )


class ResidentQuerySet(models.QuerySet[Any]):
    """Residents."""

    def visible_to(self, staff: Any) -> ResidentQuerySet:
        """Keep what ``staff`` may list: administrators the accounts, everyone else meets a resident in a case."""
        return self if staff.is_superuser or Role.ADMINISTRATOR in staff.roles else self.none()
