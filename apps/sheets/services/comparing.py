"""Comparing the lines of a file with a table: nothing is written, many lines are looked up by one statement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from apps.common.sheet_cells import ReferenceCell
from apps.common.sheet_resources import KeyedLoader
from apps.common.sheets import Image, SheetKind
from apps.sheets.models import KEY_CHARS
from apps.sheets.states import Sort, rings
from apps.sheets.tables import Line

Wrong = list[tuple[str, str]]  # (column, text)


@dataclass(frozen=True, slots=True)
class Draft:
    """What an import would do with a line."""

    line: int
    key: str
    sort: Sort
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    errors: Wrong = field(default_factory=list)


@dataclass(slots=True)
class Walk:
    """What is known on the way through a file.

    ``seen``     the line of each key
    ``known``    primary keys of referred rows by column and key
    ``parents``  where each row that is written points to in the kind's ``tree``
    ``guarded``  guarded columns touched
    """

    kind: SheetKind
    resource: Any = None
    seen: dict[str, int] = field(default_factory=dict)
    known: dict[str, dict[str, Any]] = field(default_factory=dict)
    parents: dict[str, str | None] = field(default_factory=dict)
    guarded: set[str] = field(default_factory=set)
    counts: Counter[Sort] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        """Make the resource, which costs more than reading a line with it."""
        self.resource = self.kind.resource()


def lines_compare(*, walk: Walk, lines: Sequence[Line]) -> list[Draft]:
    """Return what importing ``lines`` would do, and remember in ``walk`` what later lines may refer to.

    1 query for the rows, and 1 for each column that refers to rows not known yet.
    """
    key_name = walk.resource.key_name()
    read = [(line.number, *walk.resource.line_read(line.cells)) for line in lines]
    keys = [str(given.get(key_name) or "") for _number, given, _wrong in read]
    for name in walk.resource.reference_columns():
        held = walk.known.setdefault(name, {})
        asked = {given.get(name) for _number, given, _wrong in read} - {None} - held.keys()
        held.update(walk.resource.references_find(name, asked))
    found = KeyedLoader(walk.resource).load(keys=[key for key in keys if key])
    drafts = []
    for (number, given, wrong), key in zip(read, keys, strict=True):
        draft = _draft(walk, number, key, given, wrong, found.get(key))
        walk.seen.setdefault(key, number)
        walk.counts[draft.sort] += 1
        drafts.append(draft)
    return drafts


def _draft(walk: Walk, number: int, key: str, given: Image, wrong: Wrong, row: Any) -> Draft:
    key_name = walk.resource.key_name()
    if not key or len(key) > KEY_CHARS:
        wrong = wrong or [(key_name, _("write 1 to %(most)s characters.") % {"most": KEY_CHARS})]
        return Draft(number, key[:KEY_CHARS], Sort.REFUSED, errors=wrong)
    if key in walk.seen:
        twice = _("the same as in line %(line)s.") % {"line": walk.seen[key]}
        return Draft(number, key, Sort.REFUSED, errors=[*wrong, (key_name, twice)])
    before = None if row is None else walk.resource.image_of(row)
    blank = walk.resource.init_instance()
    after = {**(before or walk.resource.image_of(blank)), **given}
    if not wrong and after == before:
        return Draft(number, key, Sort.UNCHANGED)
    told = {name for name, _text in wrong}
    found = _rules(walk, given, after, blank if row is None else copy(row), is_new=row is None)
    wrong = [*wrong, *(one for one in found if one[0] not in told)]
    if wrong:
        return Draft(number, key, Sort.REFUSED, errors=wrong)
    changed = {name for name in after if before is None or after[name] != before[name]}
    walk.guarded |= walk.kind.guarded if before is None else walk.kind.guarded & changed
    if walk.kind.tree:
        walk.parents[key] = after[walk.kind.tree]
    return Draft(number, key, Sort.NEW if before is None else Sort.CHANGED, before, after)


def _rules(walk: Walk, given: Image, after: Image, row: Any, *, is_new: bool) -> Wrong:
    """Return what the table's rules say against a row; cells that could not be read are told of already."""
    resource = walk.resource
    missing = [
        (name, _("a new row needs this column."))
        for name in resource.required()
        if is_new and name not in given
    ]
    dangling = [
        (
            name,
            _("there is no row “%(key)s” in the table it refers to.") % {"key": str(given[name])[:KEY_CHARS]},
        )
        for name, cell in resource.reference_columns().items()
        if given.get(name) is not None and not _is_there(walk, name, cell, given[name])
    ]
    said = resource.fields_check(resource.put(row, after, walk.known))
    told = {name for name, _text in (*missing, *dangling)}
    own = list(walk.kind.check(after)) if walk.kind.check else []
    return [*missing, *dangling, *(one for one in (*said, *own) if one[0] not in told)]


def _is_there(walk: Walk, name: str, cell: ReferenceCell, key: str) -> bool:
    """Return whether a referred row is there, or comes earlier in the same file."""
    own = cell.target is walk.resource._meta.model and cell.key == walk.resource.key_name()
    return key in walk.known[name] or (own and key in walk.seen)


def rings_find(*, walk: Walk) -> set[str]:
    """Return the keys of written rows whose way up the tree would come back to itself.  1 query, 0 without a tree."""
    if not walk.kind.tree:
        return set()
    return rings(parents={**tree_of(kind=walk.kind), **walk.parents}, keys=walk.parents)


def tree_of(*, kind: SheetKind) -> dict[str, str | None]:
    """Return where each row of a table points to in its tree, by key.  1 query; rows that point nowhere are left out."""
    key = kind.resource.key_name()
    up = kind.resource.reference_columns()[kind.tree].key
    rows = kind.resource._meta.model._default_manager.exclude(**{kind.tree: None})
    return dict(rows.values_list(key, f"{kind.tree}__{up}"))
