"""Registers that offices hand over for a year: who is registered where, which homes have a deed or lease.  Hashes only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any, NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from apps.common import clock
from apps.common.crypto import lookup_hash
from apps.common.identity import identity_of, number_plain, other_number
from apps.common.models import Community
from apps.common.sheet_cells import CellRefused, cell_text
from apps.schools.addresses import address_key
from apps.schools.ground_errors import RegisterRefused
from apps.schools.models import RegisterRow
from apps.schools.services.children import child_hash
from apps.sheets.errors import SheetRefused
from apps.sheets.tables import FILE_BYTES, csv_rows, xlsx_rows

MOST_ROWS = 50_000
BATCH = 2_000
MOST_TOLD = 20
ADDRESS_CHARS = 120
# What the offices' files call their columns; a format, not a text of ours.
COLUMNS = {"id_number": "证件号码", "address": "地址", "community": "社区编号"}


class RegisterLine(NamedTuple):
    """A line as it came in; only its hashes are kept.  ``id_kind``, ``id_number`` empty in the property register."""

    id_kind: str
    id_number: str
    address: str
    community: str


@dataclass(frozen=True, slots=True)
class RegisterReport:
    """``lines`` read, ``added`` of them new: those that were there already, or twice in the file, are not."""

    lines: int
    added: int


def register_import(
    *, kind: str, year: int, rows: Sequence[RegisterLine | tuple[str, str, str, str]], now: dt.datetime
) -> RegisterReport:
    """Add the lines of a register; nothing that is there is changed or taken away.

    All lines are hashed before the first one is written, as a family's entry is (``applying``), all are written or none.
    2 queries and 1 for every 2,000 lines.  Raises RegisterRefused for a line that names no home or, in the household
    register, no person.
    """
    wanted: dict[tuple[str, str], None] = {}
    wrong: list[tuple[int, str]] = []
    for place, row in enumerate(rows, start=1):
        line = RegisterLine(*row)
        key, person = address_key(line.address, line.community), ""
        if kind == RegisterRow.Kind.HUKOU:
            person = child_hash(id_kind=line.id_kind, number=line.id_number) if line.id_number else ""
        if not key or (kind == RegisterRow.Kind.HUKOU and not person):
            wrong.append((place, _("names no home or no person.")))
            continue
        wanted[person, lookup_hash(key, purpose="home")] = None
    if wrong:
        raise _refused(wrong)
    held = RegisterRow.objects.filter(kind=kind, year=year)
    with transaction.atomic():
        before = held.count()
        RegisterRow.objects.bulk_create(
            (
                RegisterRow(kind=kind, year=year, person_hash=person, address_hash=home, imported_at=now)
                for person, home in wanted
            ),
            batch_size=BATCH,
            ignore_conflicts=True,
        )
        return RegisterReport(lines=len(rows), added=held.count() - before)


def register_read(stream: IO[bytes], filename: str, kind: str) -> list[RegisterLine]:
    """Return the lines of an office's file for ``register_import``; a single bad line refuses the whole file.

    ``stream``    XLSX (by content, 10 MiB, 32 MiB unpacked) or CSV (UTF-8, else GB 18030), at most 50,000 lines
    ``filename``  not trusted: the content decides which format it is
    The first line names the columns: 证件号码 (household register only), 地址, 社区编号.  1 query.
    Raises SheetRefused for what is no table, RegisterRefused with the first 20 lines that are wrong.
    """
    raw = stream.read(FILE_BYTES + 1)
    if len(raw) > FILE_BYTES:
        raise SheetRefused(attr="file", why=_("it is larger than %(most)s MB.") % {"most": FILE_BYTES >> 20})
    communities = set(Community.objects.values_list("code", flat=True))
    lines: list[RegisterLine] = []
    wrong: list[tuple[int, str]] = []
    for number, cells in _cells(raw, kind):
        if len(lines) + len(wrong) >= MOST_ROWS:
            raise SheetRefused(attr="file", why=_("it has more than %(most)s lines.") % {"most": MOST_ROWS})
        try:
            lines.append(_line(cells, kind, communities))
        except CellRefused as refused:
            wrong.append((number, str(refused)))
    if wrong:
        raise _refused(wrong)
    if not lines:
        raise SheetRefused(attr="file", why=_("there is no line in it."))
    return lines


def _refused(wrong: list[tuple[int, str]]) -> RegisterRefused:
    told = [_("line %(line)s: %(why)s") % {"line": line, "why": why} for line, why in wrong[:MOST_TOLD]]
    if len(wrong) > MOST_TOLD:
        told.append(_("and %(count)s more lines.") % {"count": len(wrong) - MOST_TOLD})
    return RegisterRefused(attr="file", lines=" ".join(told))


def _cells(raw: bytes, kind: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the lines with something in them, numbered as a spreadsheet program does.  Raises SheetRefused."""
    try:
        rows = xlsx_rows(raw) if raw.startswith(b"PK\x03\x04") else csv_rows(raw)
        header = [cell_text(cell) for cell in next(rows, (1, ()))[1]]
        places = _places(header, kind)
        for number, row in rows:
            cells = {name: row[place] if place < len(row) else None for name, place in places.items()}
            if any(value not in (None, "") for value in cells.values()):
                yield number, cells
    except SheetRefused:
        raise
    except Exception as error:
        # The readers of both formats raise what they like; the file is somebody else's.
        raise SheetRefused(attr="file", why=_("it is neither XLSX nor CSV.")) from error


def _places(header: list[str], kind: str) -> dict[str, int]:
    wanted = {
        code: name for code, name in COLUMNS.items() if code != "id_number" or kind == RegisterRow.Kind.HUKOU
    }
    for name in wanted.values():
        if header.count(name) > 1:
            raise SheetRefused(
                attr="file", why=_("the column “%(column)s” is there twice.") % {"column": name}
            )
        if name not in header:
            raise SheetRefused(attr="file", why=_("the column “%(column)s” is missing.") % {"column": name})
    return {code: header.index(name) for code, name in wanted.items()}


def _line(cells: dict[str, Any], kind: str, communities: set[str]) -> RegisterLine:
    """Return a line.  Raises CellRefused, with no word of what the cells say."""
    address, community = cell_text(cells["address"]), cell_text(cells["community"])
    if not 1 <= len(address) <= ADDRESS_CHARS:
        raise CellRefused(_("write an address of 1 to %(most)s characters.") % {"most": ADDRESS_CHARS})
    if community and community not in communities:
        raise CellRefused(_("there is no community with this code."))
    if not address_key(address, community):
        raise CellRefused(_("the address names no home: a house number or the community's code is missing."))
    id_kind, id_number = "", ""
    if kind == RegisterRow.Kind.HUKOU:
        id_kind, id_number = _document(cell_text(cells["id_number"]))
    return RegisterLine(id_kind, id_number, address, community)


def _document(text: str) -> tuple[str, str]:
    """Return kind and number of a document as a child's row has them.  Raises CellRefused."""
    found = identity_of(text, today=clock.today())
    if found is not None:
        return "resident", found.number
    other = other_number(text)
    # What looks like an identity card and is none was typed wrong: as another document nobody would find it.
    if other is None or (len(number_plain(text)) == 18 and other[:17].isdigit()):
        raise CellRefused(_("the document's number can not be right."))
    return "other", other
