"""2,000 residents ask for 100 places over 64 connections: are exactly 100 booked, and is nobody answered with an error?

Twice: a session of 100 slots for one patient each, so that twenty want each slot; and one slot for 100, so that all want
the same counter.  Each resident asks once, for a patient of their own.
"""

from __future__ import annotations

import json
from uuid import uuid4

from benchmarks.load import Load, Ran, request_bytes
from benchmarks.report import Figure, Finding
from benchmarks.system import API, System

RESIDENTS, PLACES, CONNECTIONS = 2_000, 100, 64
ANSWERS = frozenset({201, 409})


def run(system: System) -> Finding:
    """Measure and return the finding."""
    made = json.loads(system.command("benchmarks.clinic_rows", "rush", str(RESIDENTS), str(PLACES)))
    found = {shape: _rush(system, made, made[shape]) for shape in ("spread", "single")}
    sums = json.loads(system.command("benchmarks.clinic_rows", "sums"))
    figures = []
    for shape, what in (("spread", f"{PLACES} slots for one"), ("single", f"one slot for {PLACES}")):
        booked = found[shape].answers[201]
        figures += [
            Figure(f"{what}: places that were not booked, or booked beyond", abs(PLACES - booked), "", 0),
            Figure(
                f"{what}: answers that are neither booked nor full",
                RESIDENTS - found[shape].answers.total(),
                "",
                0,
            ),
            Figure(f"{what}: requests/s", round(found[shape].per_s), "1/s"),
        ]
    return Finding(
        name="clinic_rush",
        question=f"{RESIDENTS:,} residents, {PLACES} places, {CONNECTIONS} connections: are exactly {PLACES} booked?",
        yardstick="",
        figures=[
            *figures,
            Figure("appointments in the tables that answers did not tell of", abs(2 * PLACES - sums["booked"]), "", 0),
            Figure("counters that differ from their claims", sums["differing"], "", 0),
        ],
        rows={"residents": RESIDENTS, "places": 2 * PLACES},
        notes=[f"{shape}: {dict(ran.answers)} in {ran.seconds:.1f} s" for shape, ran in found.items()],
    )  # fmt: skip


def _rush(system: System, made: dict[str, list[str]], slots: list[str]) -> Ran:
    requests = [
        request_bytes(
            "POST", f"{API}/clinics/appointments", number=number,
            headers={"Authorization": f"Bearer {token}", "Idempotency-Key": str(uuid4())},
            body=json.dumps({"slot": slots[number % len(slots)], "patient": patient}).encode(),
        )
        for number, (token, patient) in enumerate(zip(made["tokens"], made["patients"], strict=True))
    ]  # fmt: skip
    with Load(system.port, connections=CONNECTIONS) as load:
        return load.run(requests, expect=ANSWERS)
