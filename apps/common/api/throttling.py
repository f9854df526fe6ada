"""Throttles: per resident; per address only without a token, since phones share addresses."""

from __future__ import annotations

from typing import Any

from rest_framework.throttling import SimpleRateThrottle

from apps.common.api.client_address import client_address


class ResidentThrottle(SimpleRateThrottle):
    """Count reads and writes apart; a view may name another ``throttle_scope``."""

    scope = "read"

    def __init__(self) -> None:
        """Do nothing: the rate is known only with the request."""

    def allow_request(self, request: Any, view: Any) -> bool:
        """Pick the rate by the view's scope, else by method, and count."""
        self.scope = getattr(view, "throttle_scope", None) or ("read" if request.method == "GET" else "write")
        self.rate = self.get_rate()
        self.num_requests, self.duration = self.parse_rate(self.rate)
        return super().allow_request(request, view)

    def get_cache_key(self, request: Any, _view: Any) -> str:
        """Return the counter's key."""
        who = request.user.id.hex if request.user is not None else client_address(request)
        return f"throttle:{self.scope}:{who}"
