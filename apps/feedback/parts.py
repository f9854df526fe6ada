"""Which parts a member of staff plays towards a case: by role and, for a unit's work, by belonging to that unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps.accounts import selectors as accounts
from apps.accounts.states import Role
from apps.feedback.states import Actor

if TYPE_CHECKING:
    from apps.accounts.models import Staff
    from apps.feedback.models import Case


def actors_of(*, staff: Staff, case: Case) -> frozenset[Actor]:
    """Return the parts.  At most 3 queries once per loaded ``staff``, and 1 for a case of another unit."""
    parts = set()
    if Role.INTAKE_CLERK in staff.roles:
        parts.add(Actor.CLERK)
    if Role.DESK_HEAD in staff.roles:
        parts |= {Actor.CLERK, Actor.DESK_HEAD}
    if staff.roles & {Role.HANDLER, Role.SUPERVISOR}:
        if case.unit_id in staff.department_ids:
            parts.add(Actor.HANDLER)
        elif case.co_handlings.filter(unit_id__in=staff.department_ids).exists():
            parts.add(Actor.CO_HANDLER)
    if Role.SUPERVISOR in staff.roles and case.unit_id in accounts.department_ids_below(staff=staff):
        parts.add(Actor.SUPERVISOR)
    return frozenset(parts)


def contact_allowed(*, case: Case, parts: frozenset[Actor]) -> bool:
    """Whether someone playing ``parts`` may ask for the contact data.

    Never of an anonymous case; of a hidden one, and of a report (举报), only the desk: a report never shows the
    reporter to a unit, whatever the reporter chose (信访工作条例; rules.md 2.4).
    """
    if case.identity == "anonymous":
        return False
    if Actor.CLERK in parts:
        return True
    return Actor.HANDLER in parts and not reporter_hidden(case=case, parts=parts)


def reporter_hidden(*, case: Case, parts: frozenset[Actor]) -> bool:
    """Whether the reporter must stay unknown to someone playing ``parts``: names and numbers in texts are masked."""
    if case.identity == "named" and case.request_type != "report":
        return False
    return Actor.CLERK not in parts
