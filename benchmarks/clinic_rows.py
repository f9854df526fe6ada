"""``python -m benchmarks.clinic_rows``: clinics with many slots, and residents who all want the same ones.

``rush RESIDENTS PLACES``  makes that many residents with a patient each, a session of PLACES slots for one, and a session
                           of one slot for PLACES; prints tokens, patients and slots
``slots N``                makes N slots by SQL: departments with 10,000 each, two sessions a day for 500 days
``sums``                   prints how many appointments stand and how many counters differ from their claims
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from typing import Any
from uuid import UUID

import django

DAYS, SESSIONS_A_DAY, SLOTS_A_SESSION = 500, 2, 10
_SESSIONS = """
INSERT INTO clinics_clinicsession (id, department_id, "on", starts_at, ends_at, release_at, state)
SELECT gen_random_uuid(), d.id, day.on, day.on + at.time, day.on + at.time + interval '5 hours', now() - interval '1 day', 'open'
FROM clinics_department d, (SELECT CURRENT_DATE - %(days)s / 2 + n AS on FROM generate_series(1, %(days)s) n) day,
    (VALUES (interval '1 hour'), (interval '6 hours')) at (time)
WHERE d.code LIKE %(like)s
"""
_CAPACITIES = """
CREATE TEMPORARY TABLE bench_slot AS
SELECT gen_random_uuid() AS id, gen_random_uuid() AS capacity, s.id AS session, s.department_id AS department,
    s.starts_at + n * interval '30 minutes' AS at
FROM clinics_clinicsession s, generate_series(0, %(slots)s - 1) n
WHERE s.department_id IN (SELECT id FROM clinics_department WHERE code LIKE %(like)s);
INSERT INTO capacity_capacity (id, key, queue, happens_at, happens_on, created_at, closed_why)
SELECT capacity, 'clinics.slot:' || id, 'clinics.department:' || department, at, (at AT TIME ZONE 'Asia/Shanghai')::date, now(), ''
FROM bench_slot;
INSERT INTO clinics_slot (id, session_id, starts_at, ends_at, capacity_id)
SELECT id, session, at, at + interval '30 minutes', capacity FROM bench_slot;
INSERT INTO capacity_pool (capacity_id, name, total, used, opens_at, opens_to_all_at, is_closed)
SELECT capacity, pool.name, 2, 0, NULL, CASE WHEN pool.name = 'referral' THEN at - interval '1 day' END, FALSE
FROM bench_slot, (VALUES ('public'), ('referral')) pool (name);
-- Every third public unit is taken.
INSERT INTO capacity_claim (id, pool_id, units, owner, idempotency_key, state, created_at, ended_why)
SELECT gen_random_uuid(), p.id, 1, 'bench', 'bench:' || p.id, 'taken', now(), '' FROM capacity_pool p
WHERE p.name = 'public' AND p.id %% 3 = 0 AND p.capacity_id IN (SELECT capacity FROM bench_slot);
"""


def _clinic(code: str, count: int) -> list[Any]:
    """Make departments of a clinic of their own."""
    from apps.clinics.models import Department, Institution
    from apps.common import clock
    from apps.facilities.models import Facility, FacilityKind

    now = clock.now()
    kind, _made = FacilityKind.objects.get_or_create(code="clinic", defaults={"name": "clinic"})
    place = Facility.objects.create(name=code, kind=kind, created_at=now, updated_at=now)
    institution = Institution.objects.create(facility=place, level="primary")
    return Department.objects.bulk_create(
        Department(institution=institution, code=f"{code}-{number}", name=f"{code} {number}")
        for number in range(count)
    )


def _session(department: Any, *, slots: int, units: int) -> list[UUID]:
    from apps.clinics import services
    from apps.common import clock

    now = clock.now()
    starts_at = clock.local(now).replace(hour=8, minute=0, second=0, microsecond=0) + dt.timedelta(days=2)
    session = services.session_add(
        department=department, practitioner=None, room=None, starts_at=starts_at,
        ends_at=starts_at + dt.timedelta(minutes=5 * slots), minutes=5, pools={"public": units}, now=now,
    )  # fmt: skip
    return list(session.slots.order_by("starts_at").values_list("id", flat=True))


def _rush(residents: int, places: int) -> dict[str, Any]:
    from apps.accounts import selectors as accounts
    from apps.accounts import services as people
    from apps.clinics.models import Patient, PatientAccess
    from apps.common import clock

    now = clock.now()
    policy = accounts.policy_current(now=now)
    version = policy.version if policy else None
    tokens, patients, accesses = [], [], []
    for number in range(residents):
        resident, pair, _new = people.resident_sign_in(
            openid=f"bench-rush-{number}", unionid=None, privacy_version=version, now=now
        )
        tokens.append(pair.access)
        patients.append(
            Patient(
                name="演示患者", id_kind="other", id_number=f"BENCH{number:06d}", id_hash=f"bench-{number}",
                birth_on=dt.date(1980, 1, 1), gender="female", created_at=now,
            )
        )  # fmt: skip
        accesses.append(
            PatientAccess(resident=resident, patient=patients[-1], relation="self", consented_at=now)
        )
    Patient.objects.bulk_create(patients, batch_size=1000)
    PatientAccess.objects.bulk_create(accesses, batch_size=1000)
    spread, single = _clinic("rush", 2)
    return {
        "tokens": tokens, "patients": [str(one.pk) for one in patients],
        "spread": [str(one) for one in _session(spread, slots=places, units=1)],
        "single": [str(one) for one in _session(single, slots=1, units=places)],
    }  # fmt: skip


def _slots(count: int) -> dict[str, Any]:
    from django.db import connection

    from apps.clinics.models import Slot

    code = f"bench{count}"
    departments = _clinic(code, count // (DAYS * SESSIONS_A_DAY * SLOTS_A_SESSION))
    like = f"{code}-%"
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(_SESSIONS, {"days": DAYS, "like": like})
        for statement in _CAPACITIES.split(";\n"):
            if statement.strip():
                cursor.execute(statement, {"slots": SLOTS_A_SESSION, "like": like})
        cursor.execute("DROP TABLE bench_slot")
        cursor.execute("VACUUM ANALYZE")
    return {"slots": Slot.objects.count(), "departments": [one.pk for one in departments]}


def _sums() -> dict[str, int]:
    from apps.capacity.services import reconcile
    from apps.clinics.models import Appointment
    from apps.common import clock

    return {
        "booked": Appointment.objects.filter(state="booked", department__code__startswith="rush").count(),
        "differing": reconcile(now=clock.now()).differing,
    }


if __name__ == "__main__":
    django.setup()
    act, *numbers = sys.argv[1:]
    print(json.dumps({"rush": _rush, "slots": _slots, "sums": _sums}[act](*(int(one) for one in numbers))))
