"""What every act on a referral does: lock it, see whose it is, write state, term and entry, tell who must know."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from apps.accounts import selectors as accounts
from apps.accounts.states import Role
from apps.clinics.models import Institution
from apps.clinics.models.referrals import Referral, ReferralEvent, ReferralTerm
from apps.clinics.referral_errors import ReferralUnknown
from apps.clinics.referral_notices import MOVED, staff_text
from apps.clinics.referral_states import FINAL, ReferralState, Side, Verb
from apps.clinics.selectors import residents_of_patient
from apps.common.clock import local
from apps.notifications.services import StaffTold, notice_enqueue, staff_tell

# The other side must read a whole case in a minute: what is longer belongs to the hospital's own records.
MAX_TEXT = 2000


def referral_rows() -> Any:
    """Return referrals with what every act looks at."""
    return Referral.objects.select_related("sender__facility", "receiver__facility", "patient", "department")


def referral_locked(referral_id: UUID) -> Referral:
    """Return a referral, locked.  1 query.  Raises ReferralUnknown."""
    referral: Referral | None = referral_rows().select_for_update(of=("self",)).filter(pk=referral_id).first()
    if referral is None:
        raise ReferralUnknown
    return referral


def sides_of(referral: Referral, staff: Any) -> list[Side]:
    """Return the sides that ``staff`` works for.  Raises ReferralUnknown for neither."""
    sides = [
        side
        for side, institution in ((Side.SENDER, referral.sender), (Side.RECEIVER, referral.receiver))
        if staff.is_superuser or institution.department_id in staff.department_ids
    ]
    if not sides:
        raise ReferralUnknown
    return sides


def side_check(referral: Referral, staff: Any, side: Side) -> None:
    """Refuse staff who do not work for ``side``.  Raises ReferralUnknown."""
    if side not in sides_of(referral, staff):
        raise ReferralUnknown


def referral_moved(
    referral: Referral,
    target: ReferralState,
    verb: Verb,
    now: dt.datetime,
    *,
    text: str,
    staff: Any = None,
    resident_id: UUID | None = None,
) -> None:
    """Write the new state with its term, the entry, and tell the patient what concerns them."""
    referral.state = target
    referral.version += 1
    referral.due_at, referral.reminded_at = _due(referral, target, now), None
    referral.closed_at = now if target in FINAL else None
    referral.save()
    event_add(referral, verb=verb, now=now, staff=staff, resident_id=resident_id, text=text)
    if verb in _PATIENT_HEARS:
        for one in residents_of_patient(patient_id=referral.patient_id, now=now):
            notice_enqueue(
                kind=MOVED, resident_id=one,
                fields={
                    "number": referral.number, "state": referral.get_state_display(), "receiver": str(referral.receiver),
                    "referral_id": str(referral.pk),
                },
                dedup_key=f"referral:{referral.pk}:{referral.version}:{one}", now=now,
            )  # fmt: skip


_PATIENT_HEARS = frozenset(
    {
        Verb.SEND,
        Verb.ACCEPT,
        Verb.BOOK,
        Verb.RETURN,
        Verb.REDIRECT,
        Verb.ADVISE,
        Verb.OFFER,
        Verb.REPORT,
        Verb.CANCEL,
    }
)


def _due(referral: Referral, state: ReferralState, now: dt.datetime) -> dt.datetime | None:
    """Return when whoever must act in ``state`` is late by the terms in force, None where no term is set.  1 query."""
    term = (
        ReferralTerm.objects.filter(urgency=referral.urgency, state=state, valid_from__lte=local(now).date())
        .order_by("-valid_from")
        .first()
    )
    return None if term is None else now + dt.timedelta(hours=term.hours)


def event_add(
    referral: Referral,
    *,
    verb: str,
    now: dt.datetime,
    staff: Any = None,
    resident_id: UUID | None = None,
    text: str = "",
) -> None:
    """Append an entry.  1 query."""
    ReferralEvent.objects.create(
        referral=referral, verb=str(verb), state=referral.state, text=text[:MAX_TEXT] or None, staff=staff,
        resident_id=resident_id, at=now,
    )  # fmt: skip


def institution_tell(referral: Referral, institution: Institution, event: str, now: dt.datetime) -> None:
    """Tell the staff of an institution's unit; nobody where it has no unit here.  2 queries."""
    if institution.department_id is None:
        return
    found = accounts.staff_to_tell(unit_ids=[institution.department_id], roles=[Role.SERVICE_OPERATOR])
    ids = frozenset[int]().union(*found.values())
    title, body = staff_text(event, referral.number, referral.get_state_display())
    staff_tell(
        told=[
            StaffTold(
                kind="clinics.referral", staff_ids=ids, title=title, text=body,
                path=f"/admin/clinics/referral/{referral.pk}/change/",
                dedup_key=f"referral:{referral.pk}:{event}:{referral.version}",
            )
        ],
        now=now,
    )  # fmt: skip
