"""The registry of reference tables that staff keep in spreadsheets: each app registers those of its own models."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from apps.common.dispatch import Lane

Image = Mapping[str, Any]  # the kept values of a row by column


@dataclass(frozen=True, slots=True)
class QueuedTask:
    """A task that runs after a table was written.  ``countdown_s`` at most 60."""

    name: str
    lane: Lane
    countdown_s: float | None = None


@dataclass(frozen=True, slots=True)
class SheetKind:
    """A table that can be exported and imported.

    ``resource``      subclass of ``sheet_resources.SheetResource``: columns, natural key, references
    ``permission``    who may see and import it ("app.codename"), beside the rights of ``apps.sheets`` themselves
    ``guarded``       columns whose change a second person must approve; a new row touches all of them
    ``personal``      columns that only leave with a permission and a reason of their own, and never come in
    ``announces``     namespaces of ``common.changes`` that are old after a write
    ``queues``        tasks that run after a write
    ``second_person_rows``  a batch that writes more rows than this needs a second person
    ``tree``          the column that names a row of the same table; must not lead back to where it began
    ``check``         what is wrong with a row that the fields alone do not show: ``(column, text)``; no query
    ``save``          writes one row, for a table whose rows carry what is worked out from others; without it many rows
                      are written by one statement
    ``created_undo``  what undoing does with a row that a batch made and nothing uses
    """

    key: str
    label: Any
    resource: type[Any]
    permission: str
    guarded: frozenset[str] = frozenset()
    personal: frozenset[str] = frozenset()
    announces: tuple[str, ...] = ()
    queues: tuple[QueuedTask, ...] = ()
    second_person_rows: int = 200
    tree: str = ""
    check: Callable[[Image], Iterable[tuple[str, str]]] | None = None
    save: Callable[[Any], Any] | None = None
    created_undo: Literal["delete", "deactivate"] = "delete"


@dataclass(frozen=True, slots=True)
class SheetDesk:
    """A table that is loaded at a desk of its own: the page of imports leads there.

    ``url_name``  of the admin, without arguments
    """

    label: Any
    url_name: str
    permission: str


@dataclass(slots=True)
class _Registry:
    kinds: dict[str, SheetKind] = field(default_factory=dict)
    desks: dict[str, SheetDesk] = field(default_factory=dict)
    usages: dict[str, list[Callable[[set[str]], set[str]]]] = field(default_factory=dict)


_registry = _Registry()


def sheet_register(kind: SheetKind) -> SheetKind:
    """Make a table known; called from ``AppConfig.ready``.  Raises ValueError when the key is taken or a column unknown."""
    columns = set(kind.resource.columns())
    named = kind.guarded | kind.personal | ({kind.tree} if kind.tree else set())
    if kind.key in _registry.kinds or not named <= columns:
        raise ValueError(f"{kind.key}: taken, or names a column that is not there")
    _registry.kinds[kind.key] = kind
    return kind


def sheet_desk_register(desk: SheetDesk) -> None:
    """Make known that a table is loaded elsewhere."""
    _registry.desks[desk.url_name] = desk


def sheet_usage_register(*, key: str, used: Callable[[set[str]], set[str]]) -> None:
    """Make known how an app finds out which rows of table ``key`` it names without a foreign key.

    ``used``  gets natural keys and returns those in use; 1 query.  Foreign keys are found without it.
    """
    _registry.usages.setdefault(key, []).append(used)


def sheet_of(key: str) -> SheetKind | None:
    """Return the table registered under ``key``, or None."""
    return _registry.kinds.get(key)


def sheets_all() -> list[SheetKind]:
    """Return all tables in the order of their registration: lower apps first."""
    return list(_registry.kinds.values())


def sheet_desks() -> list[SheetDesk]:
    """Return the desks where other tables are loaded."""
    return list(_registry.desks.values())


def sheet_usages(*, key: str) -> Sequence[Callable[[set[str]], set[str]]]:
    """Return the functions that know where rows of table ``key`` are named."""
    return tuple(_registry.usages.get(key, ()))
