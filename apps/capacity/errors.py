"""What the kernel answers when a rule says no."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.common.errors import Refused


class CapacityFull(Refused):
    code = "capacity_full"
    message = _("Nothing is free any more.")


class CapacityClosed(Refused):
    code = "capacity_closed"
    message = _("This has been closed.")


class CapacityNotOpen(Refused):
    """``opens_at`` says from when."""

    code = "capacity_not_open"
    message = _("This can not be taken yet.")


class CapacityUnknown(Refused):
    code = "capacity_unknown"
    message = _("There is no such pool.")
    status = 404


class ClaimExpired(Refused):
    code = "claim_expired"
    message = _("The time for this has passed; please choose again.")


class ClaimKeyReused(Refused):
    code = "claim_key_reused"
    message = _("This key already stands for something else.")
    status = 422


class TotalBelowUsed(Refused):
    """``used`` says how many units are taken."""

    code = "total_below_used"
    message = _("%(used)s units are taken; the total can not be lower.")


class TotalChanged(Refused):
    """``total`` says how many units there are now."""

    code = "total_changed"
    message = _("Someone has changed this meanwhile: there are %(total)s units now.")


class UnitsFree(Refused):
    code = "units_free"
    message = _("Something is free on these days: please take it instead of waiting.")


class WaitingAlready(Refused):
    code = "waiting_already"
    message = _("You are on this waiting list already.")


class OfferGone(Refused):
    code = "offer_gone"
    message = _("This offer is no longer open.")


class IntervalTaken(Refused):
    code = "interval_taken"
    message = _("This time is taken.")
