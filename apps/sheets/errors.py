"""Refusals of imports and exports."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.common.errors import Refused


class SheetRefused(Refused):
    code = "sheet_refused"
    message = _("The table can not be read: %(why)s")
    status = 400


class SheetRightMissing(Refused):
    code = "sheet_right_missing"
    message = _("You may not do this with this table.")
    status = 403


class BatchNotFound(Refused):
    code = "import_not_found"
    message = _("There is no such import.")
    status = 404


class BatchMoveRefused(Refused):
    code = "import_move_refused"
    message = _("This can not be done with the import in its present state: %(state)s.")


class FourEyes(Refused):
    code = "import_four_eyes"
    message = _("Another person than who uploaded the file must do this.")
    status = 403


class SecondPersonNeeded(Refused):
    code = "import_second_person"
    message = _("A second person must approve this import first.")


class LinesRefused(Refused):
    code = "import_lines_refused"
    message = _("%(count)s lines are refused: put them right in the file and upload it again.")


class NothingToImport(Refused):
    code = "import_nothing"
    message = _("Nothing in the file differs from the table.")


class UndoExpired(Refused):
    code = "import_undo_expired"
    message = _("This import is too old to be undone.")


class ReasonNeeded(Refused):
    code = "export_reason_needed"
    message = _("Say why you need the personal data, in 1 to %(most)s characters.")
    status = 400


class ExportTooLarge(Refused):
    code = "export_too_large"
    message = _("The table has more than %(most)s rows: it can not be exported whole.")
