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


class ChannelUnknown(Refused):
    code = "channel_unknown"
    message = _("Please choose the channel that the matter belongs to.")
    status = 400


class ClauseUnknown(Refused):
    code = "clause_unknown"
    message = _("Please choose the clause of the duty list that the return rests on.")
    status = 400


class NudgeTooSoon(Refused):
    code = "nudge_too_soon"
    message = _("You asked for speed already. You can ask again at %(next_at)s.")
    status = 409


class ReopenedTooOften(Refused):
    code = "reopened_too_often"
    message = _("A case can be reopened %(most)s times. Please submit a new one.")
    status = 409


class QuestionClosed(Refused):
    code = "question_closed"
    message = _("This question was answered already or has expired.")
    status = 409


class EvidenceMissing(Refused):
    code = "evidence_missing"
    message = _("The closing checklist of this category is not complete: %(missing)s.")
    status = 400


class ReturnTooLate(Refused):
    code = "return_too_late"
    message = _(
        "The time for returning this case ended at %(until)s. Please ask the intake desk for a ruling."
    )
    status = 409


class ReturnAfterRuling(Refused):
    code = "return_after_ruling"
    message = _("The head of the intake desk has ruled on this case: it stays with the unit.")
    status = 409


class RulingNeeded(Refused):
    code = "ruling_needed"
    message = _("This case was returned %(hops)s times: now the head of the intake desk rules.")
    status = 409


class ExtensionRefused(Refused):
    code = "extension_refused"
    message = _("An extension is not possible: %(why)s")
    status = 409


class ReportedUnit(Refused):
    code = "reported_unit"
    message = _("The case reports this unit: it can not be given to it.")
    status = 409


class PartsOpen(Refused):
    code = "parts_open"
    message = _("%(open)s parts of this case are not answered yet.")
    status = 409


class MergeRefused(Refused):
    code = "merge_refused"
    message = _("These two cases can not be merged: %(why)s")
    status = 409


class ConsentMissing(Refused):
    code = "on_behalf_consent"
    message = _("Handing in for someone else needs that person's consent.")
    status = 400


class PauseTooLong(Refused):
    code = "pause_too_long"
    message = _("A pause takes at most %(most)s days.")
    status = 400
