"""Files of reference tables, and people who may import them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from typing import Any

import openpyxl
import pytest

from apps.accounts.models import Staff
from apps.common import clock as project_clock
from apps.sheets import services
from apps.sheets.models import ImportBatch
from apps.sheets.states import Verb

COMMUNITY = ("code", "street", "name", "selectable")
# Streets of the fixtures.
STREET, OTHER_STREET = "420107001", "420107002"


def csv_of(rows: Iterable[Iterable[Any]], *, encoding: str = "utf-8") -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows(rows)
    return out.getvalue().encode(encoding)


def xlsx_of(rows: Iterable[Iterable[Any]]) -> bytes:
    book, out = openpyxl.Workbook(write_only=True), io.BytesIO()
    sheet = book.create_sheet("s")
    for row in rows:
        sheet.append(list(row))
    book.save(out)
    return out.getvalue()


def uploaded(staff: Staff, kind: str, raw: bytes, name: str = "t.csv") -> ImportBatch:
    return services.batch_upload(kind=kind, file_name=name, raw=raw, staff=staff, now=project_clock.now())


def acted(batch: ImportBatch, verb: Verb, staff: Staff) -> ImportBatch:
    return services.batch_act(batch_id=batch.id, verb=verb, staff=staff, now=project_clock.now())


def counts(batch: ImportBatch) -> tuple[int, int, int, int]:
    return batch.new, batch.changed, batch.unchanged, batch.refused


def errors(batch: ImportBatch) -> list[tuple[int, list[list[str]]]]:
    return [(row.line, row.errors) for row in batch.rows.filter(sort="refused").order_by("line")]


@pytest.fixture
def keeper(staff: Callable[..., Staff]) -> Staff:
    return staff("administrator")


@pytest.fixture
def second(staff: Callable[..., Staff]) -> Staff:
    return staff("administrator")
