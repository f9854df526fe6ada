"""Word lists: a version is loaded by one person and put into force by another."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction

from apps.common.changes import announce
from apps.safety.errors import (
    FourEyes,
    VersionActive,
    WordListNotFound,
    WordsRefused,
    WordsRightMissing,
    WordsSame,
)
from apps.safety.models import WordEntry, WordList, WordListVersion
from apps.safety.selectors import KEEPERS, Diff, diff_of
from apps.safety.word_rows import Problem, WordRow, rows_check, rules_sha256
from apps.safety.words import WordRule

if TYPE_CHECKING:
    from apps.accounts.models import Staff

_CHUNK = 2000


@dataclass(frozen=True, slots=True)
class WordsPreview:
    """What loading a table would do: how many words it holds, how it differs from what is in force, what is wrong."""

    size: int
    diff: Diff
    problems: tuple[Problem, ...]


def word_list_preview(*, word_list_id: int, rows: Sequence[WordRow]) -> WordsPreview:
    """Return what loading ``rows`` would do; nothing is written.  2 queries."""
    rules, problems = rows_check(rows=rows)
    return WordsPreview(len(rules), diff_of(rules=rules, word_list_id=word_list_id), tuple(problems))


def word_list_load(
    *, word_list_id: int, rows: Sequence[WordRow], staff: Staff, now: dt.datetime
) -> WordListVersion:
    """Keep ``rows`` as a new version of a list; it counts when another person puts it into force.

    ``rows``  1 to 20,000, every one of them sound
    4 queries, and 1 for each 2,000 words.  Raises WordsRightMissing, WordListNotFound, WordsRefused, WordsSame.
    """
    _right_check(staff)
    rules, problems = rows_check(rows=rows)
    if problems:
        raise WordsRefused(attr="file", count=len(problems))
    with transaction.atomic():
        held = WordList.objects.select_for_update().filter(id=word_list_id).first()
        if held is None:
            raise WordListNotFound
        return _version_write(held, rules, staff, now)


def _version_write(
    held: WordList, rules: Sequence[WordRule], staff: Staff | None, now: dt.datetime
) -> WordListVersion:
    sha256 = rules_sha256(rules=rules)
    before = {row.sha256: row.number for row in held.versions.only("sha256", "number")}
    if sha256 in before:
        raise WordsSame(attr="file", number=before[sha256])
    version = WordListVersion.objects.create(
        word_list=held, number=max(before.values(), default=0) + 1, sha256=sha256, size=len(rules), created_by=staff,
        created_at=now,
    )  # fmt: skip
    WordEntry.objects.bulk_create(
        (
            WordEntry(
                version=version, word=rule.word, level=rule.level.value, category=rule.category.value,
                suggestion=rule.suggestion, allow_windows=list(rule.windows),
            )
            for rule in rules
        ),
        batch_size=_CHUNK,
    )  # fmt: skip
    return version


def version_activate(*, version_id: int, staff: Staff, now: dt.datetime) -> WordListVersion:
    """Put a version into force in place of the one before; every process knows within a second.  4 queries.

    An older version can be put into force again.  Raises WordsRightMissing, WordListNotFound, FourEyes, VersionActive.
    """
    _right_check(staff)
    with transaction.atomic():
        held = WordList.objects.select_for_update(of=("self",)).filter(versions__id=version_id).first()
        if held is None:
            raise WordListNotFound
        version: WordListVersion = WordListVersion.objects.select_related("word_list").get(id=version_id)
        if version.is_active:
            raise VersionActive
        if version.created_by_id == staff.pk:
            raise FourEyes
        _activate(version, staff, now)
    return version


def _activate(version: WordListVersion, staff: Staff | None, now: dt.datetime) -> None:
    WordListVersion.objects.filter(word_list_id=version.word_list_id, is_active=True).update(is_active=False)
    version.activated_by, version.activated_at, version.is_active = staff, now, True
    version.save(update_fields=["activated_by", "activated_at", "is_active"])
    announce("safety")


def _right_check(staff: Staff) -> None:
    if not (staff.is_superuser or staff.roles & KEEPERS):
        raise WordsRightMissing


def word_lists_load(*, lists: Iterable[Mapping[str, Any]], now: dt.datetime) -> int:
    """Add the lists that are not there yet, each with a first version in force that nobody loaded; returns how many.

    ``lists``  ``{"name", "purpose", "words": [{"word", "level", "category", "suggestion", "windows"}]}``
    1 query, and 4 for each new list.  Raises WordsRefused.
    """
    known = set(WordList.objects.values_list("name", flat=True))
    new = [row for row in lists if row["name"] not in known]
    for row in new:
        words = [
            WordRow(
                line, one["word"], one["level"], one["category"], one.get("suggestion", ""),
                tuple(one.get("windows", ())),
            )
            for line, one in enumerate(row["words"], start=1)
        ]  # fmt: skip
        rules, problems = rows_check(rows=words)
        if problems:
            raise WordsRefused(count=len(problems))
        with transaction.atomic():
            held = WordList.objects.create(name=row["name"], purpose=row["purpose"])
            _activate(_version_write(held, rules, None, now), None, now)
    return len(new)
