"""Refusals of the figures' services and doors."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.common.errors import Refused


class ExclusionNotAllowed(Refused):
    code = "exclusion_not_allowed"
    message = _("Your role does not allow this.")
    status = 403


class ExclusionCaseUnknown(Refused):
    code = "exclusion_case_unknown"
    message = _("There is no such case, or it is only a part of one.")
    status = 404


class ExclusionReasonMissing(Refused):
    code = "exclusion_reason"
    message = _("A reason of 1 to 500 characters is needed.")
    status = 400


class ExclusionActive(Refused):
    code = "exclusion_active"
    message = _("For this case an exclusion was asked for or approved already.")
    status = 409


class ExclusionDecided(Refused):
    code = "exclusion_decided"
    message = _("There is nothing left to decide here.")
    status = 409


class ExclusionFourEyes(Refused):
    code = "exclusion_four_eyes"
    message = _("Who asked for an exclusion can not decide on it.")
    status = 409


class DefinitionUnknown(Refused):
    code = "definition_unknown"
    message = _("The system holds no formula for %(code)s, version %(version)s.")
    status = 400


class PeriodInvalid(Refused):
    code = "period_invalid"
    message = _(
        "A period has two dates (YYYY-MM-DD), the first not after the second, and at most %(days)s days."
    )
    status = 400


class FigureUnitUnknown(Refused):
    code = "unit_unknown"
    message = _("There is no such unit.")
    status = 400
