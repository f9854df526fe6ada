"""From sums of measures to the figures that people read.  Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from apps.reports.definitions import Basis, Formula, Measure

Sums = Mapping[str, Mapping[Measure, int]]  # by basis of exclusion, "" for what is left out nowhere
SUPPRESSED_BELOW = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """One indicator for one row of a table.

    ``denominator``   None for a count
    ``rate``          0 to 1; None for a count and where the denominator is 0
    ``stock``         of the denominator: late and unanswered when the period ended
    ``small_sample``  whether the denominator is below what the definition says
    ``excluded``      what approved exclusions left out of the denominator (of a count: of it)
    """

    code: str
    version: int
    numerator: int
    denominator: int | None
    rate: float | None
    stock: int
    small_sample: bool
    excluded: int


def figure_of(
    *, code: str, version: int, formula: Formula, small_sample: int, sums: Sums, stock: Mapping[str, int]
) -> Figure:
    """Return the figure that ``formula`` makes of sums of measures and of a stock, both by basis.  No query."""
    kept = [basis for basis in {*sums, *stock} if not basis or Basis(basis) not in formula.excludes]
    left = [basis for basis in {*sums, *stock} if basis not in kept]
    whole = formula.denominator or formula.numerator

    def added(measures: tuple[Measure, ...], bases: list[str]) -> int:
        return sum(sums.get(basis, {}).get(measure, 0) for basis in bases for measure in measures)

    def late(bases: list[str]) -> int:
        return sum(stock.get(basis, 0) for basis in bases) if formula.stock else 0

    numerator = added(formula.numerator, kept)
    excluded = added(whole, left) + late(left)
    if not formula.denominator:
        return Figure(code, version, numerator, None, None, 0, small_sample=False, excluded=excluded)
    denominator = added(whole, kept) + late(kept)
    return Figure(
        code, version, numerator, denominator, numerator / denominator if denominator else None, late(kept),
        small_sample=denominator < small_sample, excluded=excluded,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class PublicFigure:
    """A figure as the public may see it: None stands for a number of 1 to 4 people, which could be known persons."""

    numerator: int | None
    denominator: int | None
    rate: float | None
    excluded: int | None
    suppressed: bool


def public_of(*, figure: Figure) -> PublicFigure:
    """Return the figure with small counts left out, and with them whatever they could be reckoned from.  No query."""

    def shown(count: int | None) -> int | None:
        return None if count is None or 0 < count < SUPPRESSED_BELOW else count

    denominator = shown(figure.denominator)
    known = figure.denominator is None or denominator is not None
    numerator = shown(figure.numerator) if known else None
    rate = figure.rate if numerator is not None else None
    excluded = shown(figure.excluded)
    hidden = numerator is None or not known or excluded is None
    return PublicFigure(numerator, denominator, rate, excluded, suppressed=hidden)
