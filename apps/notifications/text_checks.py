"""Whether a text that staff wrote can go live: judged with the samples of its kind, as the provider would judge it.

What is found is a code and the place; ``labels.problem`` says it in words.  Standard library, and modules that are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from apps.notifications.texts import filled, placeholders, wrong_places
from apps.wechat.values import NEUTRAL, key_kind, value_fit

TITLE_CHARS, BODY_CHARS = 100, 4000
_SMS_PLACE = re.compile(r"\{(\d+)\}")
# What looks like an address: providers refuse parameters that hold one.
_LINK = re.compile(r"https?://|www\.|[a-z0-9-]+\.(?:com|cn|net|org)\b", re.IGNORECASE)


class Wrong(StrEnum):
    PLACES = "places"  # places that the kind has no field for
    EMPTY = "empty"
    LONG = "long"
    NO_TEMPLATE = "no_template"
    KEYS_MISSING = "keys_missing"
    KEYS_EXTRA = "keys_extra"
    UNFIT = "unfit"  # nothing of it fits its key
    CUT = "cut"  # only with a change does it fit: a warning
    PLACES_COUNT = "places_count"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, where (a part, a key, the number of a place), and the figure or the words it is about."""

    wrong: Wrong
    where: str = ""
    what: str = ""

    @property
    def stops(self) -> bool:
        """Whether the text can not be proposed like this."""
        return self.wrong is not Wrong.CUT


def sms_places(*, text: str) -> int:
    """Return how many parameters an approved text takes: ``{1}``, ``{2}`` …"""
    return len(set(_SMS_PLACE.findall(text)))


def inbox_check(*, title: str, body: str, samples: Mapping[str, str]) -> list[Problem]:
    """Return what is wrong with an inbox message; lengths are those of the filled texts."""
    found = []
    for part, text, most in (("title", title, TITLE_CHARS), ("body", body, BODY_CHARS)):
        found += _text_check(part, text, samples)
        if not _unknown(text, samples) and len(filled(text, samples)) > most:
            found.append(Problem(Wrong.LONG, part, str(most)))
    return found


def wechat_check(
    *,
    values: Mapping[str, str],
    keys: Sequence[str],
    enums: Mapping[str, Sequence[str]],
    samples: Mapping[str, str],
) -> list[Problem]:
    """Return what is wrong with the values of a template whose keys are ``keys``.

    WeChat refuses a message with a missing or a further key (47003), and a value that breaks its type's rule.
    """
    found = [Problem(Wrong.KEYS_EXTRA, key) for key in sorted(set(values) - set(keys))]
    for key in keys:
        text = values.get(key, "")
        if not text.strip():
            found.append(Problem(Wrong.KEYS_MISSING, key))
            continue
        found += _text_check(key, text, samples)
        if not _unknown(text, samples):
            found += _value_check(key, filled(text, samples), tuple(enums.get(key, ())))
    return found


def sms_check(
    *, params: Sequence[str], places: int, param_chars: int, samples: Mapping[str, str]
) -> list[Problem]:
    """Return what is wrong with the parameters of an approved text with ``places`` places."""
    found = [] if len(params) == places else [Problem(Wrong.PLACES_COUNT, what=str(places))]
    for number, text in enumerate(params, start=1):
        where = f"{{{number}}}"
        found += _text_check(where, text, samples)
        if _unknown(text, samples):
            continue
        told = filled(text, samples)
        if len(told) > param_chars:
            found.append(Problem(Wrong.LONG, where, str(param_chars)))
        if _LINK.search(told):
            found.append(Problem(Wrong.LINK, where))
    return found


def _text_check(where: str, text: str, samples: Mapping[str, str]) -> list[Problem]:
    if not text.strip():
        return [Problem(Wrong.EMPTY, where)]
    wrong = wrong_places(text, known=samples)
    return [Problem(Wrong.PLACES, where, " ".join(wrong))] if wrong else []


def _unknown(text: str, samples: Mapping[str, str]) -> set[str]:
    return placeholders(text) - set(samples)


def _value_check(key: str, told: str, allowed: Sequence[str]) -> list[Problem]:
    fitted = value_fit(key, told, allowed=allowed)
    if fitted == told:
        return []
    # Each message would carry the stand-in, whatever happened: that is a wrong mapping, not a long word.
    neutral = allowed[0] if allowed else NEUTRAL.get(key_kind(key), "-")
    return [Problem(Wrong.UNFIT if fitted == neutral else Wrong.CUT, key, fitted)]
