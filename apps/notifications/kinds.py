"""The registry of notice kinds: what an app can tell a resident.  Upper apps register theirs in ``notices.py``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.common.dispatch import Lane
from apps.notifications.states import NIGHT, Channel, Quiet

Fields = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NoticeField:
    """One thing that a kind's texts can say: its name for staff, and a sample for previews."""

    label: Any
    sample: str


@dataclass(frozen=True, slots=True)
class NoticeKind:
    """One kind of message.

    ``key``       stable, ``<app>.<event>``   ``label``  what staff call it
    ``fields``    what the caller must give, by name, all of it text; frozen with the message
    ``title``, ``body``  the program's own texts with ``{name}`` of fields; staff put versions of theirs before them
    ``page``      the page of the mini-program that the message opens, and the fields that become its query
    ``channels``  after the inbox, in order: the next one is used when the one before does not reach the resident
    ``wechat_template``, ``wechat_values``  the template's name among ours, and the text of each of its keys
    ``sms_template``, ``sms_params``        the same for a text message: the texts of its places in order
    ``legal``     it carries legal weight: it must be shown that the resident was told
    ``quiet``     hours in which the phone is left alone; text messages, which ring, leave it alone at night in any case
    ``urgent``    it may not wait for the morning: quiet hours do not hold
    ``keep_grants``  one-time permissions that this kind must leave for a more important message
    ``moments``   when the client should ask for the template's permission
    """

    key: str
    label: Any
    fields: Mapping[str, NoticeField]
    title: Any
    body: Any
    page: str
    page_params: tuple[str, ...] = ()
    lane: Lane = "interactive"
    channels: tuple[Channel, ...] = ()
    wechat_template: str | None = None
    wechat_values: Mapping[str, Any] = field(default_factory=dict)
    sms_template: str | None = None
    sms_params: tuple[Any, ...] = ()
    legal: bool = False
    quiet: Quiet | None = None
    urgent: bool = False
    keep_grants: int = 0
    moments: frozenset[str] = field(default_factory=frozenset)

    @property
    def samples(self) -> dict[str, str]:
        """A sample of each field."""
        return {name: one.sample for name, one in self.fields.items()}

    def quiet_of(self, channel: Channel) -> Quiet | None:
        """Return the hours in which ``channel`` is not used."""
        if self.urgent:
            return None
        return self.quiet or (NIGHT if channel is Channel.SMS else None)

    def texts(self) -> list[Any]:
        """Return all texts of the program for this kind."""
        return [self.title, self.body, *self.wechat_values.values(), *self.sms_params]


_kinds: dict[str, NoticeKind] = {}


def kind_register(kind: NoticeKind) -> NoticeKind:
    """Add a kind; called at import of an app's ``notices.py``.

    Raises ValueError on a key that is taken and on a chain without its template: a defect that would otherwise be met
    when the first resident is told.
    """
    if kind.key in _kinds and _kinds[kind.key] != kind:
        raise ValueError(f"notice kind {kind.key} is registered twice")
    if (Channel.WECHAT in kind.channels) != (kind.wechat_template is not None) or (
        Channel.SMS in kind.channels
    ) != (kind.sms_template is not None):
        raise ValueError(f"notice kind {kind.key}: channels and templates differ")
    if kind.legal and Channel.SMS not in kind.channels:
        raise ValueError(f"notice kind {kind.key} carries legal weight and has no way beside WeChat")
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
