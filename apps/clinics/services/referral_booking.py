"""Booking for a referral: the appointment from the pool that is kept for referrals, and the referral's own step, together."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.clinics.models.referrals import Referral
from apps.clinics.referral_errors import ReferralUnknown
from apps.clinics.referral_states import Verb
from apps.clinics.services.booking import appointment_book_by_staff
from apps.clinics.services.referrals import referral_act
from apps.clinics.states import Channel


def referral_book(
    *, referral_id: UUID, slot_id: UUID, staff: Any, version: int, now: dt.datetime
) -> Referral:
    """Book a slot for the patient of an accepted referral; this function will write appointment and step or neither.

    From the pool for referrals, else from what everybody may take.  About 25 queries.
    Raises as ``appointment_book_by_staff`` and ``referral_act``.
    """
    with transaction.atomic():
        patient_id = Referral.objects.filter(pk=referral_id).values_list("patient_id", flat=True).first()
        if patient_id is None:
            raise ReferralUnknown
        booked = appointment_book_by_staff(
            slot_id=slot_id, patient_id=patient_id, staff=staff, channel=Channel.REFERRAL, now=now
        )
        return referral_act(
            referral_id=referral_id, staff=staff, verb=Verb.BOOK, version=version, now=now,
            appointment_id=booked.appointment.pk,
        )  # fmt: skip
