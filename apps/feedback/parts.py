"""Which parts a member of staff plays towards a case: by role and, for a unit's work, by belonging to that unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps.accounts.states import Role
from apps.feedback.states import Actor

if TYPE_CHECKING:
    from apps.accounts.models import Staff
    from apps.feedback.models import Case


def actors_of(*, staff: Staff, case: Case) -> frozenset[Actor]:
    """Return the parts.  At most 2 queries, once per loaded ``staff``."""
    parts = set()
    if Role.INTAKE_CLERK in staff.roles:
        parts.add(Actor.CLERK)
    if staff.roles & {Role.HANDLER, Role.SUPERVISOR} and case.unit_id in staff.department_ids:
        parts.add(Actor.HANDLER)
    return frozenset(parts)
