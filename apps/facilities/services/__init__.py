"""The public writes of the directory."""

from apps.facilities.errors import (
    CorrectionHandled,
    CorrectionNotFound,
    FacilityChanged,
    FacilityNotFound,
    HoursWrong,
    TooManyCorrections,
)
from apps.facilities.services.catalogue import catalogue_save, photo_add, photo_change, photo_drop
from apps.facilities.services.corrections import correction_decide, correction_submit
from apps.facilities.services.hours import (
    DayDraft,
    RuleDraft,
    closure_begin,
    closure_end,
    exceptions_write,
    hours_write,
)
from apps.facilities.services.loading import (
    facilities_load,
    kinds_load,
    opening_load,
    organisations_load,
    services_load,
    terms_load,
)
from apps.facilities.services.places import Offer, aliases_write, facility_write, offers_write
from apps.facilities.services.trust import FactDraft, access_facts_write, assurance_give

__all__ = [
    "CorrectionHandled",
    "CorrectionNotFound",
    "DayDraft",
    "FacilityChanged",
    "FacilityNotFound",
    "FactDraft",
    "HoursWrong",
    "Offer",
    "RuleDraft",
    "TooManyCorrections",
    "access_facts_write",
    "aliases_write",
    "assurance_give",
    "catalogue_save",
    "closure_begin",
    "closure_end",
    "correction_decide",
    "correction_submit",
    "exceptions_write",
    "facilities_load",
    "facility_write",
    "hours_write",
    "kinds_load",
    "offers_write",
    "opening_load",
    "organisations_load",
    "photo_add",
    "photo_change",
    "photo_drop",
    "services_load",
    "terms_load",
]
