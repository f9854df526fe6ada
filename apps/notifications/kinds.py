"""The registry of notice kinds: what an app can tell a resident.  Upper apps register theirs in ``notices.py``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.common.dispatch import Lane

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NoticeKind:
    """One kind of message.

    ``key``       stable, ``<app>.<event>``
    ``title``, ``body``  ``str.format`` texts over the frozen fields, translated when the row is written
    ``fields``    the names the caller must give, all of them text
    ``page``      the page of the mini-program that the message opens, and the fields that become its query
    ``wechat``    the template's name and the field text of each of its keys, or None for inbox only
    ``keep_grants``  one-time permissions that this kind must leave for a more important message
    ``moments``   when the client should ask for the template's permission
    """

    key: str
    title: Any
    body: Any
    fields: frozenset[str]
    page: str
    page_params: tuple[str, ...] = ()
    lane: Lane = "interactive"
    wechat_template: str | None = None
    wechat_data: Callable[[Fields], dict[str, str]] | None = None
    keep_grants: int = 0
    moments: frozenset[str] = field(default_factory=frozenset)


_kinds: dict[str, NoticeKind] = {}


def kind_register(kind: NoticeKind) -> NoticeKind:
    """Add a kind; called at import of an app's ``notices.py``.  Raises ValueError on a key that is taken."""
    if kind.key in _kinds and _kinds[kind.key] != kind:
        raise ValueError(f"notice kind {kind.key} is registered twice")
    _kinds[kind.key] = kind
    return kind


def kind_of(key: str) -> NoticeKind:
    """Return the kind of ``key``.  Raises KeyError."""
    return _kinds[key]


def kinds_all() -> tuple[NoticeKind, ...]:
    """Return every registered kind, by key."""
    return tuple(_kinds[key] for key in sorted(_kinds))


def templates_of_moment(moment: str) -> list[str]:
    """Return the names of the WeChat templates to ask for at ``moment``, at most three (WeChat's limit)."""
    names = {k.wechat_template for k in _kinds.values() if k.wechat_template and moment in k.moments}
    return sorted(names)[:3]
