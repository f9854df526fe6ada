"""Chainable filters of cases, and who may see which."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Q

from apps.accounts import selectors as accounts
from apps.accounts.states import Role
from apps.feedback.states import OPEN


class CategoryQuerySet(models.QuerySet[Any]):
    """Categories."""

    def in_force(self, on: dt.date) -> CategoryQuerySet:
        """Keep those offered on ``on``."""
        return self.filter(Q(valid_to=None) | Q(valid_to__gt=on), valid_from__lte=on)


class CaseQuerySet(models.QuerySet[Any]):
    """Cases."""

    def owned_by(self, resident_id: UUID) -> CaseQuerySet:
        """Keep the resident's own."""
        return self.filter(resident_id=resident_id)

    def visible_to(self, staff: Any) -> CaseQuerySet:
        """Keep what ``staff`` may see: the desk everything, a unit its own, a supervisor also the units below."""
        if staff.is_superuser or Role.INTAKE_CLERK in staff.roles:
            return self
        if Role.SUPERVISOR in staff.roles:
            return self.filter(unit_id__in=accounts.departments_below(ids=staff.department_ids).values("id"))
        if Role.HANDLER in staff.roles:
            return self.filter(unit_id__in=staff.department_ids)
        return self.none()

    def open(self) -> CaseQuerySet:
        """Keep those whose clock runs."""
        return self.filter(state__in=[state.value for state in OPEN])
