"""Chainable filters of cases, and who may see which."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Q

from apps.accounts import selectors as accounts
from apps.accounts.states import Role
from apps.common.words import ConstantQuery
from apps.feedback.states import OPEN


class CategoryQuerySet(models.QuerySet[Any]):
    """Categories."""

    def in_force(self, on: dt.date) -> CategoryQuerySet:
        """Keep those offered on ``on``."""
        return self.filter(Q(valid_to=None) | Q(valid_to__gt=on), valid_from__lte=on)


class CaseQuerySet(models.QuerySet[Any]):
    """Cases."""

    def owned_by(self, resident_id: UUID) -> CaseQuerySet:
        """Keep the resident's own; the parts of a case are the district's division of work."""
        return self.filter(resident_id=resident_id, parent=None)

    def visible_to(self, staff: Any) -> CaseQuerySet:
        """Keep what ``staff`` may see: the desk everything, a unit what it leads or helps with, a supervisor also below."""
        if staff.is_superuser or staff.roles & DESK:
            return self
        units = units_of(staff)
        if units is None:
            return self.none()
        # A subquery, not a join: the rows are also read to be locked, and a join would double them.
        helped = self.model._default_manager.filter(co_handlings__unit_id__in=units).values("id")
        return self.filter(Q(unit_id__in=units) | Q(id__in=helped))

    def led_for(self, staff: Any) -> CaseQuerySet:
        """Keep the queue of ``staff``: as ``visible_to``, without what other units lead; this one has an index."""
        if staff.is_superuser or staff.roles & DESK:
            return self
        units = units_of(staff)
        return self.none() if units is None else self.filter(unit_id__in=units)

    def helped_by(self, staff: Any) -> CaseQuerySet:
        """Keep what the units of ``staff`` help other units with."""
        units = units_of(staff)
        return self.none() if units is None else self.filter(co_handlings__unit_id__in=units)

    def open(self) -> CaseQuerySet:
        """Keep those whose clock runs."""
        return self.filter(state__in=[state.value for state in OPEN])

    def with_words(self, words: list[str]) -> CaseQuerySet:
        """Keep the cases whose text holds every one of ``words`` (at least one)."""
        return self.filter(search=ConstantQuery(words))


DESK = frozenset({Role.INTAKE_CLERK, Role.DESK_HEAD})


def units_of(staff: Any) -> frozenset[int] | None:
    """Return the ids of the units whose cases ``staff`` sees, None for who sees none.  ≤ 1 query a loaded ``staff``."""
    if Role.SUPERVISOR in staff.roles:
        return accounts.department_ids_below(staff=staff)
    if Role.HANDLER in staff.roles:
        return frozenset(staff.department_ids)
    return None
