"""A patient's consent to a referral: asked for, given on the phone or on paper, taken back."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.clinics.models import Institution
from apps.clinics.models.referrals import Referral, ReferralConsent
from apps.clinics.referral_errors import (
    ReferralConsentMissing,
    ReferralMoveRefused,
    ReferralReasonMissing,
    ReferralUnknown,
)
from apps.clinics.referral_notices import ASKED
from apps.clinics.referral_states import FINAL, ReferralState, Side, Verb, move_of
from apps.clinics.selectors import residents_of_patient
from apps.clinics.services.referral_parts import (
    event_add,
    institution_tell,
    referral_locked,
    referral_moved,
    side_check,
)
from apps.notifications.services import notice_enqueue


def referral_ask(*, referral_id: UUID, staff: Any, now: dt.datetime) -> int:
    """Ask the patient, or who may act for them, to agree on the phone; returns how many residents were asked.

    About 5 queries.  Raises ReferralUnknown.
    """
    with transaction.atomic():
        referral = referral_locked(referral_id)
        side_check(referral, staff, Side.SENDER)
        residents = residents_of_patient(patient_id=referral.patient_id, now=now)
        for resident_id in residents:
            notice_enqueue(
                kind=ASKED, resident_id=resident_id,
                fields={
                    "number": referral.number, "sender": str(referral.sender), "receiver": str(referral.receiver),
                    "referral_id": str(referral.pk),
                },
                dedup_key=f"referral:{referral.pk}:ask:{referral.receiver_id}:{resident_id}", now=now,
            )  # fmt: skip
        event_add(referral, verb="ask", now=now, staff=staff)
    return len(residents)


def consent_give(
    *, referral_id: UUID, now: dt.datetime, resident_id: UUID | None = None, staff: Any = None, note: str = ""
) -> ReferralConsent:
    """Record that the patient agrees that the receiver reads the referral; the same again changes nothing.

    Either ``resident_id``, who agreed on the phone and must have access to the patient, or ``staff``, who saw it on paper
    (``note`` says how).  What has ended opens to nobody any more.  About 6 queries.
    Raises ReferralUnknown (also for who has no access), ReferralReasonMissing, ReferralMoveRefused.
    """
    with transaction.atomic():
        referral = referral_locked(referral_id)
        if resident_id is not None and resident_id not in residents_of_patient(
            patient_id=referral.patient_id, now=now
        ):
            raise ReferralUnknown
        if staff is not None:
            side_check(referral, staff, Side.SENDER)
            if not note.strip():
                raise ReferralReasonMissing(attr="note")
        if referral.state in FINAL:
            raise ReferralMoveRefused(state=referral.get_state_display())
        return consent_write(
            referral, referral.receiver, now, resident_id=resident_id, staff=staff, note=note
        )


def consent_write(
    referral: Referral,
    receiver: Institution,
    now: dt.datetime,
    *,
    resident_id: UUID | None,
    staff: Any,
    note: str,
) -> ReferralConsent:
    """Write a consent that is not there yet, with its entry.  3 queries."""
    found = ReferralConsent.objects.filter(referral=referral, receiver=receiver, withdrawn_at=None).first()
    if found is not None:
        return found
    consent = ReferralConsent.objects.create(
        referral=referral,
        receiver=receiver,
        resident_id=resident_id,
        witness=staff,
        note=note[:120],
        given_at=now,
    )
    event_add(referral, verb="consent", now=now, staff=staff, resident_id=resident_id)
    if resident_id is not None:
        institution_tell(referral, referral.sender, "consent", now)
    return consent


def consent_withdraw(*, referral_id: UUID, resident_id: UUID, now: dt.datetime) -> None:
    """Take the consent back; this function will cancel what has not been seen yet, and hide the texts from the receiver.

    What the receiver has read can not be unread; that it was read stands in the access log.  About 8 queries.
    Raises ReferralUnknown.
    """
    with transaction.atomic():
        referral = referral_locked(referral_id)
        if resident_id not in residents_of_patient(patient_id=referral.patient_id, now=now):
            raise ReferralUnknown
        if not ReferralConsent.objects.filter(referral=referral, withdrawn_at=None).exists():
            return
        move = move_of(state=ReferralState(referral.state), verb=Verb.CANCEL, side=Side.PATIENT)
        if move is not None:
            referral_moved(referral, move.target, Verb.CANCEL, now, resident_id=resident_id, text="")
        ReferralConsent.objects.filter(referral=referral, withdrawn_at=None).update(withdrawn_at=now)
        event_add(referral, verb="withdraw", now=now, resident_id=resident_id)
        institution_tell(referral, referral.receiver, "withdraw", now)


def consent_check(referral: Referral) -> None:
    """Refuse without a consent for the present receiver.  1 query.  Raises ReferralConsentMissing."""
    if not ReferralConsent.objects.filter(
        referral=referral, receiver_id=referral.receiver_id, withdrawn_at=None
    ).exists():
        raise ReferralConsentMissing(receiver=str(referral.receiver))
