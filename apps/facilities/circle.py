"""The circle of a quarter of an hour's walk (15 分钟生活圈): how far one walks, estimated.

There are no footpaths in the data, so that a walk is the straight line times a detour.  Everything made of it is an
estimate and is called one wherever it is shown.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

LEAST_MINUTES, MOST_MINUTES, MINUTES = 5, 30, 15


@dataclass(frozen=True, slots=True)
class WalkRule:
    """From ``valid_from`` on: metres walked a minute, how much longer a walk is than the straight line, and why."""

    valid_from: dt.date
    speed_m_min: float
    detour: float
    source: str


# Ascending.  GB 50180-2018 lays the circle of 15 minutes out for 800 to 1,000 m of walking; 70 m a minute (4.2 km/h) make
# 1,050 m, and 808 m of them as the crow flies.
WALK_RULES = (
    WalkRule(
        valid_from=dt.date(2018, 12, 1), speed_m_min=70.0, detour=1.3,
        source="project estimate held against GB 50180-2018 (800-1000 m in 15 minutes)",
    ),
)  # fmt: skip


def walk_rule(*, on: dt.date) -> WalkRule:
    """Return the rule in force on ``on``, the oldest before it."""
    return next((rule for rule in reversed(WALK_RULES) if rule.valid_from <= on), WALK_RULES[0])


def straight_m(*, minutes: int, rule: WalkRule) -> float:
    """Return how many metres as the crow flies are walked in ``minutes``."""
    return minutes * rule.speed_m_min / rule.detour


def walk_minutes(*, distance_m: float, rule: WalkRule) -> int:
    """Return the whole minutes that ``distance_m`` as the crow flies take on foot, rounded up, at least 1."""
    return max(1, math.ceil(distance_m * rule.detour / rule.speed_m_min))
