"""Faults on order: which call goes wrong, and how.  Seeded, so that a failing run can be had again."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class FaultKind(StrEnum):
    """What goes wrong."""

    # value: that errcode, with no effect; 43101 is the spurious refusal met under load.  On "/" (text messages) a text
    # such as "InternalError.Timeout".
    ERRCODE = "errcode"
    HTTP = "http"  # value: that HTTP status, with no effect
    SLOW = "slow"  # value: seconds before the effect; it comes even if the caller has gone
    CUT_BEFORE = "cut_before"  # the connection is cut, with no effect
    CUT_AFTER = "cut_after"  # the call takes effect, then the connection is cut


SMS_PATH = "/"
_DEFAULT_VALUE = {FaultKind.ERRCODE: -1, FaultKind.HTTP: 502, FaultKind.SLOW: 10}


@dataclass(slots=True)
class Fault:
    """One rule.

    path         exactly, or "*" for every path
    probability  of each matching call, 0 to 1
    every        each n-th matching call, counted from the first
    times        how often it strikes at most; None: until it is deleted
    code         the code of an ERRCODE on the path of text messages
    """

    path: str
    kind: FaultKind
    value: float
    probability: float = 1.0
    every: int = 1
    times: int | None = None
    seed: int = 0
    code: str = ""
    seen: int = 0
    struck: int = 0
    rng: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)  # noqa: S311 - chance on order

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Fault:
        """Read a rule given as JSON.  Raises ValueError naming the field."""
        try:
            kind = FaultKind(str(row.get("kind")))
        except ValueError:
            raise ValueError(f"kind: one of {', '.join(FaultKind)}") from None
        path = row.get("path")
        if not isinstance(path, str) or not (path == "*" or path.startswith("/")):
            raise ValueError('path: a path, or "*"')
        code = row.get("value") if path == SMS_PATH and kind is FaultKind.ERRCODE else None
        named = isinstance(code, str)
        fault = cls(
            path=path,
            kind=kind,
            value=0 if named else _number(row, "value", _DEFAULT_VALUE.get(kind, 0)),
            code=str(code) if named else "InternalError",
            probability=_number(row, "probability", 1.0),
            every=int(_number(row, "every", 1)),
            times=None if row.get("times") is None else int(_number(row, "times", 1)),
            seed=int(_number(row, "seed", 0)),
        )
        if not 0 <= fault.probability <= 1 or fault.every < 1:
            raise ValueError("probability: 0 to 1; every: 1 or more")
        if kind is FaultKind.HTTP and not 400 <= fault.value <= 599:
            raise ValueError("value: an HTTP status from 400 to 599")
        return fault

    def strikes(self) -> bool:
        """Tell whether this matching call goes wrong, and count it."""
        if self.times is not None and self.struck >= self.times:
            return False
        self.seen += 1
        if self.seen % self.every or self.rng.random() >= self.probability:
            return False
        self.struck += 1
        return True


@dataclass(slots=True)
class FaultPlan:
    """The rules in force; for each call the first that strikes counts."""

    faults: list[Fault] = field(default_factory=list)

    def fault_for(self, *, path: str) -> Fault | None:
        """Return the fault of this call, if any."""
        for fault in self.faults:
            if fault.path in ("*", path) and fault.strikes():
                return fault
        return None


def _number(row: Mapping[str, Any], key: str, default: float) -> float:
    value = row.get(key)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{key}: a number")  # noqa: TRY004 - the caller tells of bad values only
    return float(value)
