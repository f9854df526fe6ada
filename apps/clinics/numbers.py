"""Numbers of appointments, and the codes that their patients show at the door.

A number reads well on the telephone and can be guessed, so it opens nothing; a code opens the door and can not.
"""

from __future__ import annotations

import datetime as dt
import os
import secrets
import threading

from django.db import connection

from apps.common.ids import check_digit

# The sequence steps by this (migration 0002): a process takes a block and hands its numbers out itself.
BLOCK = 20
_guard = threading.Lock()
_block: tuple[int, int, int] = (0, 0, 0)  # process id, next number, end of the block


def number_next(*, on: dt.date) -> str:
    """Return ``YY``, 6 digits of the day, 7 of a sequence, 1 check digit.  1 query for each 20th call of a process."""
    global _block
    with _guard:
        process, running, end = _block
        if process != os.getpid() or running >= end:
            with connection.cursor() as cursor:
                cursor.execute("SELECT nextval('clinics_appointment_number')")
                running = cursor.fetchone()[0]
            end = running + BLOCK
        _block = (os.getpid(), running + 1, end)
    digits = f"{on:%y%m%d}{running % 10_000_000:07d}"
    return f"YY{digits}{check_digit(digits)}"


def check_in_code_new() -> str:
    """Return 96 random bits as text."""
    return secrets.token_urlsafe(12)
