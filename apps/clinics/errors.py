"""What acts on patients and appointments are refused for."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.common.errors import Refused


class PatientUnknown(Refused):
    code = "patient_unknown"
    message = _("There is no such patient among those you book for.")
    status = 404


class IdentityInvalid(Refused):
    code = "identity_invalid"
    message = _("This number is not that of a document: please compare it with the card.")
    status = 400


class PatientMismatch(Refused):
    """Says no more: whether somebody is known here is nobody's business."""

    code = "patient_mismatch"
    message = _("Name and number do not belong together. Please check both, or come to the counter.")
    status = 400


class PatientTooOld(Refused):
    code = "patient_not_a_child"
    message = _("A child is younger than %(limit)s.")
    status = 400


class PatientConsentMissing(Refused):
    code = "patient_consent_missing"
    message = _("Please confirm that the person agrees, or is your child.")
    status = 400


class BookingIncomplete(Refused):
    code = "booking_incomplete"
    message = _("Please give a slot and a patient, or a hold.")
    status = 400


class PatientsTooMany(Refused):
    code = "patients_too_many"
    message = _("You can book for at most %(limit)s persons.")


class PatientAlready(Refused):
    code = "patient_already"
    message = _("You book for this person already, or have entered yourself already.")


class AccessDaysInvalid(Refused):
    code = "access_days_invalid"
    message = _("A consent holds from 1 day to %(limit)s days.")
    status = 400


class DepartmentUnknown(Refused):
    code = "department_unknown"
    message = _("There is no such department that can be booked.")
    status = 404


class SlotUnknown(Refused):
    code = "slot_unknown"
    message = _("There is no such slot.")
    status = 404


class SlotFull(Refused):
    """``waitlist`` True: waiting is possible."""

    code = "slot_full"
    message = _("This slot is full. You can join the waiting list.")


class SlotOver(Refused):
    code = "slot_over"
    message = _("This slot has begun already.")


class SlotNotReleased(Refused):
    """``release_at`` says from when."""

    code = "slot_not_released"
    message = _("This session can not be booked yet.")


class SessionSuspended(Refused):
    code = "session_suspended"
    message = _("This session does not take place.")


class SessionTimesWrong(Refused):
    code = "session_times_wrong"
    message = _(
        "A session ends later than now and than it begins, lasts 12 hours at most, and has at least one slot."
    )
    status = 400


class UnitsWrong(Refused):
    code = "units_wrong"
    message = _("Please give a number of units from 0 to %(most)s.")
    status = 400


class SessionPlaceTaken(Refused):
    code = "session_place_taken"
    message = _("The practitioner or the room has another session at that time.")


class Overlapping(Refused):
    code = "overlapping_appointment"
    message = _("This patient has another appointment at that time, or in this department on that day.")


class BookingRestricted(Refused):
    """``until``, ``reason``, ``appeal``: whether an appeal can be made, ``restriction`` its id."""

    code = "booking_restricted"
    message = _(
        "Booking is not possible until %(until)s: %(reason)s. You can appeal in the mini-program or at the counter."
    )


class AgeRefused(Refused):
    code = "age_refused"
    message = _("This department is for patients aged %(ages)s.")


class AppointmentUnknown(Refused):
    code = "appointment_unknown"
    message = _("There is no such appointment.")
    status = 404


class AppointmentMoveRefused(Refused):
    code = "appointment_move_refused"
    message = _("This can not be done with an appointment that is: %(state)s.")


class AppointmentChanged(Refused):
    code = "appointment_changed"
    message = _("Someone has changed this appointment meanwhile; please look at it again.")


class HoldExpired(Refused):
    code = "hold_expired"
    message = _("The time for which this was kept has passed; please choose again.")


class CheckInTooEarly(Refused):
    code = "check_in_too_early"
    message = _("Check-in opens at %(opens)s.")


class CheckInTooLate(Refused):
    code = "check_in_too_late"
    message = _("Check-in has ended; please ask at the counter.")


class MissTooEarly(Refused):
    code = "miss_too_early"
    message = _("Nobody has missed this yet: it begins at %(begins)s.")


class CheckInCodeWrong(Refused):
    code = "check_in_code_wrong"
    message = _("This code does not belong to an appointment here today.")
    status = 404


class ReasonMissing(Refused):
    code = "reason_missing"
    message = _("Please say why.")
    status = 400


class WaitDaysInvalid(Refused):
    code = "wait_days_invalid"
    message = _("Please choose days from today on, at most %(limit)s of them.")
    status = 400


class WaitUnknown(Refused):
    code = "wait_unknown"
    message = _("There is no such place in a waiting list.")
    status = 404


class RestrictionUnknown(Refused):
    code = "restriction_unknown"
    message = _("There is no such restriction.")
    status = 404


class AppealRefused(Refused):
    code = "appeal_refused"
    message = _("An appeal was made already, or the restriction is over.")


class RuleMissing(Refused):
    """An institution that nobody has said how to book: a defect of its data, told in words."""

    code = "booking_rule_missing"
    message = _("No booking rule is in force for this institution.")
