"""Refusals of content safety."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.common.errors import Refused


class CheckNotFound(Refused):
    code = "check_not_found"
    message = _("There is no such content check.")
    status = 404


class CheckSettled(Refused):
    code = "check_settled"
    message = _("This content was decided already: %(state_label)s.")
    status = 409


class DecisionRefused(Refused):
    code = "decision_refused"
    message = _("Content is cleared or kept back by the intake desk only.")
    status = 403


class NoteMissing(Refused):
    code = "note_missing"
    message = _("Please give your grounds in 1 to %(most)s characters.")
    status = 400


class WordListNotFound(Refused):
    code = "word_list_not_found"
    message = _("There is no such word list.")
    status = 404


class WordsRefused(Refused):
    """A list that can not be loaded; ``problems`` says why, line by line, ``more`` how many further lines."""

    code = "words_refused"
    message = _("The list was not loaded: %(count)s lines need your attention.")
    status = 400


class WordsSame(Refused):
    code = "words_same"
    message = _("Version %(number)s of this list holds the same words already.")
    status = 409


class VersionActive(Refused):
    code = "version_active"
    message = _("This version is in force already.")
    status = 409


class FourEyes(Refused):
    code = "four_eyes"
    message = _("Someone else than who loaded the list puts it into force.")
    status = 403


class WordsRightMissing(Refused):
    code = "words_right_missing"
    message = _(
        "Word lists are kept by the head of the intake desk, the final reviewer and the administrator."
    )
    status = 403


class SheetRefused(Refused):
    code = "sheet_refused"
    message = _("The file can not be read as a table: %(why)s")
    status = 400
