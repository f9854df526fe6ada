"""Query parameters of the public lists."""

from __future__ import annotations

import datetime as dt
import re
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from apps.clinics.selectors import MOST_DAYS
from apps.common.errors import Refused

USUAL_DAYS = 13
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class DaysInvalid(Refused):
    code = "days_invalid"
    message = _("from and to are dates (YYYY-MM-DD), in order, at most %(limit)s days in all.")
    status = 400


class FacilityInvalid(Refused):
    code = "facility_invalid"
    message = _("facility takes the identifier of a place.")
    status = 400


def _day(text: str, name: str) -> dt.date:
    # Without its dashes or zeros, or as a week, it is another format than the contract's.
    if not _DAY.fullmatch(text):
        raise DaysInvalid(attr=name, limit=MOST_DAYS)
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise DaysInvalid(attr=name, limit=MOST_DAYS) from None


def days_of(request: Request, *, today: dt.date) -> tuple[dt.date, dt.date]:
    """Return the first and last day asked for: today and two weeks where nothing is said.  Raises DaysInvalid."""
    given = request.query_params
    first = _day(given["from"], "from") if given.get("from") else today
    last = _day(given["to"], "to") if given.get("to") else None
    if last is None:
        last = min(first + dt.timedelta(days=USUAL_DAYS), dt.date.max) if first.year < 9999 else first
    if not first <= last or (last - first).days >= MOST_DAYS:
        raise DaysInvalid(attr="to", limit=MOST_DAYS)
    return first, last


def facility_of(request: Request) -> UUID | None:
    """Return the place asked for, or None.  Raises FacilityInvalid."""
    text = request.query_params.get("facility", "")
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise FacilityInvalid(attr="facility") from None
