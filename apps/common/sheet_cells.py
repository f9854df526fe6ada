"""Cells of reference tables: what a cell of a file says, how a row image keeps it (JSON), how it is written again.

They are widgets of django-import-export.  ``clean`` reads a cell and returns the kept form, ``restore`` turns that into
what the model's field takes, ``kept`` is the way back, ``render`` writes the cell.  None of them asks the database.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext as _
from import_export import widgets

from apps.common.api.fields import text_clean
from apps.common.spreadsheets import cell_inert

# What stands between several values of one cell; a semicolon typed without an input method counts too.
JOIN = "；"
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?: 00:00:00)?")
_WHOLE = re.compile(r"[+-]?\d{1,15}")
# What spreadsheet programs and people write, beside the words on the page.
_TRUE, _FALSE = frozenset({"true", "1", "y", "yes"}), frozenset({"false", "0", "n", "no"})


class CellRefused(ValueError):
    """A cell says something that its column does not take; the text is for people."""


def cell_text(value: Any) -> str:
    """Return what a cell says as text: without control characters, a whole number without a fraction.

    The apostrophe that made the cell inert when it was written is taken off again.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = text_clean("" if value is None else str(value)).strip()
    return text[1:] if text[:1] == "'" and cell_inert(text[1:]) == text else text


class TextCell(widgets.Widget):
    """A text; lengths are checked by the model's field."""

    def clean(self, value: Any, row: Any = None, **_kwargs: Any) -> Any:
        """Return the kept form of a cell.  Raises CellRefused."""
        del row
        return cell_text(value)

    def restore(self, kept: Any) -> Any:
        """Return what the model's field takes."""
        return kept

    def kept(self, value: Any) -> Any:
        """Return the kept form of a field's value."""
        return "" if value is None else value

    def render(self, value: Any, obj: Any = None, **_kwargs: Any) -> Any:
        """Return the cell that says a field's value."""
        del obj
        return self.written(self.kept(value))

    def written(self, kept: Any) -> Any:
        """Return the cell that says a kept form."""
        return kept


class FlagCell(TextCell):
    """Yes or no; an empty cell is refused, because it could mean either."""

    def clean(self, value: Any, row: Any = None, **_kwargs: Any) -> bool:
        """Return whether the cell says yes.  Raises CellRefused."""
        del row
        text = cell_text(value).lower()
        if text in _TRUE or text == _("Yes").lower():
            return True
        if text in _FALSE or text == _("No").lower():
            return False
        raise CellRefused(_("write “%(yes)s” or “%(no)s”.") % {"yes": _("Yes"), "no": _("No")})

    def written(self, kept: Any) -> str:
        """Return the word."""
        return _("Yes") if kept else _("No")


class NumberCell(TextCell):
    """A whole number; its range is checked by the model's field.  ``may_be_empty``: an empty cell stands for none."""

    def __init__(self, *, may_be_empty: bool = False) -> None:
        super().__init__()
        self.may_be_empty = may_be_empty

    def clean(self, value: Any, row: Any = None, **_kwargs: Any) -> int | None:
        """Return the number, None for an empty cell that may be.  Raises CellRefused."""
        del row
        text = cell_text(value)
        if not text and self.may_be_empty:
            return None
        if not _WHOLE.fullmatch(text):
            raise CellRefused(_("write a whole number."))
        return int(text)

    def kept(self, value: Any) -> Any:
        """Return the number."""
        return value

    def written(self, kept: Any) -> Any:
        """Return the number, empty for none."""
        return "" if kept is None else kept


class DateCell(TextCell):
    """A date as the spreadsheet program keeps it, or 2026-01-31, 2026/1/31, 2026年1月31日; kept as ISO 8601."""

    def clean(self, value: Any, row: Any = None, **_kwargs: Any) -> str | None:
        """Return the date, None for an empty cell.  Raises CellRefused."""
        del row
        if isinstance(value, dt.datetime | dt.date):
            return f"{value:%Y-%m-%d}"
        text = cell_text(value)
        if not text:
            return None
        found = _DATE.fullmatch(text)
        try:
            return dt.date(*(int(part) for part in found.groups())).isoformat() if found else _refuse_date()
        except ValueError as error:
            raise CellRefused(_("write a date like 2026-01-31.")) from error

    def restore(self, kept: Any) -> dt.date | None:
        """Return the date."""
        return dt.date.fromisoformat(kept) if kept else None

    def kept(self, value: Any) -> str | None:
        """Return the date as text."""
        return value.isoformat() if value else None

    def written(self, kept: Any) -> Any:
        """Return the date as text, empty for none."""
        return kept or ""


def _refuse_date() -> str:
    raise CellRefused(_("write a date like 2026-01-31."))


class ChoiceCell(TextCell):
    """One of several, by its name on the page or by its code; the code is kept."""

    def __init__(self, choices: Any) -> None:
        super().__init__()
        self.choices = choices

    def clean(self, value: Any, row: Any = None, **_kwargs: Any) -> str:
        """Return the code, empty for an empty cell.  Raises CellRefused."""
        del row
        text = cell_text(value)
        names = {str(name): str(code) for code, name in self.choices if code != ""}
        code = names.get(text, text)
        if code and code not in names.values():
            raise CellRefused(_("write one of: %(names)s.") % {"names": "、".join(names)})
        return code

    def written(self, kept: Any) -> str:
        """Return the name."""
        return str(dict(self.choices).get(kept, kept))


class ListCell(TextCell):
    """Several texts, set apart by “；”; with choices, by their names or codes."""

    def __init__(self, choices: Any = ()) -> None:
        super().__init__()
        self.one = ChoiceCell(choices) if choices else TextCell()

    def clean(self, value: Any, row: Any = None, **_kwargs: Any) -> list[Any]:
        """Return the values in order, each once.  Raises CellRefused."""
        del row
        parts = (part.strip() for part in cell_text(value).replace(";", JOIN).split(JOIN))
        return list(dict.fromkeys(self.one.clean(part) for part in parts if part))

    def kept(self, value: Any) -> list[Any]:
        """Return the values."""
        return list(value or ())

    def written(self, kept: Any) -> str:
        """Return the values in one cell."""
        return JOIN.join(str(self.one.written(part)) for part in kept or ())


class ReferenceCell(TextCell):
    """Another row, by its natural key.  Whether it is there is asked for many cells at once (``sheet_resources``)."""

    def __init__(self, target: type[models.Model], key: str) -> None:
        super().__init__()
        self.target = target
        self.key = key

    def clean(self, value: Any, row: Any = None, **_kwargs: Any) -> str | None:
        """Return the key, None for an empty cell."""
        del row
        return cell_text(value) or None

    def kept(self, value: Any) -> str | None:
        """Return the key."""
        return value or None

    def written(self, kept: Any) -> str:
        """Return the key, empty for none."""
        return kept or ""


def cell_of(field: Any, *, key: str | None = None) -> TextCell:
    """Return the cell of a model's field.

    ``key``  of a reference: the target's natural key where that is not its primary key
    Raises TypeError for a field that has no cell (a many-to-many relation, an encrypted text).
    """
    match field:
        case models.ForeignKey():
            target: Any = field.related_model
            return ReferenceCell(target, key or target._meta.pk.name)
        case ArrayField():
            return ListCell(field.base_field.choices or ())
        case models.CharField() | models.TextField():
            return ChoiceCell(field.choices) if field.choices else TextCell()
        case models.BooleanField():
            return FlagCell()
        case models.DateField() if not isinstance(field, models.DateTimeField):
            return DateCell()
        case models.IntegerField():
            return NumberCell(may_be_empty=field.null)
    raise TypeError(f"{field} has no cell")
