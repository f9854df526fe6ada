"""Refusals of case services."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.common.errors import Refused


class CaseNotFound(Refused):
    code = "case_not_found"
    message = _("There is no such case.")
    status = 404


class MoveRefused(Refused):
    code = "move_refused"
    message = _("This can not be done now: the case is “%(state_label)s”.")
    status = 409


class CaseChanged(Refused):
    code = "case_changed"
    message = _("%(by)s changed this case at %(at)s (%(what)s). Please look at it again before you act.")
    status = 409


class CategoryUnknown(Refused):
    code = "category_unknown"
    message = _("There is no such category, or it is a group: please choose a sub-category.")
    status = 400


class StreetUnknown(Refused):
    code = "street_unknown"
    message = _("This street is not in the district's list in force today.")
    status = 400


class UnitUnknown(Refused):
    code = "unit_unknown"
    message = _("There is no such unit, or it takes no cases.")
    status = 400


class RatedAlready(Refused):
    code = "rated_already"
    message = _("This reply was rated already.")
    status = 409
