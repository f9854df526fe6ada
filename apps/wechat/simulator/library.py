"""The public library of message templates, from which an account picks its own: made from the account's template file.

Each template of the file stands here under a number (tid) with its keywords in the file's order.  A one-time template
stands here a second time as a "new-style" one, whose keywords can not be chosen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

FIRST_TID = 401
# 10,000,000 up to 20,000,000: one-time templates of the new style, added with an empty kidList.
NEW_STYLE = range(10_000_000, 20_000_000)
CATEGORY = {"id": 1001, "name": "政务民生（模拟）"}
ONE_TIME = 2
_LINE = re.compile(r"([^:\n]+):\{\{\s*([A-Za-z_]+)([0-9]*)\.DATA\s*\}\}")


@dataclass(frozen=True, slots=True)
class Keyword:
    """One keyword of a title; ``rule`` is the type of its key."""

    kid: int
    name: str
    example: str
    rule: str
    listed: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The key of the value in a message."""
        return f"{self.rule}{self.kid}"


@dataclass(frozen=True, slots=True)
class Title:
    """A template of the public library; ``kind`` 2 one-time, 3 long-term."""

    tid: int
    title: str
    kind: int
    keywords: tuple[Keyword, ...]

    def row(self, *, template_id: str, keywords: Sequence[Keyword]) -> dict[str, Any]:
        """Return a private template with these keywords as gettemplate shows it."""
        listed = [
            {"keywordCode": f"{keyword.key}.DATA", "enumValueList": list(keyword.listed)}
            for keyword in keywords
            if keyword.listed
        ]
        return {
            "priTmplId": template_id,
            "title": self.title,
            "content": "".join(f"{keyword.name}:{{{{{keyword.key}.DATA}}}}\n" for keyword in keywords),
            "example": "".join(f"{keyword.name}:{keyword.example}\n" for keyword in keywords),
            "type": self.kind,
            "keywordEnumValueList": listed,
        }


@dataclass(frozen=True, slots=True)
class Library:
    """The titles by their tid."""

    titles: Mapping[int, Title]

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, Any]]) -> Library:
        """Make the library from the rows of a template file."""
        titles: dict[int, Title] = {}
        for number, row in enumerate(rows):
            tid = FIRST_TID + number
            titles[tid] = Title(tid, row["title"], row["type"], _keywords(row))
            if row["type"] == ONE_TIME:
                tid += NEW_STYLE.start
                titles[tid] = Title(tid, row["title"], row["type"], _keywords(row))
        return cls(titles)


def _keywords(row: Mapping[str, Any]) -> tuple[Keyword, ...]:
    examples = dict(line.partition(":")[::2] for line in row.get("example", "").splitlines())
    listed = {
        str(item["keywordCode"]).removesuffix(".DATA"): tuple(item["enumValueList"])
        for item in row.get("keywordEnumValueList", ())
    }
    return tuple(
        Keyword(int(number or 0), name, examples.get(name, ""), rule, listed.get(f"{rule}{number}", ()))
        for name, rule, number in _LINE.findall(row["content"])
    )
