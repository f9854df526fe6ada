"""Identifiers."""

from __future__ import annotations

import os
import threading
import time
import uuid

_guard = threading.Lock()
_last_tick = 0
_TICK_NS = 245  # 12 bits divide a millisecond into 4,096 ticks of about 244 ns
_SET_BACK_NS = 1_000_000_000


def uuid7() -> uuid.UUID:
    """Return a UUID version 7 (RFC 9562, 5.7): 48 bits of Unix milliseconds, 12 of their fraction, 62 random bits.

    Ids of one process ascend, also within a millisecond (RFC 9562, 6.2, method 3), so that the entries of one act stand in
    the order in which they were made.  Rows made one after the other stand side by side in the primary key's index; the
    random bits keep ids unguessable.
    PostgreSQL 18 has ``uuidv7()`` and Python 3.14 ``uuid.uuid7()``; the project runs on older ones too.
    """
    milliseconds, fraction_ns = divmod(_tick_ns(), 1_000_000)
    value = (
        (milliseconds & (1 << 48) - 1) << 80
        | (fraction_ns * 4096 // 1_000_000) << 64
        | int.from_bytes(os.urandom(8))
    )
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=value)


def _tick_ns() -> int:
    """Return the time in nanoseconds, at least a tick after the last one; a clock that was set back is followed."""
    global _last_tick
    with _guard:
        now = time.time_ns()
        if now < _last_tick + _TICK_NS and _last_tick - now < _SET_BACK_NS:
            now = _last_tick + _TICK_NS
        _last_tick = now
        return now


def check_digit(digits: str) -> str:
    """Return the Luhn check digit of ``digits``: it catches one wrong digit and most swaps on the telephone."""
    total = 0
    for place, char in enumerate(reversed(digits)):
        number = int(char) * (2 if place % 2 == 0 else 1)
        total += number - 9 if number > 9 else number
    return str(-total % 10)
