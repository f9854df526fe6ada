"""Whether two reports tell of one event: their characters, the places that they name, where and when.  Pure.

Two people tell of one burst pipe in different words, so what they share are characters more than words.  Those that tell
much about the matter weigh most, and names of places, which the corpus does not know, weigh full.  A house or street number
that differs speaks against one event however alike the words are.  A person always confirms.

Measured by ``manage.py suggestion_report``; at ``OFFER`` every pair of the samples is told right.
"""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from apps.common.geo import Point
from apps.feedback.suggestion import often

# Shown to a person as perhaps the same; and as probably the same.
OFFER = 0.5
LIKELY = 0.7
MAX_CHARS = 1000

# What a number weighs: 549 of a bus line, 82 of an age.
NUMBER_TELLS = 0.6
OTHER_NUMBER = 0.5  # both name a house, a street, a line of one kind, and not the same
OTHER_NAME = 0.6  # both name a 小区, a 学校 …, and not the same
OTHER_STREET = 0.6
OTHER_GROUP = 0.75
OTHER_CATEGORY = 0.9
SAME_PLACE = 0.8  # what remains of the doubt when a number is shared, or the points lie side by side
SIDE_BY_SIDE_M = 150
ONE_BLOCK_M = 500
WALKING_M = 1500
ANOTHER_BLOCK = 0.7
ANOTHER_QUARTER = 0.4
FRESH_H = 72.0
STALE_H = 336.0
STALE = 0.8

_DIGITS = {char: str(value) for value, char in enumerate("零一二三四五六七八九")} | {"〇": "0", "两": "2"}
_PLACE_UNITS = "号楼|街坊|单元|门洞|社区|号门|号线|栋|幢|路|街|门|区|村|组"
# A single 一 is seldom a number (一直, 一下) unless a place follows.
_NUMERAL = re.compile(rf"[零〇一二两三四五六七八九十百]{{2,}}|[二两三四五六七八九十]|一(?={_PLACE_UNITS})")
_NUMBERED = re.compile(rf"(\d+|[a-z])({_PLACE_UNITS})")
_SAME_UNIT = {"幢": "栋", "号楼": "栋", "门洞": "门", "单元": "门"}
_NAMED = re.compile(r"([^\W\d_]{2})(小区|社区|花园|公园|大道|公寓|广场|菜场|医院|小学|中学|幼儿园)")
# 我们小区, 整个小区 name nothing.
_NO_NAME = frozenset("我们个整全这那本的在到对老旧该旁边附近里进出各新住门口让和区是去给")
_TOKEN = re.compile(r"\d+|[a-z]+|[^\W\d_a-z]")
# "It is not …": what a report denies is not what it tells of.  是不是 asks.
_DENIED = re.compile(r"(?<!是)(?:不是|并非)[^，。；！？,;!?\s]{1,12}")


@dataclass(frozen=True, slots=True)
class Signature:
    """A text as it is compared: what each token weighs, their length, and the places that it names, by kind."""

    text: str
    weights: Mapping[str, float]
    length: float
    numbered: Mapping[str, frozenset[str]]
    named: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Report:
    """What is compared of a case; what is not known is None and speaks neither for nor against."""

    signature: Signature
    category: str | None = None
    street: str | None = None
    place: Point | None = None
    at: dt.datetime | None = None


def signature_of(*, text: str, tells: Callable[[str], float]) -> Signature:
    """Return the signature of ``text``.  About 0.05 ms for 100 characters; at most ``MAX_CHARS`` are read.

    ``tells``  how much a character tells about the matter, 0 to 1 (``Suggester.tells``)
    """
    plain = unicodedata.normalize("NFKC", text[:MAX_CHARS]).lower()
    plain = _NUMERAL.sub(_arabic, _DENIED.sub("", plain))
    counts = Counter(_TOKEN.findall(plain))
    weights = {
        token: often(count) * (NUMBER_TELLS if token.isdigit() else tells(token))
        for token, count in counts.items()
    }
    return Signature(
        text=plain,
        weights={token: weight for token, weight in weights.items() if weight},
        length=math.sqrt(sum(weight * weight for weight in weights.values())),
        numbered=_by_kind((_SAME_UNIT.get(unit, unit), number) for number, unit in _NUMBERED.findall(plain)),
        named=_by_kind((kind, name) for name, kind in _NAMED.findall(plain) if not _NO_NAME & set(name)),
    )


def same_event_score(a: Report, b: Report) -> float:
    """Return how far ``a`` and ``b`` tell of one event, 0 to 1; the same both ways, 1.0 for a report and itself.

    About 0.02 ms.
    """
    distance_m = a.place.distance_m(b.place) if a.place and b.place else None
    beside = distance_m is not None and distance_m <= SIDE_BY_SIDE_M
    shared, contradicted = _compared(a.signature.numbered, b.signature.numbered)
    _shared, other_name = _compared(a.signature.named, b.signature.named)
    score = _cosine(a.signature, b.signature)
    score *= _far(distance_m) * _apart(a.at, b.at) * _matter(a.category, b.category)
    score *= (OTHER_NUMBER if contradicted else 1.0) * (OTHER_NAME if other_name else 1.0)
    if a.street and b.street and a.street != b.street and not beside:
        score *= OTHER_STREET
    if beside or (shared and not contradicted):
        score = 1.0 - (1.0 - score) * SAME_PLACE
    return min(max(score, 0.0), 1.0)


def _cosine(a: Signature, b: Signature) -> float:
    if not a.length or not b.length:
        return float(a.text == b.text)
    few, many = sorted((a.weights, b.weights), key=len)
    # fsum: the same sum in whatever order the tokens came, so that the score is the same both ways.
    return math.fsum(weight * many[token] for token, weight in few.items() if token in many) / (
        a.length * b.length
    )


def _compared(a: Mapping[str, frozenset[str]], b: Mapping[str, frozenset[str]]) -> tuple[bool, bool]:
    """Return whether both name the same of some kind, and whether they name only different ones of some kind."""
    both = [(values, b[kind]) for kind, values in a.items() if kind in b]
    return any(one & other for one, other in both), any(not one & other for one, other in both)


def _far(distance_m: float | None) -> float:
    if distance_m is None or distance_m <= ONE_BLOCK_M:
        return 1.0
    return ANOTHER_BLOCK if distance_m <= WALKING_M else ANOTHER_QUARTER


def _apart(a: dt.datetime | None, b: dt.datetime | None) -> float:
    if a is None or b is None:
        return 1.0
    hours = abs((a - b).total_seconds()) / 3600
    part = (hours - FRESH_H) / (STALE_H - FRESH_H)
    return 1.0 - (1.0 - STALE) * min(max(part, 0.0), 1.0)


def _matter(a: str | None, b: str | None) -> float:
    if a is None or b is None or a == b:
        return 1.0
    return OTHER_CATEGORY if a[:2] == b[:2] else OTHER_GROUP


def _by_kind(pairs: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    kinds: dict[str, set[str]] = {}
    for kind, value in pairs:
        kinds.setdefault(kind, set()).add(value)
    return {kind: frozenset(values) for kind, values in kinds.items()}


def _arabic(found: re.Match[str]) -> str:
    """Return the numeral in digits: 三十二 32, 一一七 117."""
    numeral = found.group()
    if not {"十", "百"} & set(numeral):
        return "".join(_DIGITS[char] for char in numeral)
    total = digit = 0
    for char in numeral:
        if char in "十百":
            total += (digit or 1) * (10 if char == "十" else 100)
            digit = 0
        else:
            digit = int(_DIGITS[char])
    return str(total + digit)
