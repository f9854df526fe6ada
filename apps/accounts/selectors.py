"""Reads about people and units."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.accounts.models import AccessLog, Consent, Department, Membership, PolicyVersion, Resident, Staff
from apps.accounts.states import BASIC_SERVICE, Role
from apps.common.crypto import lookup_hash
from apps.common.models import Community, Street


def policy_current(*, now: dt.datetime) -> PolicyVersion | None:
    """Return the privacy policy in force, or None before the first.  1 query."""
    return PolicyVersion.objects.filter(valid_from__lte=now).order_by("-valid_from").first()


# Written out: it runs with every request of a resident, and building it with the ORM took longer than running it.
_RESIDENT_OF_SESSION = """
SELECT r.*, EXISTS (
    SELECT 1 FROM accounts_consent c
    WHERE c.resident_id = r.id AND c.purpose = %(purpose)s AND c.withdrawn_at IS NULL AND c.major >= (
        SELECT p.major FROM accounts_policyversion p WHERE p.valid_from <= %(now)s ORDER BY p.valid_from DESC LIMIT 1
    )
) AS agreed
FROM accounts_residentsession s JOIN accounts_resident r ON r.id = s.resident_id
WHERE s.id = %(session)s AND s.ended_at IS NULL AND s.expires_at > %(now)s AND r.cancelled_at IS NULL
"""


def resident_of_session(*, session_id: UUID, now: dt.datetime) -> Resident | None:
    """Return the resident of an open session with ``agreed`` (whether the basic consent in force was given).  1 query."""
    values = {"purpose": BASIC_SERVICE, "now": now, "session": session_id}
    return next(iter(Resident.objects.raw(_RESIDENT_OF_SESSION, values)), None)


def resident_get(*, resident_id: UUID) -> Resident:
    """Return a resident.  1 query.  Raises Resident.DoesNotExist."""
    return Resident.objects.get(id=resident_id)


def residents_by_id(*, ids: set[UUID]) -> dict[UUID, Resident]:
    """Return residents by id.  1 query."""
    return {resident.id: resident for resident in Resident.objects.filter(id__in=ids)}


def consents_of(*, resident_id: UUID) -> QuerySet[Consent]:
    """Return the resident's ledger, newest first.  1 query when read."""
    return Consent.objects.filter(resident_id=resident_id).order_by("-given_at", "-id")


def access_log_of(*, resident_id: UUID) -> QuerySet[AccessLog]:
    """Return who looked at the resident's data, newest first.  1 query when read."""
    return AccessLog.objects.filter(resident_id=resident_id)


def place_valid(*, street: str | None, community: str | None, on: dt.date) -> str | None:
    """Return the name of the field that is not on offer on ``on`` ("street", "community"), or None.  ≤ 2 queries."""
    if street and not Street.objects.in_force(on).filter(code=street, selectable=True).exists():
        return "street"
    if community:
        found = Community.objects.in_force(on).filter(code=community, selectable=True)
        if not (found.filter(street_id=street) if street else found).exists():
            return "community"
    return None


def department_by_code(*, code: str) -> Department | None:
    """Return the active unit ``code``, or None.  1 query."""
    return Department.objects.filter(code=code, is_active=True).first()


def departments_below(*, ids: frozenset[int]) -> QuerySet[Department]:
    """Return the units ``ids`` and those under them, as a subquery when used in a filter."""
    return Department.objects.with_below(ids)


def department_ids_below(*, staff: Staff) -> frozenset[int]:
    """Return the ids of the units of ``staff`` and of those under them.  1 query, once per loaded ``staff``."""
    kept: frozenset[int] | None = staff.__dict__.get("_ids_below")
    if kept is None:
        below = Department.objects.with_below(staff.department_ids)
        kept = staff.__dict__["_ids_below"] = frozenset(below.values_list("id", flat=True))
    return kept


def staff_to_tell(
    *, unit_ids: Iterable[int], roles: Iterable[Role]
) -> dict[tuple[int, Role], frozenset[int]]:
    """Return the ids of active staff by (unit, role) for the units and roles named.  1 query."""
    found: dict[tuple[int, Role], set[int]] = {}
    rows = Membership.objects.filter(
        department_id__in=list(unit_ids),
        staff__is_active=True,
        staff__groups__name__in=[r.value for r in roles],
    ).values_list("department_id", "staff__groups__name", "staff_id")
    for unit_id, role, staff_id in rows:
        found.setdefault((unit_id, Role(role)), set()).add(staff_id)
    return {key: frozenset(ids) for key, ids in found.items()}


def staff_of_role(*, role: Role) -> frozenset[int]:
    """Return the ids of active staff who hold ``role``.  1 query."""
    return frozenset(
        Staff.objects.filter(groups__name=role.value, is_active=True).values_list("id", flat=True)
    )


def parents_of(*, unit_ids: Iterable[int]) -> dict[int, int | None]:
    """Return the parent of each unit.  1 query."""
    return dict(Department.objects.filter(id__in=list(unit_ids)).values_list("id", "parent_id"))


def street_offices() -> dict[str, tuple[int, str]]:
    """Return the active street office of each street: (unit id, unit code) by the street's code.  1 query."""
    rows = Department.objects.filter(kind=Department.Kind.STREET, street__isnull=False, is_active=True)
    return {street: (unit_id, code) for street, unit_id, code in rows.values_list("street_id", "id", "code")}


def departments_by_id(*, ids: Iterable[int]) -> dict[int, Department]:
    """Return units by id.  1 query."""
    return {unit.id: unit for unit in Department.objects.filter(id__in=list(ids))}


def departments_by_code(*, codes: Iterable[str]) -> dict[str, Department]:
    """Return active units by code.  1 query."""
    return {unit.code: unit for unit in Department.objects.filter(code__in=list(codes), is_active=True)}


def departments_active() -> QuerySet[Department]:
    """Return the units that can be given work, by code.  1 query when read."""
    return Department.objects.filter(is_active=True).order_by("kind", "code")


def staff_by_username(*, username: str) -> Staff | None:
    """Return an active member of staff, or None.  1 query."""
    return Staff.objects.filter(username=username, is_active=True).first()


def staff_of_unit(*, code: str) -> Staff | None:
    """Return a handler of the unit, or None.  1 query."""
    return Staff.objects.filter(departments__code=code, groups__name="handler", is_active=True).first()


def openids_of(*, ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return the openids of residents who have one, by resident: for sending, never to be shown or logged.  1 query."""
    rows = Resident.objects.filter(id__in=list(ids), openid__isnull=False).values_list("id", "openid")
    return dict(rows)


def phones_of(*, ids: Iterable[UUID]) -> dict[UUID, str]:
    """Return the phones of residents who gave one, by resident: for sending, never to be shown or logged.  1 query."""
    rows = Resident.objects.filter(id__in=list(ids), phone__isnull=False).values_list("id", "phone")
    return dict(rows)


def residents_of_openids(*, openids: Iterable[str]) -> dict[str, UUID]:
    """Return the residents of WeChat accounts, by openid; unknown ones are left out.  1 query."""
    hashes = {lookup_hash(openid, purpose="openid"): openid for openid in set(openids)}
    rows = Resident.objects.filter(openid_hash__in=hashes).values_list("openid_hash", "id")
    return {hashes[found]: resident_id for found, resident_id in rows}


def phones_count(*, ids: QuerySet[Any, UUID]) -> int:
    """Return how many of the residents of a query have a phone number.  1 query."""
    return Resident.objects.filter(id__in=ids).exclude(phone_hash=None).count()


def residents_of_phones(*, phones: Iterable[str]) -> dict[str, UUID]:
    """Return the residents of phone numbers, by number; a number of several accounts gives the oldest.  1 query."""
    hashes = {lookup_hash(phone, purpose="phone"): phone for phone in set(phones)}
    rows = Resident.objects.filter(phone_hash__in=hashes).order_by("-id").values_list("phone_hash", "id")
    return {hashes[found]: resident_id for found, resident_id in rows}


def staff_with_mail(*, ids: Iterable[int]) -> frozenset[int]:
    """Return those of ``ids`` who work here and have an e-mail address.  1 query."""
    rows = Staff.objects.filter(id__in=list(ids), is_active=True).exclude(email="")
    return frozenset(rows.values_list("id", flat=True))


def residents_reachable(
    *, street: str | None = None, community: str | None = None
) -> QuerySet[Resident, UUID]:
    """Return the ids of accounts that are in use, of one street or community if given.  1 query when read."""
    rows = Resident.objects.filter(cancelled_at=None)
    if street is not None:
        rows = rows.filter(street_id=street)
    if community is not None:
        rows = rows.filter(community_id=community)
    return rows.values_list("id", flat=True)


def departments_named(*, text: str, limit: int) -> list[Department]:
    """Return the active units whose code begins with ``text`` or whose name holds it.  1 query; there are some dozens."""
    rows = Department.objects.filter(Q(code__istartswith=text) | Q(name__icontains=text), is_active=True)
    return list(rows.order_by("code")[:limit])
