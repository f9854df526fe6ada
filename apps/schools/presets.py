"""What a round of a kind usually looks like: a start that the office looks through before it announces anything.

Wholly a proposal of ours: the district decides dates, classes and rules each year.  Dates are days of the round's year, ages
those on 31 August of it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Preset:
    """``name``  takes the year    ``dates``  field → MM-DD    ``ages``  of the oldest and of the youngest."""

    code: str
    label: Any
    name: str
    stage: str
    policy: str
    max_choices: int
    catchment_first: bool
    home_papers: bool
    waiting_answer_hours: int
    public_number_source: str
    ages: tuple[int, int]
    dates: dict[str, str]
    categories: tuple[dict[str, Any], ...]

    def birthdays(self, year: int) -> tuple[dt.date, dt.date]:
        """Return the first and the last day of birth of who may apply in a year."""
        oldest, youngest = self.ages
        return dt.date(year - oldest - 1, 9, 1), dt.date(year - youngest, 8, 31)


PRESETS = {
    one.code: one
    for one in (
        Preset(
            code="kindergarten", label=_("kindergarten, youngest class"), name="{year}年公办幼儿园小班招生", stage="kindergarten",
            policy="draw", max_choices=2, catchment_first=True, home_papers=True, waiting_answer_hours=48,
            public_number_source="公证处当众摇出的号码（待区教育局确定）", ages=(3, 3),
            dates={
                "opens_at": "06-10", "closes_at": "06-20", "fix_until": "06-27", "answer_until": "07-15", "waiting_until": "08-20",
                "starts_on": "09-01",
            },
            categories=(
                {"code": "hukou", "name": "户籍与房产一致", "rank": 0, "needs_hukou": True, "needs_property": True,
                 "papers": "户口簿、房产证"},
                {"code": "rent", "name": "户籍或租赁", "rank": 1, "needs_hukou": True, "papers": "户口簿、租赁合同"},
                {"code": "permit", "name": "居住证", "rank": 2, "papers": "居住证"},
            ),
        ),
        Preset(
            code="senior", label=_("senior high school"), name="{year}年普通高中招生", stage="senior",
            policy="deferred", max_choices=6, catchment_first=False, home_papers=False, waiting_answer_hours=24,
            public_number_source="公证处当众摇出的号码，仅用于同分（待区教育局确定）", ages=(18, 14),
            dates={
                "opens_at": "06-25", "closes_at": "07-01", "fix_until": "07-05", "answer_until": "07-20", "waiting_until": "08-10",
                "starts_on": "09-01",
            },
            categories=(
                {"code": "general", "name": "统招", "rank": 0},
                {"code": "quota", "name": "分配生", "rank": 1, "papers": "分配生资格证明"},
            ),
        ),
    )
}  # fmt: skip
