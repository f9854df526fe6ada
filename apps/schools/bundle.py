"""What is published of a round: everything needed to check it offline, under pseudonyms only.

    roster.jsonl      the frozen roster, byte for byte
    draw.json         commitment, secret, public number and where it comes from
    result.jsonl      each applicant's lot and place
    certificate.json  what the independent checker looked at
    manifest.json     the SHA-256 of each of these

Each file is canonical JSON, so one other byte is another file.  ``verify.py`` stands beside them.
"""

from __future__ import annotations

import hashlib
import json

from apps.schools.allocation import ALGORITHM_VERSION, Outcome
from apps.schools.checker import Certificate
from apps.schools.draw import draw_number, seed_of
from apps.schools.standing import canonical, roster_hash, roster_read

MANIFEST = "manifest.json"


def bundle_files(
    roster: bytes,
    commitment: str,
    secret: bytes,
    public_number: str,
    public_source: str,
    outcome: Outcome,
    certificate: Certificate,
) -> dict[str, bytes]:
    """Return the files of a published round by name.  Raises RosterInvalid."""
    held, fingerprint = roster_read(roster), roster_hash(roster)
    seed = seed_of(secret, public_number, fingerprint)
    result = b"".join(
        canonical(
            {
                "id": one.pseudonym,
                "intake": outcome.assigned[one.pseudonym],
                "lot": draw_number(seed, one.pseudonym),
            }
        )
        for one in held.applicants
    )
    files = {
        "roster.jsonl": roster,
        "draw.json": canonical(
            {
                "algorithm": ALGORITHM_VERSION, "commitment": commitment, "public_number": public_number,
                "public_source": public_source, "roster_sha256": fingerprint, "round": held.round_code, "secret": secret.hex(),
            }
        ),
        "result.jsonl": result,
        "certificate.json": canonical(
            {
                "applicants": certificate.applicants, "children": certificate.children,
                "guarantees": list(certificate.guarantees), "holds": certificate.ok, "placed": certificate.placed,
                "policy": certificate.policy, "problems": list(certificate.problems),
                "result_sha256": hashlib.sha256(result).hexdigest(), "roster_sha256": fingerprint, "seats": certificate.seats,
            }
        ),
    }  # fmt: skip
    sums = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    return files | {MANIFEST: canonical({"files": sums, "round": held.round_code})}


def outcome_read(result: str) -> Outcome:
    """Return what ``result.jsonl`` says of who gets which place."""
    rows = [json.loads(line) for line in result.splitlines()]
    return Outcome({row["id"]: row["intake"] for row in rows})
