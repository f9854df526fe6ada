"""What is counted and how indicators are made of it: data, standard library only.

A *measure* is a number that events add to, kept for each day, unit, street, category and type.  A *formula* says of which
measures an indicator is made; its words, dates and source are rows (``IndicatorDefinition``) of the same code and version.
A formula that is in use never changes: a new one gets the next version, so that old figures can be told again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Measure(StrEnum):
    """What events add to; each is a column of ``DailyFigure``."""

    SUBMITTED = "submitted"
    ACCEPTED = "accepted"  # accepted, or dispatched without having been accepted before
    REFUSED = "refused"
    DISPATCHED = "dispatched"
    CONTACT_ENDED = "contact_ended"  # the stage of the first contact ended: by it, or by its deadline
    CONTACT_IN_TIME = "contact_in_time"
    ANSWERED = "answered"
    ANSWERED_IN_TIME = "answered_in_time"
    VERIFIED = (
        "verified"  # answers that their resident has confirmed as resolved since, on the day of the answer
    )
    RATED = "rated"
    RESOLVED = "resolved"
    SATISFIED = "satisfied"
    REOPENED = "reopened"
    MERGED = "merged"
    WITHDRAWN = "withdrawn"
    NUDGES = "nudges"
    RETURNS_SENT = "returns_sent"
    RETURNS_RECEIVED = "returns_received"
    RETURNED_S = "returned_s"  # seconds from a return to the next unit, on the unit that returned
    OVERDUE_CHANGE = "overdue_change"  # cases that became late and unanswered, less those that ceased to be


class Basis(StrEnum):
    """Why a case is left out of indicators, after a review."""

    UNREASONABLE = "unreasonable"  # 不合理诉求
    OUT_OF_REMIT = "out_of_remit"  # 超出职责范围
    FORCE_MAJEURE = "force_majeure"  # 不可抗力


@dataclass(frozen=True, slots=True)
class Formula:
    """How an indicator is computed.

    ``numerator``    measures that are added up
    ``denominator``  measures that are added up; empty: the indicator is a count and has no rate
    ``stock``        whether what is late and unanswered when the period ends stands in the denominator too
    ``excludes``     bases of exclusions whose cases are left out on both sides
    """

    numerator: tuple[Measure, ...]
    denominator: tuple[Measure, ...] = ()
    stock: bool = False
    excludes: frozenset[Basis] = frozenset()

    @property
    def measures(self) -> frozenset[Measure]:
        """The measures needed."""
        return frozenset(self.numerator + self.denominator)


_NOT_THE_UNITS_DOING = frozenset({Basis.UNREASONABLE, Basis.OUT_OF_REMIT})
_M = Measure

FORMULAS: dict[tuple[str, int], Formula] = {
    ("responded_rate", 1): Formula((_M.CONTACT_IN_TIME,), (_M.CONTACT_ENDED,), excludes=frozenset(Basis)),
    ("on_time_rate", 1): Formula(
        (_M.ANSWERED_IN_TIME,), (_M.ANSWERED,), stock=True, excludes=frozenset(Basis)
    ),
    ("solved_rate", 1): Formula((_M.RESOLVED,), (_M.RATED,), excludes=_NOT_THE_UNITS_DOING),
    ("satisfied_rate", 1): Formula((_M.SATISFIED,), (_M.RATED,), excludes=_NOT_THE_UNITS_DOING),
    ("verified_resolution_rate", 1): Formula((_M.VERIFIED,), (_M.ANSWERED,), excludes=_NOT_THE_UNITS_DOING),
    ("submitted", 1): Formula((_M.SUBMITTED,)),
    ("accepted", 1): Formula((_M.ACCEPTED,)),
    ("refused", 1): Formula((_M.REFUSED,)),
    ("answered", 1): Formula((_M.ANSWERED,)),
    ("reopened", 1): Formula((_M.REOPENED,)),
    ("returned", 1): Formula((_M.RETURNS_SENT,)),
    ("merged", 1): Formula((_M.MERGED,)),
    ("withdrawn", 1): Formula((_M.WITHDRAWN,)),
    ("nudges", 1): Formula((_M.NUDGES,)),
}


class FormulaUnknown(Exception):
    """There is no formula of this code and version."""


def formula_of(*, code: str, version: int) -> Formula:
    """Return the formula.  Raises FormulaUnknown."""
    try:
        return FORMULAS[code, version]
    except KeyError:
        raise FormulaUnknown(f"{code} {version}") from None
