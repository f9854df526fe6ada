"""Who may call a view.  Each view names one of these; the default refuses, so a forgotten one is closed."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import BasePermission


class Unreachable(BasePermission):
    """Nobody: the default of a view that names no permission (a guard test finds it)."""

    def has_permission(self, _request: Any, _view: Any) -> bool:
        return False


class Public(BasePermission):
    """Everybody, with or without a token."""

    def has_permission(self, _request: Any, _view: Any) -> bool:
        return True


class ResidentOnly(BasePermission):
    """A resident with a valid access token."""

    def has_permission(self, request: Any, _view: Any) -> bool:
        return request.user is not None
