"""Identifiers."""

from __future__ import annotations

import os
import time
import uuid


def uuid7() -> uuid.UUID:
    """Return a UUID version 7 (RFC 9562, 5.7): 48 bits of Unix milliseconds, then 74 random bits.

    Rows made one after the other stand side by side in the primary key's index; the random bits keep ids unguessable.
    PostgreSQL 18 has ``uuidv7()`` and Python 3.14 ``uuid.uuid7()``; the project runs on older ones too.
    """
    value = (time.time_ns() // 1_000_000 & (1 << 48) - 1) << 80 | int.from_bytes(os.urandom(10))
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=value)


def check_digit(digits: str) -> str:
    """Return the Luhn check digit of ``digits``: it catches one wrong digit and most swaps on the telephone."""
    total = 0
    for place, char in enumerate(reversed(digits)):
        number = int(char) * (2 if place % 2 == 0 else 1)
        total += number - 9 if number > 9 else number
    return str(-total % 10)
