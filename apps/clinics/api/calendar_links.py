"""Links to an appointment's calendar file: a phone's calendar sends no token."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.core.signing import BadSignature, TimestampSigner
from django.urls import reverse

LIFETIME = dt.timedelta(hours=2)
_signer = TimestampSigner(salt="clinics-calendar")


def calendar_link(*, appointment_id: UUID) -> str:
    """Return a path that gives the calendar file for two hours to whoever holds it; no patient is named in it."""
    return reverse("clinics-calendar-link", kwargs={"token": _signer.sign(appointment_id.hex)})


def appointment_of_link(*, token: str) -> UUID | None:
    """Return the appointment that ``token`` names, or None when it is wrong or too old."""
    try:
        return UUID(_signer.unsign(token, max_age=LIFETIME))
    except (BadSignature, ValueError):
        return None
