"""What staff are told about a case: who of which unit, in which words."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.accounts.states import Role
from apps.feedback.models import Case
from apps.notifications import services as notifications
from apps.notifications.services import StaffTold

# Titles over the fields of ``told_of``; none holds anything of the resident's.
TITLES: dict[str, Any] = {
    "dispatched": _("New case {number}"),
    "nudged": _("The resident asks for speed: {number}"),
    "supplemented": _("New information to {number}"),
    "answered": _("The resident has answered: {number}"),
    "supervised": _("Under supervision: {number}"),
    "helped": _("Your unit is asked to help with {number}"),
    "extension_asked": _("An extension is asked for: {number}"),
    "extension_decided": _("Decision on the extension of {number}: {word}"),
    "returned": _("Returned by {unit}: {number}"),
    "ruling_needed": _("A ruling is needed: {number}"),
    "reopened": _("Reopened: {number}"),
    "withdrawn": _("Withdrawn by the resident: {number}"),
    "reclocked": _("New deadline of {number}"),
    "reminded": _("{stage} of {number} is due at {due}"),
    "late": _("{stage} of {number} is overdue since {due}"),
}


def told_of(
    *, event: str, case: Case, staff_ids: frozenset[int], key: str, text: str = "", **fields: str
) -> StaffTold:
    """Return what to tell ``staff_ids`` about a case.  No query.

    ``event``  a key of ``TITLES``   ``key``  with the event it makes the notice unique for each person
    """
    return StaffTold(
        kind=f"feedback.{event}",
        title=str(TITLES[event]).format(number=case.number, **fields),
        text=text,
        path=reverse("admin:feedback_case_change", args=[case.pk]),
        dedup_key=f"{event}:{key}",
        staff_ids=staff_ids,
    )


def unit_tell(
    *,
    event: str,
    case: Case,
    key: str,
    now: dt.datetime,
    roles: tuple[Role, ...] = (Role.HANDLER,),
    **fields: str,
) -> None:
    """Tell those of the case's unit who hold one of ``roles``.  2 queries; none for a case without a unit."""
    if case.unit_id is None:
        return
    found = accounts.staff_to_tell(unit_ids=[case.unit_id], roles=roles)
    staff_ids: frozenset[int] = frozenset().union(*found.values())
    notifications.staff_tell(
        told=[told_of(event=event, case=case, staff_ids=staff_ids, key=key, **fields)], now=now
    )


def role_tell(*, event: str, case: Case, key: str, now: dt.datetime, role: Role, **fields: str) -> None:
    """Tell all who hold ``role``.  2 queries."""
    told = told_of(event=event, case=case, staff_ids=accounts.staff_of_role(role=role), key=key, **fields)
    notifications.staff_tell(told=[told], now=now)
