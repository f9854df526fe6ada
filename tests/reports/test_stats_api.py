"""The public figures: only what is published, with its words, and no number that could be a known person."""

from __future__ import annotations

import datetime as dt

import pytest

from apps.common.changes import forget_all
from apps.reports import services
from apps.reports.models import IndicatorDefinition
from tests.conftest import MORNING
from tests.factories.histories import walk_write
from tests.factories.people import attr_of, code_of
from tests.reports.test_aggregation import exclude
from tests.reports.test_table import DAY, answered

PATH = "feedback/stats"


@pytest.fixture
def seven_answers(resident, clock):
    """Six in time and one late, of the unit CG, and two of SW."""
    begun = {"at": MORNING - 6 * DAY}
    walks = [answered(resident, after=DAY, **begun) for _each in range(6)]
    walks += [answered(resident, after=3 * DAY, **begun)]
    walks += [answered(resident, after=DAY, to="SW", **begun) for _each in range(2)]
    walk_write(*walks)
    services.figures_rebuild(now=MORNING)
    return walks


def figures(answer):
    return {one["code"]: one for one in answer.json()["figures"]}


def test_everybody_reads_the_published_figures_with_their_definitions(anyone, seven_answers):
    answer = anyone.get(PATH)

    body = answer.json()
    assert (answer.status_code, body["from"], body["to"], body["unit"]) == (
        200,
        "2026-02-09",
        "2026-03-10",
        None,
    )
    assert body["as_of"] == "2026-03-10T10:00:00+08:00"
    published = set(IndicatorDefinition.objects.filter(is_published=True).values_list("code", flat=True))
    assert set(figures(answer)) == published
    one = figures(answer)["on_time_rate"]
    words = IndicatorDefinition.objects.get(code="on_time_rate")
    assert one == {
        "code": "on_time_rate", "version": 1, "name": "按时答复率", "numerator": 8, "denominator": 9, "rate": 0.8889,
        "small_sample": True, "excluded": 0, "suppressed": False,
        "definition": {
            "numerator": words.numerator, "denominator": words.denominator, "exclusions": words.exclusions,
            "source": words.source, "valid_from": "2026-01-01",
        },
    }  # fmt: skip


def test_a_unit_is_asked_for_by_its_code_and_small_numbers_are_not_shown(anyone, seven_answers):
    of_cg, of_sw = (figures(anyone.get(PATH, unit=code))["on_time_rate"] for code in ("CG", "SW"))

    assert (of_cg["numerator"], of_cg["denominator"], of_cg["suppressed"]) == (6, 7, False)
    assert (of_sw["numerator"], of_sw["denominator"], of_sw["rate"], of_sw["suppressed"]) == (
        None,
        None,
        None,
        True,
    )
    assert anyone.get(PATH, unit="SW").json()["unit"] == {"code": "SW", "name": "区水务局"}


def test_an_indicator_that_is_withdrawn_from_publication_disappears(anyone, seven_answers):
    IndicatorDefinition.objects.filter(code="on_time_rate").update(is_published=False)
    forget_all()

    assert "on_time_rate" not in figures(anyone.get(PATH))


def test_exclusions_are_counted_beside_the_figure(anyone, seven_answers, staff):
    clerk, head = staff("intake_clerk"), staff("desk_head")
    for walk in seven_answers[:1]:
        exclude(walk.case, asker=clerk, decider=head)
    services.figures_refresh(now=MORNING)
    forget_all()

    one = figures(anyone.get(PATH))["on_time_rate"]

    assert (one["numerator"], one["denominator"], one["excluded"], one["suppressed"]) == (7, 8, None, True)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"from": "2026-13-01"}, "to"),
        ({"to": "gestern"}, "from"),
        ({"from": "2026-03-02", "to": "2026-03-01"}, "from"),
        ({"from": "2025-01-01", "to": "2026-03-01"}, "from"),
        ({"from": "2026-03-01T10:00", "to": "2026-03-02"}, "to"),
        ({"from": "9999-12-31", "to": "0001-01-01"}, "from"),
    ],
)
def test_a_period_that_can_not_be_is_refused(anyone, db, clock, given, field):
    answer = anyone.get(PATH, **given)

    assert (answer.status_code, code_of(answer), attr_of(answer)) == (400, "period_invalid", field)


@pytest.mark.parametrize("unit", ["nonsense", "1", "\x00", "字" * 200])
def test_a_unit_that_is_not_there_is_refused(anyone, db, clock, unit):
    answer = anyone.get(PATH, unit=unit)

    if unit == "\x00":
        assert answer.status_code in (200, 400)
    else:
        assert (answer.status_code, code_of(answer), attr_of(answer)) == (400, "unit_unknown", "unit")


def test_400_days_are_answered_and_401_are_not(anyone, db, clock):
    last = MORNING.date()

    def ask(days: int) -> int:
        return anyone.get(PATH, **{"from": last - dt.timedelta(days=days - 1), "to": last}).status_code

    assert (ask(400), ask(401)) == (200, 400)


def test_the_answer_is_kept_until_the_figures_are_counted_anew(anyone, seven_answers):
    first = anyone.get(PATH)

    again = anyone.get(PATH, headers={"If-None-Match": first["ETag"]})

    assert (first["Cache-Control"], again.status_code) == ("public, max-age=60", 304)
