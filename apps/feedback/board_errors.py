"""Refusals of the board."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.common.errors import Refused


class BoardEntryNotFound(Refused):
    code = "board_entry_not_found"
    message = _("There is no such published case.")
    status = 404


class BoardEntryChanged(Refused):
    code = "board_entry_changed"
    message = _(
        "Someone changed this entry since you opened it. Please look at it again; nothing was written."
    )
    status = 409


class BoardMoveRefused(Refused):
    code = "board_move_refused"
    message = _("This can not be done now: the entry is “%(state_label)s”.")
    status = 409


class BoardRefused(Refused):
    """The case may not stand on the board at all; ``why`` says which rule."""

    code = "board_refused"
    message = _("This case can not stand on the board: %(why)s")
    status = 409


class NotRedacted(Refused):
    """A text still holds what tells who someone is; ``kind`` says what, never the text itself."""

    code = "not_redacted"
    message = _("“%(field_label)s” still holds %(kind_label)s. Please take it out; nothing was written.")
    status = 400


class BoardTextMissing(Refused):
    code = "board_text_missing"
    message = _("“%(field_label)s” takes 1 to %(most)s characters.")
    status = 400


class BoardReasonMissing(Refused):
    code = "board_reason_missing"
    message = _("Please give a reason of at most 300 characters.")
    status = 400


class FollowsFull(Refused):
    code = "follows_full"
    message = _("You follow %(most)s cases already. Please stop following one first.")
    status = 409


class NearInvalid(Refused):
    code = "near_invalid"
    message = _(
        "near takes lng,lat inside of China, crs gcj02 or wgs84, radius_m a whole number from 1 to 5000."
    )
    status = 400
