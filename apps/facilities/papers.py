"""What to bring, as people write it: one paper a line, ``name | copies | note``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

MOST, NAME_CHARS, NOTE_CHARS = 30, 60, 100
Paper = dict[str, Any]  # {"name", "copies": int | None, "note"}


def paper_text(paper: Mapping[str, Any]) -> str:
    """Return a paper in one line."""
    parts = (paper["name"], paper.get("copies") or "", paper.get("note") or "")
    return " | ".join(str(part) for part in parts).rstrip(" |")


def papers_read(lines: Iterable[str]) -> list[Paper]:
    """Return the papers that lines say, empty ones left out; at most 30.  Raises ValueError."""
    papers = [_paper(line.replace("｜", "|")) for line in lines if line.strip()]
    if len(papers) > MOST:
        raise ValueError("too many papers")
    return papers


def _paper(line: str) -> Paper:
    parts = [part.strip() for part in line.split("|")]
    name, copies, note = [*parts, "", ""][:3]
    whole = not copies or (copies.isascii() and copies.isdigit() and len(copies) <= 2)
    if len(parts) > 3 or not 1 <= len(name) <= NAME_CHARS or len(note) > NOTE_CHARS or not whole:
        raise ValueError("no paper")
    return {"name": name, "copies": int(copies) if copies else None, "note": note}
