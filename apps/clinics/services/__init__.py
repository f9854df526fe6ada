"""Every write of clinics."""

from apps.clinics.services.attending import (
    appointment_act,
    appointment_cancel,
    check_in,
    check_in_by_code,
    noshow_sweep,
)
from apps.clinics.services.booking import (
    Booked,
    appointment_book,
    appointment_book_by_staff,
    hold_book,
    hold_make,
    walk_in,
)
from apps.clinics.services.extra import session_add, slot_units_change
from apps.clinics.services.holds import holds_sweep
from apps.clinics.services.patients import PatientDraft, access_end, patient_add, patient_at_counter
from apps.clinics.services.referral_booking import referral_book
from apps.clinics.services.referral_consents import consent_give, consent_withdraw, referral_ask
from apps.clinics.services.referrals import (
    referral_act,
    referral_draft,
    referral_read,
    referral_refer_down,
    referrals_remind,
)
from apps.clinics.services.reminding import reminders_tell
from apps.clinics.services.sessions import sessions_generate, slots_make
from apps.clinics.services.striking import restriction_appeal, restriction_decide
from apps.clinics.services.suspending import session_suspend, suspension_rebook, suspensions_sweep
from apps.clinics.services.tables import institutions_load, templates_load
from apps.clinics.services.telling import names_look, untold_tell
from apps.clinics.services.waiting import (
    QUEUE,
    waitlist_accept,
    waitlist_decline,
    waitlist_join,
    waitlist_leave,
)

__all__ = [
    "QUEUE", "Booked", "PatientDraft", "access_end", "appointment_act", "appointment_book",
    "appointment_book_by_staff", "appointment_cancel", "check_in", "check_in_by_code", "consent_give",
    "consent_withdraw", "hold_book", "hold_make", "holds_sweep", "institutions_load", "names_look", "noshow_sweep",
    "patient_add", "patient_at_counter", "referral_act", "referral_ask", "referral_book", "referral_draft", "referral_read", "referral_refer_down",
    "referrals_remind", "reminders_tell", "restriction_appeal", "restriction_decide", "session_add", "session_suspend",
    "sessions_generate", "slot_units_change", "slots_make", "suspension_rebook", "suspensions_sweep", "templates_load",
    "untold_tell", "waitlist_accept", "waitlist_decline", "waitlist_join", "waitlist_leave", "walk_in",
]  # fmt: skip
