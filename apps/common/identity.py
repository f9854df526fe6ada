"""Numbers of identity cards (公民身份号码, GB 11643-1999): 17 digits and a check character."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

_SHAPE = re.compile(r"\d{17}[\dX]")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_OTHER = re.compile(r"[A-Z0-9]{5,30}")


@dataclass(frozen=True, slots=True)
class Identity:
    """What a number says: the number as it is kept, the day of birth, whether its holder is a woman."""

    number: str
    birth_on: dt.date
    is_female: bool


def number_plain(text: str) -> str:
    """Return a document's number as it is compared: capital letters, no spaces."""
    return re.sub(r"\s", "", text).upper()


def identity_of(text: str, *, today: dt.date) -> Identity | None:
    """Return what an identity card's number says, or None where it can not be one: shape, check character, day of birth."""
    number = number_plain(text)
    if not _SHAPE.fullmatch(number):
        return None
    total = sum(int(digit) * weight for digit, weight in zip(number[:17], _WEIGHTS, strict=True))
    if _CHECKS[total % 11] != number[17]:
        return None
    try:
        birth_on = dt.date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None
    if not dt.date(1900, 1, 1) <= birth_on <= today:
        return None
    return Identity(number, birth_on, int(number[16]) % 2 == 0)


def other_number(text: str) -> str | None:
    """Return the number of another document as it is kept, None where it can not be one: 5 to 30 letters and digits."""
    number = number_plain(text)
    return number if _OTHER.fullmatch(number) else None


def age_on(birth_on: dt.date, day: dt.date) -> int:
    """Return the age in whole years on a day."""
    return day.year - birth_on.year - ((day.month, day.day) < (birth_on.month, birth_on.day))
