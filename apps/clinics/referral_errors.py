"""What an act on a referral is refused for."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.common.errors import Refused


class ReferralUnknown(Refused):
    code = "referral_unknown"
    message = _("There is no such referral.")
    status = 404


class ReferralMoveRefused(Refused):
    """``state`` says what it is now."""

    code = "referral_move_refused"
    message = _("This can not be done with a referral that is: %(state)s.")


class ReferralChanged(Refused):
    code = "referral_changed"
    message = _("Someone has changed this referral meanwhile; please look at it again.")


class ReferralConsentMissing(Refused):
    code = "referral_consent_missing"
    message = _("The patient has not agreed that %(receiver)s may read this.")
    status = 403


class ReferralOtherAlliance(Refused):
    code = "referral_other_alliance"
    message = _("Referrals go between two institutions of one alliance.")
    status = 400


class ReferralReasonMissing(Refused):
    code = "referral_reason_missing"
    message = _("Please say why: the other side reads it.")
    status = 400


class ReferralRedirectedOften(Refused):
    code = "referral_redirected_often"
    message = _(
        "It was redirected %(limit)s times already: please accept it, return it or answer with advice."
    )


class ReferralAppointmentWrong(Refused):
    code = "referral_appointment_wrong"
    message = _(
        "This is not an open appointment of this patient at the institution that receives the referral."
    )
    status = 400


class ReferralAnswered(Refused):
    code = "referral_answered"
    message = _("There is a referral back down already.")
