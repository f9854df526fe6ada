"""Refusals of what is written about places."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.common.errors import Refused


class FacilityNotFound(Refused):
    code = "facility_not_found"
    message = _("There is no such place.")
    status = 404


class FacilityChanged(Refused):
    code = "facility_changed"
    message = _("%(by)s changed this place at %(at)s. Please look at it again before you save.")
    status = 409


class FacilityCodeTaken(Refused):
    code = "facility_code_taken"
    message = _("Another place has this code.")
    status = 409


class PointWrong(Refused):
    code = "point_wrong"
    message = _(
        "A point takes a longitude from 73 to 135.5 and a latitude from 17.5 to 54, or neither of them."
    )
    status = 400


class PlaceUnknown(Refused):
    code = "place_unknown"
    message = _(
        "Street and community do not belong together, or are not in the district's list in force today."
    )
    status = 400


class HoursWrong(Refused):
    code = "hours_wrong"
    message = _(
        "Hours begin before midnight, end after they begin, at the latest at 36:00, and never overlap; past midnight they meet those of the next day."
    )
    status = 400


class ClosureWrong(Refused):
    code = "closure_wrong"
    message = _(
        "A closure ends after it begins and not in the past, and has a reason of at most 200 characters."
    )
    status = 400


class ClosureOver(Refused):
    code = "closure_over"
    message = _("This closure has ended already.")
    status = 409


class AssuranceWrong(Refused):
    code = "assurance_wrong"
    message = _("A place is verified on a day within the last 30, not in the future.")
    status = 400


class AltMissing(Refused):
    code = "alt_missing"
    message = _("Say what each picture shows, in at most 200 characters.")
    status = 400


class TooManyCorrections(Refused):
    code = "too_many_corrections"
    message = _("You have %(most)s open reports about this place. Please wait for the answers.")
    status = 409


class CorrectionNotFound(Refused):
    code = "correction_not_found"
    message = _("There is no such report.")
    status = 404


class CorrectionHandled(Refused):
    code = "correction_handled"
    message = _("This report was answered already.")
    status = 409


class CorrectionValueWrong(Refused):
    code = "correction_value_wrong"
    message = _(
        "Only name, address and telephone can be put right together with the answer; change the rest at the place itself."
    )
    status = 400


class ReplyMissing(Refused):
    code = "reply_missing"
    message = _("Please write an answer of 1 to 300 characters: the resident reads it.")
    status = 400
