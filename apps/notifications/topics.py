"""What residents can follow: kinds of topics.  Upper apps register theirs in ``notices.py``.

A topic is ``<kind>:<key>``: ``street:420107003``, ``news:notices``.  What can be followed is whatever its app says is in
use now; a subscription to what is gone is not shown and tells nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class TopicKind:
    """``key``  stable, without a colon   ``label``  what people call the kind
    ``entries``  returns what can be followed now, key → name; it keeps the answer in memory where it can
    """

    key: str
    label: Any
    entries: Callable[[], Mapping[str, str]]


_kinds: dict[str, TopicKind] = {}


def topic_kind_register(kind: TopicKind) -> TopicKind:
    """Add a kind; called at import of an app's ``notices.py``.  Raises ValueError on a key that is taken."""
    if kind.key in _kinds:
        raise ValueError(f"topic kind {kind.key} is registered twice")
    _kinds[kind.key] = kind
    return kind


def topics_by_kind() -> list[tuple[TopicKind, dict[str, str]]]:
    """Return each kind with its topics (full, with the kind) and their names.  Queries as the kinds' ``entries``."""
    return [
        (kind, {f"{kind.key}:{key}": name for key, name in kind.entries().items()})
        for kind in _kinds.values()
    ]


def topic_names() -> dict[str, str]:
    """Return the name of every topic that can be followed now.  Queries as the kinds' ``entries``."""
    return {topic: name for _kind, topics in topics_by_kind() for topic, name in topics.items()}
