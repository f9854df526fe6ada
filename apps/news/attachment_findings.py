"""What the scans of attachments say about a revision, as findings: one for each file, kind and weight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from apps.news.checks import Found
from apps.news.errors import AttachmentsPending
from apps.news.file_words import KIND_WORDS, place_said
from apps.news.models import Attachment, AttachmentWords, Revision
from apps.news.models.attachments import ScanState
from apps.news.states import FindingKind, FindingLevel

EXAMPLES = 3


def attachments_checked(*, revision: Revision, versions: Sequence[int]) -> list[Found]:
    """Return the findings in the attachments of ``revision``.  2 queries, 0 for none.

    ``versions``  of the word lists in force: a file that was looked at with others is not ready
    A list with 300 telephone numbers is one finding with its number and three masked examples, not three hundred.
    Raises AttachmentsPending while one is not scanned.
    """
    ids = [one["id"] for one in revision.attachments]
    if not ids:
        return []
    rows = list(Attachment.objects.filter(id__in=ids).order_by("id"))
    words = {one.attachment_id: one for one in AttachmentWords.objects.filter(attachment_id__in=ids)}
    pending = [row.name for row in rows if not _is_ready(row, words.get(row.pk), versions)]
    if pending:
        raise AttachmentsPending(attr="attachments", names="、".join(pending))
    return [found for row in rows for found in (*_scanned(row), *_listed(row, words[row.pk]))]


def _is_ready(row: Attachment, words: AttachmentWords | None, versions: Sequence[int]) -> bool:
    return row.scan_state != ScanState.PENDING and words is not None and words.versions == list(versions)


def _scanned(row: Attachment) -> list[Found]:
    if row.scan_state == ScanState.FAILED:
        return [Found(FindingKind.ATTACHMENT, FindingLevel.BLOCK, row.name, 0, 0, row.name[:80])]
    found = []
    for kind, level, count in row.scan.get("counts", []):
        examples = [one for one in row.scan["findings"] if (one["kind"], one["level"]) == (kind, level)]
        found.append(
            Found(
                FindingKind.PERSONAL, FindingLevel(level), row.name, 0, 0, f"{KIND_WORDS.get(kind, kind)} × {count}",
                "；".join(_example(one) for one in examples[:EXAMPLES]),
            )
        )  # fmt: skip
    if row.scan.get("unread"):
        places = "；".join(place_said(**one["where"]) for one in row.scan["unread"][:EXAMPLES])
        found.append(Found(FindingKind.ATTACHMENT, FindingLevel.WARN, row.name, 0, 0, row.name[:80], places))
    return found


def _example(one: dict[str, Any]) -> str:
    return f"{place_said(**one['where'])} {one['excerpt']}"


def _listed(row: Attachment, words: AttachmentWords) -> list[Found]:
    return [
        Found(
            FindingKind.WORD, FindingLevel(one["level"]), row.name, 0, 0, one["word"],
            f"{one['where']} × {one['count']}", one["suggestion"],
        )
        for one in words.found
    ]  # fmt: skip
