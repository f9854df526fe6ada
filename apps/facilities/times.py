"""Hours as people write them: ``08:30-12:00、14:00-17:30``; past midnight the hours go on, 02:00 of the next day is 26:00."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from apps.facilities.opening import DAY_MIN, LATEST_MIN, Span

_CLOCK = re.compile(r"(\d{1,2}):(\d{2})")
_SPAN = re.compile(r"(\d{1,2}:\d{2})\s*[-~]\s*(\d{1,2}:\d{2})")
_BETWEEN = re.compile(r"[、,;\s]+")
# Dashes that input methods write for "to".
_DASHES = str.maketrans("–—－～至到", "---~--")


def clock_text(minute: int) -> str:
    """Return ``08:30`` for 510; past midnight goes on: ``26:00``."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def clock_read(text: str) -> int:
    """Return the minutes from midnight that ``8:30`` or ``26:00`` says, 0 to 2,160.  Raises ValueError."""
    found = _CLOCK.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if found is None or int(found[2]) > 59 or int(found[1]) * 60 + int(found[2]) > LATEST_MIN:
        raise ValueError("no time of day")
    return int(found[1]) * 60 + int(found[2])


def spans_text(spans: Sequence[Span]) -> str:
    """Return spans of a day in one line, empty for none."""
    return "、".join(f"{clock_text(opens)}-{clock_text(closes)}" for opens, closes in spans)


def spans_read(text: str) -> list[Span]:
    """Return the spans that a line says, in order; none for an empty one.  Raises ValueError.

    An end before its beginning is one of the next day: ``20:00-02:00`` is 20:00 to 26:00.
    """
    plain = unicodedata.normalize("NFKC", text).translate(_DASHES).strip()
    spans, rest = [], plain
    while rest:
        found = _SPAN.match(rest)
        if found is None:
            raise ValueError("no span of hours")
        opens, closes = clock_read(found[1]), clock_read(found[2])
        spans.append((opens, closes if closes > opens else closes + DAY_MIN))
        rest = rest[found.end() :]
        gap = _BETWEEN.match(rest)
        if rest and gap is None:
            raise ValueError("no span of hours")
        rest = rest[gap.end() :] if gap else rest
    return sorted(spans)
