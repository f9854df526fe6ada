"""What places, findings and refusals of files are called."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.common.redaction import Kind
from apps.news.documents.masking import NoCopy
from apps.news.documents.package import Why
from apps.news.documents.places import PlaceKind, UnreadReason
from apps.news.documents.scan import NUMBER_COLUMN, PERSON_LIST

KIND_WORDS: dict[str, Any] = {
    Kind.ID_NUMBER.value: _("identity number"),
    Kind.BANK_CARD.value: _("bank card number"),
    Kind.MOBILE.value: _("mobile number"),
    Kind.LANDLINE.value: _("landline number"),
    Kind.PLATE.value: _("number plate"),
    Kind.EMAIL.value: _("mail address"),
    NUMBER_COLUMN: _("column of personal numbers"),
    PERSON_LIST: _("list of persons with their numbers"),
}
WHY_WORDS: dict[Why, Any] = {
    Why.EMPTY: _("The file is empty."),
    Why.TOO_BIG: _("The file is too large."),
    Why.BROKEN: _("The file is damaged and can not be read."),
    Why.UNKNOWN: _("The file has none of the formats that are accepted."),
    Why.OLD_FORMAT: _("This is the old Office format. Please open it and save it as .docx or .xlsx."),
    Why.SLIDES: _("Slides are not accepted. Please save them as PDF."),
    Why.MACROS: _("The file holds macros. Please save it without them."),
    Why.ENCRYPTED: _("The file is protected by a password. Please remove it first."),
    Why.BOMB: _("The file unpacks to far more than a document holds."),
    Why.ENTITIES: _("The file holds XML that is not allowed in documents."),
    Why.ACTIVE: _("The PDF runs programs when it is opened. Please print it to a new PDF."),
    Why.NAME: _("The file name ends in another format than the file has."),
    Why.TOO_LONG: _("The text is longer than 200,000 characters or has more than 50 pictures."),
}
NO_COPY_WORDS: dict[NoCopy, Any] = {
    NoCopy.FORMAT: _("There is no masked copy of a PDF. Please mask the source file and make the PDF anew."),
    NoCopy.REMAINS: _(
        "Some of it stands in embedded files or in the cache of a pivot table. Please remove these first."
    ),
}
UNREAD_WORDS: dict[UnreadReason, Any] = {
    UnreadReason.PICTURE_ONLY: _("a page without text: a person must look at it"),
    UnreadReason.FAILED: _("the text could not be read: a person must look at it"),
    UnreadReason.EMBEDDED: _("a file within the file was not read"),
    UnreadReason.TIME: _("reading took too long; this page and those after it were not read"),
    UnreadReason.PICTURES: _("the file holds pictures: what is written in them was not read"),
}
_PLACES: dict[PlaceKind, Any] = {
    PlaceKind.BODY: _("body"),
    PlaceKind.HEADER: _("page header"),
    PlaceKind.FOOTER: _("page footer"),
    PlaceKind.NOTE: _("footnotes"),
    PlaceKind.COMMENT: _("comments"),
    PlaceKind.DELETED: _("tracked deletions"),
    PlaceKind.FIELD: _("links and descriptions"),
    PlaceKind.PROPERTIES: _("file properties"),
    PlaceKind.SHEET: _("sheet"),
    PlaceKind.HIDDEN_SHEET: _("hidden sheet"),
    PlaceKind.NAMES: _("defined names"),
    PlaceKind.CACHE: _("data cache"),
    PlaceKind.PART: _("another part of the file"),
    PlaceKind.PAGE: _("page"),
}


def place_said(*, kind: str, name: str, number: int) -> str:
    """Return a place in words of the active language: “sheet 名单, line 12”, “page 3”."""
    known = PlaceKind(kind)
    word = str(_PLACES[known])
    if known is PlaceKind.PAGE:
        return str(_("page %(number)s")) % {"number": number}
    if known in (PlaceKind.SHEET, PlaceKind.HIDDEN_SHEET) and name:
        word = f"{word} {name}"
    return str(_("%(place)s, line %(number)s")) % {"place": word, "number": number} if number else word
