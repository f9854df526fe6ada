"""Persons a resident may book for."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.accounts import selectors as accounts
from apps.clinics.errors import (
    AccessDaysInvalid,
    IdentityInvalid,
    PatientAlready,
    PatientConsentMissing,
    PatientMismatch,
    PatientsTooMany,
    PatientTooOld,
    PatientUnknown,
)
from apps.clinics.models import Patient, PatientAccess
from apps.common.clock import local
from apps.common.crypto import lookup_hash
from apps.common.identity import age_on, identity_of, other_number
from apps.common.locks import Lock, lock_hold

MOST_PATIENTS = 8
# Under 18 a parent acts by law (Civil Code, 17 to 27); a grown person's consent ends by a day and is given anew.
CHILD_UNDER, MOST_CONSENT_DAYS = 18, 366


@dataclass(frozen=True, slots=True)
class PatientDraft:
    """What a resident enters.  ``birth_on``, ``is_female`` only for other documents: a card's number says them.

    ``days``  how long a grown person's consent holds
    """

    relation: str
    name: str
    id_kind: str
    id_number: str
    phone: str = ""
    birth_on: dt.date | None = None
    is_female: bool | None = None
    days: int | None = None
    consent: bool = True


def patient_add(*, resident_id: UUID, draft: PatientDraft, now: dt.datetime) -> PatientAccess:
    """Let a resident book for a person; this function will keep one row a person, whoever books for them.

    A person known here already must bear the name given.  The resident sees what they booked themselves, never what
    others booked for the same person; but for oneself, which only one resident can be.  A child's ends with the day before
    it comes of age.  The consent is kept with the version of the policy in force.  8 queries.
    Raises PatientConsentMissing, IdentityInvalid, PatientMismatch, PatientTooOld, AccessDaysInvalid, PatientsTooMany,
    PatientAlready.
    """
    if not draft.consent:
        raise PatientConsentMissing(attr="consent")
    policy = accounts.policy_current(now=now)
    if policy is None:
        raise PatientConsentMissing(attr="consent")
    today = local(now).date()
    number, birth_on, is_female = _identity(draft, today)
    if draft.relation == "child" and age_on(birth_on, today) >= CHILD_UNDER:
        raise PatientTooOld(attr="relation", limit=CHILD_UNDER)
    valid_to = _valid_to(draft, birth_on, today)
    id_hash = lookup_hash(f"{draft.id_kind}:{number}", purpose="patient")
    with transaction.atomic():
        lock_hold(Lock.PATIENTS, of=str(resident_id))
        mine = PatientAccess.objects.filter(resident_id=resident_id, ended_at=None)
        # What ran out stands in nobody's way: the consent is given anew.
        mine.filter(valid_to__lt=today).update(ended_at=now)
        if mine.count() >= MOST_PATIENTS:
            raise PatientsTooMany(limit=MOST_PATIENTS)
        Patient.objects.bulk_create(
            [
                Patient(
                    name=draft.name, id_kind=draft.id_kind, id_number=number, id_hash=id_hash, phone=draft.phone or None,
                    birth_on=birth_on, gender="female" if is_female else "male", created_at=now,
                )
            ],
            ignore_conflicts=True,
        )  # fmt: skip
        patient = Patient.objects.get(id_hash=id_hash)
        if patient.name != draft.name:
            raise PatientMismatch(attr="name")
        try:
            with transaction.atomic():
                return PatientAccess.objects.create(
                    resident_id=resident_id, patient=patient, relation=draft.relation, consented_at=now, valid_to=valid_to,
                    policy=policy.version,
                )  # fmt: skip
        except IntegrityError as error:
            if "patient_access_once" in str(error) or "patient_one_self" in str(error):
                raise PatientAlready(attr="relation") from None
            if "patient_self_of_one" in str(error):
                raise PatientMismatch(attr="relation") from None
            raise


def _identity(draft: PatientDraft, today: dt.date) -> tuple[str, dt.date, bool]:
    if draft.id_kind == "resident":
        found = identity_of(draft.id_number, today=today)
        if found is None:
            raise IdentityInvalid(attr="id_number")
        return found.number, found.birth_on, found.is_female
    number = other_number(draft.id_number)
    if number is None:
        raise IdentityInvalid(attr="id_number")
    if (
        draft.birth_on is None
        or draft.is_female is None
        or not dt.date(1900, 1, 1) <= draft.birth_on <= today
    ):
        raise IdentityInvalid(attr="birth_on")
    return number, draft.birth_on, draft.is_female


def _valid_to(draft: PatientDraft, birth_on: dt.date, today: dt.date) -> dt.date | None:
    if draft.relation == "self":
        return None
    if draft.relation == "child":
        # The last day before the birthday; born on 29 February: before 1 March.
        return dt.date(birth_on.year + CHILD_UNDER, birth_on.month, 1) + dt.timedelta(days=birth_on.day - 2)
    days = draft.days if draft.days is not None else MOST_CONSENT_DAYS
    if not 1 <= days <= MOST_CONSENT_DAYS:
        raise AccessDaysInvalid(attr="days", limit=MOST_CONSENT_DAYS)
    return today + dt.timedelta(days=days)


def access_end(*, access_id: UUID, resident_id: UUID, now: dt.datetime) -> None:
    """Book for this person no more; appointments made stay.  1 query.  Raises PatientUnknown."""
    mine = PatientAccess.objects.filter(pk=access_id, resident_id=resident_id, ended_at=None)
    if not mine.update(ended_at=now):
        raise PatientUnknown


def patient_at_counter(*, draft: PatientDraft, now: dt.datetime) -> Patient:
    """Return the row of someone who stands at the counter with a card, made if it is not there.  2 queries.

    A telephone given fills in for one that is missing, and never replaces one.
    Raises IdentityInvalid, PatientMismatch.
    """
    number, birth_on, is_female = _identity(draft, local(now).date())
    id_hash = lookup_hash(f"{draft.id_kind}:{number}", purpose="patient")
    patient, _made = Patient.objects.get_or_create(
        id_hash=id_hash,
        defaults={
            "name": draft.name, "id_kind": draft.id_kind, "id_number": number, "phone": draft.phone or None,
            "birth_on": birth_on, "gender": "female" if is_female else "male", "created_at": now,
        },
    )  # fmt: skip
    if patient.name != draft.name:
        raise PatientMismatch(attr="name")
    if draft.phone and not patient.phone:
        patient.phone = draft.phone
        patient.save(update_fields=["phone"])
    return patient
