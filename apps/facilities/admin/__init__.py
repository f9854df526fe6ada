"""The directory in the admin."""

from apps.facilities.admin import catalogue, closures, corrections, history, places

__all__ = ["catalogue", "closures", "corrections", "history", "places"]
