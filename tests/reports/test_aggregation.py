"""The statement that counts and the replay that walks say the same, whatever happened and in whatever order it is counted."""

from __future__ import annotations

import datetime as dt
import random

import pytest

from apps.reports import services
from apps.reports.definitions import Measure
from apps.reports.models import CaseExclusion, DailyFigure, FigureState, Measured, UnitFigure
from apps.reports.verification import figures_verify
from tests.conftest import MORNING
from tests.factories.histories import random_walks, walk_write

START = MORNING - dt.timedelta(days=25)
FIRST, LAST = dt.date(2026, 2, 1), dt.date(2026, 4, 30)
KEYS = ("day", "unit_id", "street_id", "category_id", "request_type", "basis")


def stored() -> list[tuple[object, ...]]:
    names = [measure.value for measure in Measure]
    return sorted(DailyFigure.objects.values_list(*KEYS, *names), key=str)


def unit_figures() -> list[tuple[object, ...]]:
    return sorted(
        UnitFigure.objects.values_list("day", "unit_id", "basis", *[m.value for m in Measure]), key=str
    )


def exclude(case, *, asker, decider, basis="unreasonable", at=MORNING) -> CaseExclusion:
    return CaseExclusion.objects.create(
        case=case, basis=basis, reason="x", state="approved", asked_by=asker, asked_at=at, decided_by=decider,
        decided_at=at,
    )  # fmt: skip


def test_each_measure_is_a_column():
    assert {measure.value for measure in Measure} == {field.name for field in Measured._meta.fields}


@pytest.mark.parametrize("seed", range(6))
def test_the_statement_and_the_replay_agree_on_any_history(resident, staff, seed):
    clerk, head = staff("intake_clerk"), staff("desk_head")
    walks = random_walks(resident.resident_id, seed=seed, count=60, start=START, days=20, staff=clerk)
    walk_write(*walks)
    for walk in walks[::9]:
        exclude(walk.case, asker=clerk, decider=head, basis=("unreasonable", "force_majeure")[seed % 2])

    services.figures_rebuild(now=MORNING)

    assert figures_verify(since=FIRST, until=LAST) == []
    assert sum(DailyFigure.objects.values_list("submitted", flat=True)) == sum(
        walk.case.parent is None and walk.case.submitted_at <= MORNING for walk in walks
    )


def test_counting_bit_by_bit_and_all_at_once_gives_the_same_rows(resident, staff):
    walks = random_walks(
        resident.resident_id, seed=77, count=80, start=START, days=20, staff=staff("intake_clerk")
    )
    walk_write(*walks)
    moments = [START + dt.timedelta(hours=hours) for hours in (0, 1, 30, 31, 150, 300, 420, 600)]

    for moment in moments:
        services.figures_refresh(now=moment)
        assert figures_verify(since=FIRST, until=LAST) == []
    refreshed, of_units = stored(), unit_figures()
    services.figures_rebuild(now=moments[-1])

    assert stored() == refreshed
    assert unit_figures() == of_units


def test_days_counted_anew_in_any_order_give_the_rows_that_were_there(resident, staff):
    walk_write(
        *random_walks(
            resident.resident_id, seed=5, count=60, start=START, days=20, staff=staff("intake_clerk")
        )
    )
    services.figures_rebuild(now=MORNING)
    before, of_units = stored(), unit_figures()
    days = sorted({row[0] for row in before})
    random.Random(1).shuffle(days)

    for place in range(0, len(days), 3):
        services.figures_day_rebuild(days=days[place : place + 3], now=MORNING + dt.timedelta(days=3))

    assert stored() == before
    assert unit_figures() == of_units
    assert FigureState.objects.get().as_of == MORNING


def test_an_approved_exclusion_moves_all_days_of_its_case_to_its_basis(resident, staff):
    clerk, head = staff("intake_clerk"), staff("desk_head")
    walks = random_walks(resident.resident_id, seed=9, count=40, start=START, days=20, staff=clerk)
    walk_write(*walks)
    services.figures_rebuild(now=MORNING)
    chosen = max((w for w in walks if w.case.parent is None), key=lambda walk: len(walk.entries))

    exclusion = exclude(chosen.case, asker=clerk, decider=head)
    services.figures_refresh(now=MORNING + dt.timedelta(minutes=10))
    refreshed = stored()

    assert figures_verify(since=FIRST, until=LAST) == []
    assert sum(DailyFigure.objects.filter(basis="unreasonable").values_list("submitted", flat=True)) == 1
    exclusion.refresh_from_db()
    assert exclusion.counted_at == MORNING + dt.timedelta(minutes=10)
    services.figures_rebuild(now=MORNING + dt.timedelta(minutes=10))
    assert stored() == refreshed


def test_a_changed_figure_is_found(resident, staff):
    walk_write(
        *random_walks(
            resident.resident_id, seed=2, count=20, start=START, days=20, staff=staff("intake_clerk")
        )
    )
    services.figures_rebuild(now=MORNING)
    row = DailyFigure.objects.filter(submitted=1).order_by("day", "id")[0]
    DailyFigure.objects.filter(id=row.id).update(submitted=2)

    found = figures_verify(since=FIRST, until=LAST)

    assert [(one.measure, one.stored, one.replayed) for one in found] == [
        (Measure.SUBMITTED, 2, 1),
        (Measure.SUBMITTED, UnitFigure.objects.get(day=row.day, unit=row.unit_id, basis="").submitted,
         UnitFigure.objects.get(day=row.day, unit=row.unit_id, basis="").submitted + 1),
    ]  # fmt: skip
