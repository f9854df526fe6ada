"""Keeping the public seat counter of each evening."""

from __future__ import annotations

import datetime as dt

from apps.common.clock import local
from apps.schools.models import AdmissionRound, IntakeCount
from apps.schools.selectors import intakes_public
from apps.schools.states import RoundState


def counts_keep(*, now: dt.datetime) -> int:
    """Write down what the counter of each running round says today; returns how many intakes.  Again: nothing changes.

    1 query and 9 for each running round.
    """
    on = local(now).date()
    running = AdmissionRound.objects.exclude(state__in=[RoundState.SETUP, RoundState.FINAL]).order_by("id")
    rows = [
        IntakeCount(
            intake=one.intake, on=on, places=one.places, applied=one.applied, verified=one.verified, offered=one.offered,
            accepted=one.accepted, waiting=one.waiting,
        )
        for round_id in running.values_list("id", flat=True)
        for one in intakes_public(round_id=round_id)
    ]  # fmt: skip
    IntakeCount.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)
