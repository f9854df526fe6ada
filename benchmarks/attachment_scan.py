"""How long does it take to look for personal data in an attachment of ten megabytes?

A .docx of text, an .xlsx with shared strings that unpacks to about fifty megabytes, a PDF of 100 pages with pictures: read as the
worker reads them, in a process of its own, in turns with the yardstick: unpacking the same file and nothing else.
"""

from __future__ import annotations

import json

from benchmarks.report import Figure, Finding
from benchmarks.system import System

MOST_SECONDS = 2.0


def run(system: System) -> Finding:
    """Measure and return the finding."""
    made = json.loads(system.command("benchmarks.attachment_files"))
    figures, notes = [], []
    for name, one in made["files"].items():
        what = f"scan of a .{name} of {one['bytes'] / 1e6:.1f} MB"
        figures += [
            Figure(what, round(one["scan_s"], 2), "s CPU", MOST_SECONDS),
            Figure(f".{name}: scan ÷ unpacking", round(one["scan_s"] / one["unpack_s"], 1), "×"),
        ]
        notes.append(f"{name}: {one['unpacked'] / 1e6:.0f} MB unpacked, {one['findings']} findings")
    return Finding(
        name="attachment_scan",
        question="How long does it take to look for personal data in an attachment of ten megabytes?",
        yardstick="unpacking every part of the same file with zlib, in turns in the same process",
        figures=figures,
        rows={},
        notes=notes,
    )
