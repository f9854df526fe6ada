"""Organisations, services, places, when they are open, for whom, and who vouches for it."""

from apps.facilities.models.hours import Closure, DayException, OpeningRule
from apps.facilities.models.offers import Service, ServiceAtFacility
from apps.facilities.models.places import Alias, Facility, FacilityKind, Organisation, Photo
from apps.facilities.models.trust import (
    AccessibilityFact,
    Assurance,
    AssuranceTerm,
    CorrectionReport,
    FacilityEvent,
)

__all__ = [
    "AccessibilityFact", "Alias", "Assurance", "AssuranceTerm", "Closure", "CorrectionReport", "DayException", "Facility", "FacilityEvent",
    "FacilityKind", "OpeningRule", "Organisation", "Photo", "Service", "ServiceAtFacility",
]  # fmt: skip
