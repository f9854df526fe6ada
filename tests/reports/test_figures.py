"""From sums to figures, and from figures to what the public may see."""

from __future__ import annotations

import pytest

from apps.reports.definitions import FORMULAS, Basis, FormulaUnknown, Measure, formula_of
from apps.reports.figures import Figure, PublicFigure, figure_of, public_of

M = Measure


def on_time(sums, stock):
    return figure_of(
        code="on_time_rate",
        version=1,
        formula=FORMULAS["on_time_rate", 1],
        small_sample=30,
        sums=sums,
        stock=stock,
    )


def test_a_formula_of_an_unknown_version_is_refused():
    with pytest.raises(FormulaUnknown):
        formula_of(code="on_time_rate", version=2)


def test_excluded_cases_leave_both_sides_and_are_told():
    figure = on_time(
        {
            "": {M.ANSWERED: 40, M.ANSWERED_IN_TIME: 36},
            Basis.UNREASONABLE: {M.ANSWERED: 3, M.ANSWERED_IN_TIME: 1},
        },
        {"": 8, Basis.OUT_OF_REMIT: 2},
    )

    assert figure == Figure("on_time_rate", 1, 36, 48, 0.75, 8, small_sample=False, excluded=5)


def test_nothing_to_divide_by_is_no_rate():
    assert on_time({}, {}) == Figure("on_time_rate", 1, 0, 0, None, 0, small_sample=True, excluded=0)


def figure(numerator, denominator, excluded=0):
    rate = numerator / denominator if denominator else None
    return Figure("x", 1, numerator, denominator, rate, 0, small_sample=False, excluded=excluded)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (figure(5, 10), PublicFigure(5, 10, 0.5, 0, suppressed=False)),
        (figure(4, 10), PublicFigure(None, 10, None, 0, suppressed=True)),
        (figure(0, 10), PublicFigure(0, 10, 0.0, 0, suppressed=False)),
        (figure(0, 4), PublicFigure(None, None, None, 0, suppressed=True)),
        (figure(4, 4), PublicFigure(None, None, None, 0, suppressed=True)),
        (figure(0, 0), PublicFigure(0, 0, None, 0, suppressed=False)),
        (figure(3, None), PublicFigure(None, None, None, 0, suppressed=True)),
        (figure(7, None), PublicFigure(7, None, None, 0, suppressed=False)),
        (figure(8, 9, excluded=2), PublicFigure(8, 9, 8 / 9, None, suppressed=True)),
    ],
)
def test_numbers_of_one_to_four_are_not_published(given, shown):
    assert public_of(figure=given) == shown
