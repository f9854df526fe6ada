"""Fields of forms that desks post by hand, made safe to use."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest


def posted(request: HttpRequest, name: str) -> str:
    """Return a field of a form without the NUL that PostgreSQL can not keep; empty where it is missing."""
    return str(request.POST.get(name, "")).replace("\0", "")


def whole_number(text: str) -> int:
    """Return the number that ``text`` writes in ASCII digits, at most nine of them; -1 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else -1


def uuid_of(text: str) -> UUID | None:
    """Return the identifier that ``text`` writes, None for anything else."""
    try:
        return UUID(text)
    except ValueError:
        return None
