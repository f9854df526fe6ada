"""What the states, acts and fields of the board are called."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.common.redaction import Kind
from apps.feedback.board_states import BoardState, BoardVerb, Place
from apps.feedback.labels import choices

__all__ = [
    "BOARD_STATE_LABELS",
    "BOARD_VERB_LABELS",
    "FIELD_LABELS",
    "KIND_LABELS",
    "PLACE_LABELS",
    "choices",
]

BOARD_STATE_LABELS: dict[BoardState, Any] = {
    BoardState.PROPOSED: _("to be reviewed"),
    BoardState.PUBLISHED: _("published"),
    BoardState.REJECTED: _("rejected"),
    BoardState.TAKEN_DOWN: _("taken down"),
}
BOARD_VERB_LABELS: dict[BoardVerb, Any] = {
    BoardVerb.PROPOSE: _("Propose for the board"),
    BoardVerb.SAVE: _("Save"),
    BoardVerb.PUBLISH: _("Publish"),
    BoardVerb.REJECT: _("Reject"),
    BoardVerb.TAKE_DOWN: _("Take down"),
}
PLACE_LABELS: dict[Place, Any] = {
    Place.NONE: _("no place"),
    Place.CELL: _("the area (250 m)"),
    Place.EXACT: _("the exact place"),
}
# The texts that the public reads.
FIELD_LABELS: dict[str, Any] = {
    "title": _("title"),
    "text": _("text"),
    "reply_text": _("answer"),
    "note": _("what changed"),
}
KIND_LABELS: dict[Kind, Any] = {
    Kind.EMAIL: _("an e-mail address"),
    Kind.CHAT: _("a WeChat or QQ number"),
    Kind.ID_NUMBER: _("an identity number"),
    Kind.BANK_CARD: _("a bank card number"),
    Kind.MOBILE: _("a mobile phone number"),
    Kind.LANDLINE: _("a telephone number"),
    Kind.LONG_NUMBER: _("a long number"),
    Kind.PLATE: _("a number plate"),
    Kind.BUILDING: _("the building of a home"),
    Kind.HOME: _("the number of a home"),
    Kind.NAME: _("the name of a person"),
}
