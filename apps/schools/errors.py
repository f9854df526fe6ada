"""What acts on school places are refused for."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.common.errors import Refused


class ChildUnknown(Refused):
    code = "child_unknown"
    message = _("There is no such child among those you act for.")
    status = 404


class ChildConsentMissing(Refused):
    code = "child_consent_missing"
    message = _("Please confirm that you are the child's guardian and agree to the use of its data.")
    status = 400


class ChildIdentityInvalid(Refused):
    code = "child_identity_invalid"
    message = _("This number or day of birth can not be a child's: please compare it with the document.")
    status = 400


class ChildMismatch(Refused):
    """Says no more: whether a child is known here is nobody's business."""

    code = "child_mismatch"
    message = _("Name and number do not belong together. Please check both, or come to the counter.")
    status = 400


class ChildrenTooMany(Refused):
    code = "children_too_many"
    message = _("You can act for at most %(limit)s children.")


class GuardianAlready(Refused):
    code = "guardian_already"
    message = _("This guardian stands with the child already.")


class GuardianUnknown(Refused):
    code = "guardian_unknown"
    message = _("There is no such guardian to be confirmed.")
    status = 404


class RoundUnknown(Refused):
    code = "round_unknown"
    message = _("There is no such admission round.")
    status = 404


class PresetUnknown(Refused):
    code = "preset_unknown"
    message = _("There is no such preset, or the year is not between 2020 and 2100.")
    status = 400


class RoundCodeTaken(Refused):
    code = "round_code_taken"
    message = _("Another round has this code.")


class RoundNotOpen(Refused):
    """``opens_at``, ``closes_at``."""

    code = "round_not_open"
    message = _("Applications are not possible now.")


class RoundMoveRefused(Refused):
    code = "round_move_refused"
    message = _("The round is not in the state for this step.")


class RoundNotReady(Refused):
    """``why`` in words."""

    code = "round_not_ready"
    message = _("The round is not ready for this step: %(why)s")


class CertificateFails(Refused):
    code = "certificate_fails"
    message = _("The independent check found faults, so nothing was kept: %(why)s")


class ApplicationUnknown(Refused):
    code = "application_unknown"
    message = _("There is no such application.")
    status = 404


class ApplicationAlready(Refused):
    code = "application_already"
    message = _("This child has an application in this round already.")


class ApplicationMoveRefused(Refused):
    code = "application_move_refused"
    message = _("The application is not in the state for this.")


class ApplicationIncomplete(Refused):
    """``what`` in words."""

    code = "application_incomplete"
    message = _("Still missing: %(what)s.")
    status = 400


class ChoicesInvalid(Refused):
    code = "choices_invalid"
    message = _("Please choose 1 to %(limit)s different places of this round.")
    status = 400


class CategoryUnknown(Refused):
    code = "category_unknown"
    message = _("There is no such class of applicants in this round.")
    status = 400


class DocumentsTooMany(Refused):
    code = "documents_too_many"
    message = _("An application holds at most %(limit)s papers.")


class DocumentUnknown(Refused):
    code = "document_unknown"
    message = _("There is no such paper.")
    status = 404


class ChangedMeanwhile(Refused):
    code = "changed_meanwhile"
    message = _("Someone changed this meanwhile. Please look at it anew.")


class TwinsInvalid(Refused):
    code = "twins_invalid"
    message = _(
        "Twins are placed together with the same day of birth, home, class of applicants and choices."
    )


class ReviewRefused(Refused):
    code = "review_refused"
    message = _("The second reviewer is another person, and nobody reviews what they entered themselves.")
    status = 403


class ReasonMissing(Refused):
    code = "reason_missing"
    message = _("Please name a reason.")
    status = 400


class ObjectionRefused(Refused):
    code = "objection_refused"
    message = _("Only the other guardian can object, once, before the roster is frozen.")


class ObjectionOpen(Refused):
    code = "objection_open"
    message = _("The other guardian objects; settle this first.")


class DrawTwoPeople(Refused):
    code = "draw_two_people"
    message = _("Someone else than who committed the secret fixes the public number.")
    status = 403


class OfferUnknown(Refused):
    code = "offer_unknown"
    message = _("There is no such offer.")
    status = 404


class OfferOver(Refused):
    code = "offer_over"
    message = _("This offer can not be answered any more.")


class PlaceElsewhere(Refused):
    code = "place_elsewhere"
    message = _("The child holds a place of another round. Please give that one up first.")


class AppealRefused(Refused):
    code = "appeal_refused"
    message = _("An appeal is possible against a rejection or a result, one at a time.")


class AppealOtherPerson(Refused):
    code = "appeal_other_person"
    message = _("Another person than the reviewers decides an appeal.")
    status = 403


class NoPlaceLeft(Refused):
    code = "no_place_left"
    message = _(
        "There is no place left at this school. Someone who runs the round can add one with the decision."
    )
