"""Case numbers: 8 digits of date, 7 of a sequence, 1 check digit.

They read well on the telephone.  They can be guessed, so they open nothing: a case answers only to its owner.
"""

from __future__ import annotations

import datetime as dt
import os
import secrets
import threading

from django.db import connection

from apps.common.ids import check_digit

# The sequence steps by this (migration 0003): a process takes a block and hands its numbers out itself.  Numbers of two
# processes interleave, and those of a block that was not used up are lost; neither matters.
BLOCK = 20
_guard = threading.Lock()
_block: tuple[int, int, int] = (0, 0, 0)  # process id, next number, end of the block


def number_next(*, on: dt.date) -> str:
    """Return a number that no other case has.  1 query for each 20th call of a process."""
    global _block
    with _guard:
        process, running, end = _block
        if process != os.getpid() or running >= end:
            with connection.cursor() as cursor:
                cursor.execute("SELECT nextval('feedback_case_number')")
                running = cursor.fetchone()[0]
            end = running + BLOCK
        _block = (os.getpid(), running + 1, end)
    digits = f"{on:%Y%m%d}{running % 10_000_000:07d}"
    return digits + check_digit(digits)


_PUBLIC_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # without 0, 1, I and O, which look alike


def public_number_new() -> str:
    """Return ten random characters that name a case to others: they tell neither its day nor its order.

    32^10 of them: a new one meets one of a million others with a probability of 10^-9.
    """
    return "".join(secrets.choice(_PUBLIC_ALPHABET) for _place in range(10))
