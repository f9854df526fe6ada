"""Numbers of applications: they read well on the telephone and open nothing."""

from __future__ import annotations

import datetime as dt

from django.db import connection

from apps.common.ids import check_digit


def number_next(*, on: dt.date) -> str:
    """Return ``XW``, 6 digits of the day, 7 of a sequence, 1 check digit.  1 query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('schools_application_number')")
        running = cursor.fetchone()[0]
    digits = f"{on:%y%m%d}{running % 10_000_000:07d}"
    return f"XW{digits}{check_digit(digits)}"
