"""Refusals of questions to the directory."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.common.errors import Refused


class NearInvalid(Refused):
    code = "near_invalid"
    message = _(
        "near takes lng,lat inside of China (lng 73 to 135.5, lat 17.5 to 54), crs takes gcj02 or wgs84."
    )
    status = 400


class RadiusInvalid(Refused):
    code = "radius_invalid"
    message = _("radius_m takes a whole number of metres from 1 to %(most)s, and near beside it.")
    status = 400


class MinutesInvalid(Refused):
    code = "minutes_invalid"
    message = _("minutes takes a whole number from %(least)s to %(most)s.")
    status = 400


class ChoiceInvalid(Refused):
    code = "choice_invalid"
    message = _("%(name)s takes one of: %(choices)s.")
    status = 400


class ParameterTooLong(Refused):
    code = "parameter_too_long"
    message = _("%(name)s takes at most %(most)s characters.")
    status = 400
