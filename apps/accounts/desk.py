"""Who is signed in to the admin."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest

from apps.accounts.models import Staff


def staff_of(request: HttpRequest) -> Staff:
    """Return the member of staff behind a request that the admin has let in."""
    return cast(Staff, request.user)
