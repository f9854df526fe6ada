"""What states, reasons and levels are called."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.safety.states import Category, CheckState, Level, Purpose, Reason, Source, Verb

STATE_LABELS: dict[CheckState, Any] = {
    CheckState.PENDING: _("being checked"),
    CheckState.ASKED: _("picture with WeChat"),
    CheckState.PASSED: _("passed"),
    CheckState.REVIEW: _("to be looked at"),
    CheckState.RISKY: _("judged risky"),
    CheckState.CLEARED: _("cleared by a person"),
    CheckState.CONFIRMED: _("kept back by a person"),
}
REASON_LABELS: dict[Reason, Any] = {
    Reason.WORD: _("a word of our lists"),
    Reason.WECHAT: _("WeChat's verdict"),
    Reason.NOT_VISITED: _("WeChat does not check: the resident was not there within two hours"),
    Reason.UNAVAILABLE: _("no verdict in time"),
    Reason.MISSING: _("the content can no longer be read"),
}
SOURCE_LABELS: dict[Source, Any] = {
    Source.WORDS: _("our word lists"),
    Source.WECHAT: _("WeChat"),
    Source.HUMAN: _("a person"),
    Source.SYSTEM: _("nobody"),
}
VERB_LABELS: dict[Verb, Any] = {
    Verb.CLEAR: _("Clear: it may be shown"),
    Verb.CONFIRM: _("Keep back: it may not be shown"),
}
LEVEL_LABELS: dict[Level, Any] = {
    Level.WARN: _("hint"),
    Level.BLOCK: _("always looked at"),
}
CATEGORY_LABELS: dict[Category, Any] = {
    Category.WRONG: _("wrong word"),
    Category.SENSITIVE: _("sensitive word"),
    Category.ADVERTISEMENT: _("advertisement"),
    Category.ABUSE: _("abuse"),
    Category.FRAUD: _("fraud"),
    Category.OTHER: _("other matter"),
}
PURPOSE_LABELS: dict[Purpose, Any] = {
    Purpose.RESIDENT_TEXTS: _("texts of residents"),
    Purpose.NEWS: _("news articles"),
    Purpose.BOTH: _("texts of residents and news articles"),
}
# WeChat's numbers for what it found; a number that is not here is shown as "other".
VERDICT_LABELS: dict[int, Any] = {
    100: _("nothing found"),
    10001: _("advertisement"),
    20001: _("politics"),
    20002: _("pornography"),
    20003: _("abuse"),
    20006: _("crime"),
    20008: _("fraud"),
    20012: _("vulgar"),
    20013: _("copyright"),
}


def choices(labels: Mapping[Any, Any]) -> list[tuple[str, Any]]:
    """Return ``labels`` as a field's choices."""
    return [(key.value if isinstance(key, Enum) else str(key), label) for key, label in labels.items()]


def verdict_label(*, label: int) -> Any:
    """Return in words what WeChat found; empty for 0, no verdict."""
    return VERDICT_LABELS.get(label, _("something else")) if label else ""
