"""The address a request came from."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """Return the caller's address, reading ``X-Forwarded-For`` only past as many proxies as are ours.

    ``NUM_PROXIES`` of them; with 0 the header is ignored, because anyone can send it.
    """
    proxies: int = settings.NUM_PROXIES
    forwarded = [
        part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()
    ]
    if proxies and forwarded:
        return str(forwarded[-min(proxies, len(forwarded))])
    return str(request.META.get("REMOTE_ADDR", ""))
