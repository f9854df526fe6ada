"""What acts on catchments, places used by homes and registers are refused for."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.common.errors import Refused


class CatchmentUnknown(Refused):
    code = "catchment_unknown"
    message = _("There is no such catchment version.")
    status = 404


class CatchmentPublished(Refused):
    code = "catchment_published"
    message = _("This catchment version is published and stands.")


class CatchmentEmpty(Refused):
    code = "catchment_empty"
    message = _("A catchment version needs at least one area.")


class CatchmentStageMixed(Refused):
    """``school`` the first one of another stage."""

    code = "catchment_stage_mixed"
    message = _("This school is of another stage: %(school)s.")


class CatchmentOverlaps(Refused):
    """``name`` of the published version that holds on the same days."""

    code = "catchment_overlaps"
    message = _("“%(name)s” is published and holds on these days; it can not be ended where this one begins.")


class PlaceLocked(Refused):
    """Says neither who nor where: whose child used a home's place is nobody's business."""

    code = "place_locked"
    message = _("Another child has used the place of this home.")


class PlaceLockUnknown(Refused):
    code = "place_lock_unknown"
    message = _("There is no such place in use.")
    status = 404


class PlaceLockReleased(Refused):
    code = "place_lock_released"
    message = _("This place was released already.")


class RegisterRefused(Refused):
    """``lines`` what is wrong, line by line, without a word of what the cells say."""

    code = "register_refused"
    message = _("The register was not taken over: %(lines)s")
    status = 400


class QuestionInvalid(Refused):
    """``limit`` what the parameter takes."""

    code = "catchment_question_invalid"
    message = _("%(name)s takes %(limit)s.")
    status = 400
