"""The desks of school places."""

from apps.schools.admin import appeals, applications, reference, rounds

__all__ = ["appeals", "applications", "reference", "rounds"]
