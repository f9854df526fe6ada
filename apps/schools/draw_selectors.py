"""What the public may see of a draw, and from when on."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from apps.schools.models import AdmissionRound, AllocationRun, Draw, RosterFreeze
from apps.schools.states import RoundState

ROSTER = "roster.jsonl"


@dataclass(frozen=True, slots=True)
class DrawTold:
    """Everything that is public of a round's draw by now; None for what is not yet."""

    roster_hash: str | None = None
    frozen_at: dt.datetime | None = None
    applicants: int | None = None
    commitment: str | None = None
    committed_at: dt.datetime | None = None
    public_number: str | None = None
    secret: str | None = None
    revealed_at: dt.datetime | None = None
    algorithm: str | None = None
    certificate_holds: bool | None = None
    bundle_hash: str | None = None
    files: tuple[str, ...] = ()


def draw_public(*, held: AdmissionRound) -> DrawTold:
    """Return what is public of a draw: the fingerprint from the freeze on, the secret after the reveal, all when published.

    At most 3 queries.
    """
    freeze = RosterFreeze.objects.filter(round=held).defer("roster").first()
    if freeze is None:
        return DrawTold()
    draw = Draw.objects.filter(round=held).first()
    run = AllocationRun.objects.filter(round=held).first() if _published(held) else None
    revealed = draw is not None and draw.revealed_at is not None
    return DrawTold(
        roster_hash=freeze.sha256, frozen_at=freeze.frozen_at, applicants=freeze.applicants,
        commitment=draw.commitment if draw else None, committed_at=draw.committed_at if draw else None,
        public_number=draw.public_number if draw and revealed else None, secret=draw.secret if draw and revealed else None,
        revealed_at=draw.revealed_at if draw else None, algorithm=run.algorithm if run else None,
        certificate_holds=run.holds if run else None, bundle_hash=run.sha256 if run else None,
        files=tuple(sorted(run.bundle)) if run else (ROSTER,),
    )  # fmt: skip


def _published(held: AdmissionRound) -> bool:
    return held.state in (RoundState.PUBLISHED, RoundState.FINAL)


def file_public(*, held: AdmissionRound, name: str) -> bytes | None:
    """Return a file of the bundle byte for byte, None where there is none yet.  The roster is public from the freeze on.  1 query."""
    if name == ROSTER:
        found = RosterFreeze.objects.filter(round=held).first()
        return None if found is None else bytes(found.roster)
    run = AllocationRun.objects.filter(round=held).first() if _published(held) else None
    text = run.bundle.get(name) if run else None
    return None if text is None else str(text).encode()
