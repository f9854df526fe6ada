"""Reads of word lists and content checks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast
from uuid import UUID

from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast

from apps.accounts.states import Role
from apps.common.changes import kept
from apps.safety.models import MediaCheck, TextCheck, WordEntry, WordListVersion
from apps.safety.states import (
    CLOSED_TO_THE_PUBLIC,
    Category,
    CheckState,
    Level,
    Purpose,
)
from apps.safety.words import Lexicon, WordRule

# Whose work the review of residents' content is.
REVIEWERS = frozenset({Role.INTAKE_CLERK, Role.DESK_HEAD})
# Who keeps the word lists: one of them loads, another one puts into force.
KEEPERS = frozenset({Role.DESK_HEAD, Role.REVIEWER_FINAL, Role.ADMINISTRATOR})
_CLOSED = sorted(state.value for state in CLOSED_TO_THE_PUBLIC)


@dataclass(frozen=True, slots=True)
class Held:
    """The words in force, with the ids of the versions that they come from."""

    lexicon: Lexicon
    version_ids: tuple[int, ...]


def lexicon_held(*, purpose: Purpose) -> Held:
    """Return the words in force for ``purpose`` (resident_texts or news), those of lists for both among them.

    No query while nothing changed (``common.changes``), else 1, and 1 of all words after a new version came into force.
    """

    def load() -> tuple[tuple[int, str], ...]:
        rows = WordListVersion.objects.filter(
            is_active=True, word_list__purpose__in=[purpose.value, Purpose.BOTH.value]
        )
        return tuple(rows.order_by("id").values_list("id", "sha256"))

    versions = kept("safety", ("versions", purpose.value), load)
    return Held(_lexicon_of(versions), tuple(version_id for version_id, _sha in versions))


@lru_cache(maxsize=4)
def _lexicon_of(versions: tuple[tuple[int, str], ...]) -> Lexicon:
    """Return the words of versions, which never change; the checksum tells one database's from another's."""
    return Lexicon(rules_of(version_ids=[version_id for version_id, _sha in versions]))


def rules_of(*, version_ids: Sequence[int]) -> list[WordRule]:
    """Return the words of versions, in the order of loading.  1 query, 0 for no ids."""
    if not version_ids:
        return []
    rows = WordEntry.objects.filter(version_id__in=version_ids).order_by("id")
    return [
        WordRule(word, Level(level), Category(category), suggestion, tuple(windows))
        for word, level, category, suggestion, windows in rows.values_list(
            "word", "level", "category", "suggestion", "allow_windows"
        )
    ]


@dataclass(frozen=True, slots=True)
class Diff:
    """How a list differs from what is in force: words added, taken out, changed in anything but the word."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]


def diff_of(*, rules: Iterable[WordRule], word_list_id: int) -> Diff:
    """Return how ``rules`` differ from the version of the list that is in force.  2 queries."""
    active = WordListVersion.objects.filter(word_list_id=word_list_id, is_active=True)
    before = {rule.word: rule for rule in rules_of(version_ids=list(active.values_list("id", flat=True)))}
    after = {rule.word: rule for rule in rules}
    return Diff(
        added=tuple(sorted(after.keys() - before.keys())),
        removed=tuple(sorted(before.keys() - after.keys())),
        changed=tuple(sorted(word for word in after.keys() & before.keys() if after[word] != before[word])),
    )


@dataclass(frozen=True, slots=True)
class Mark:
    """The check of one text or picture: whose it is, where it stands, and its id."""

    subject: tuple[str, str]
    content: str  # text or media
    state: CheckState
    check_id: UUID


def marks_of(*, subjects: Iterable[tuple[str, str]]) -> list[Mark]:
    """Return the checks of (kind, id) pairs that keep them from the public, oldest first.  1 query, 0 for no pairs."""
    ids_by_kind: dict[str, list[str]] = {}
    for kind, subject_id in subjects:
        ids_by_kind.setdefault(kind, []).append(str(subject_id))
    if not ids_by_kind:
        return []
    wanted = Q()
    for kind, ids in ids_by_kind.items():
        wanted |= Q(subject_kind=kind, subject_id__in=ids)
    texts, media = (
        cast(Any, model)._default_manager.filter(wanted, state__in=_CLOSED)
        .order_by()
        .values_list("subject_kind", "subject_id", Value(content), "state", "id")
        for model, content in ((TextCheck, "text"), (MediaCheck, "media"))
    )  # fmt: skip
    found = [
        Mark((kind, s), content, CheckState(state), pk)
        for kind, s, content, state, pk in texts.union(media, all=True)
    ]
    return sorted(found, key=lambda mark: mark.check_id)


# Which of several states is told of one subject.
_FIRST = (CheckState.CONFIRMED, CheckState.RISKY, CheckState.REVIEW, CheckState.ASKED, CheckState.PENDING)


def safety_open(*, subject_kind: str, ids: Iterable[UUID | str]) -> dict[str, CheckState]:
    """Return, by id, the gravest state among the checks that keep a subject from the public; the others are left out.

    What was never checked (it is older than the checks) is not kept back.  1 query, 0 for no ids.
    """
    found: dict[str, CheckState] = {}
    for mark in marks_of(subjects=((subject_kind, str(one)) for one in ids)):
        held = found.get(mark.subject[1])
        if held is None or _FIRST.index(mark.state) < _FIRST.index(held):
            found[mark.subject[1]] = mark.state
    return found


def waits_for_a_person(*, subject_kind: str, id_field: str = "pk") -> Q:
    """Return, as a condition on rows of another app, whether a check of their text or pictures waits for a person.

    ``id_field``  the column that holds the subject's id.  Two index look-ups a row; for lists of a page's length.
    """
    given = {
        "subject_kind": subject_kind, "subject_id": Cast(OuterRef(id_field), CharField()),
        "state__in": [CheckState.REVIEW.value, CheckState.RISKY.value],
    }  # fmt: skip
    return Q(Exists(TextCheck.objects.filter(**given))) | Q(Exists(MediaCheck.objects.filter(**given)))


def texts_at_desk(*, staff: Any) -> QuerySet[TextCheck]:
    """Return the checks of texts that ``staff`` works on: all for the intake desk, none for others."""
    rows = TextCheck.objects.select_related("decided_by")
    return rows if staff.is_superuser or staff.roles & REVIEWERS else rows.none()


def pictures_at_desk(*, staff: Any) -> QuerySet[MediaCheck]:
    """Return the checks of pictures that ``staff`` works on: all for the intake desk, none for others."""
    rows = MediaCheck.objects.select_related("decided_by", "upload")
    return rows if staff.is_superuser or staff.roles & REVIEWERS else rows.none()
