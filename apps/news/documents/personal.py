"""Personal data in long texts: found in one pass, checked by its own check digits, masked in place.

``apps.common.redaction`` finds what residents write in a few lines, names and homes too, and takes its time; this reads
lists of a hundred megabytes.  A cheap pattern finds runs of digits, and only those are looked at.  Sources: GB 11643-1999
(identity numbers, their check digit), ISO/IEC 7812-1 (card numbers, Luhn), GB/T 2260 (codes of provinces).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from apps.common.redaction import Kind
from apps.news.states import FindingLevel

# Between the digits of one number; a tab or a line end begins a new number.
_GAP = r"[ \-‐-―−·\u00a0\u3000)）]"
_UNSEEN = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
# Each pattern begins with what is rare in a text, since the search for a first character is the cheapest step.
_RUN = re.compile(
    rf"\d(?<![\d.]\d)(?=(?:(?:{_GAP}|[{_UNSEEN}]){{0,3}}\d){{6}})\d*+(?:(?:{_GAP}|[{_UNSEEN}]){{1,3}}\d++)*+[{_UNSEEN}]*[XxＸｘ]?"
)
_TOKEN = re.compile(rf"[\d{_UNSEEN}]+[XxＸｘ]?")
_SAID = re.compile(r"(?:电话|热线|座机|传真|致电|Tel|TEL|tel)[^\d\n]{0,4}$")
_SPOKEN = re.compile(r"[三四五六七八九](?:[-\s]?[零〇一二三四五六七八九幺]){9}(?![零〇一二三四五六七八九幺])")
_DOTTED = re.compile(r"(?<![\d.])1[3-9]\d\.\d{4}\.\d{4}(?![\d.])")
_PLATE = re.compile(
    r"[A-HJ-NP-Z](?<=[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼].)[·.•・\- ]{0,2}(?=[A-Z]{0,5}\d)"
    r"(?:[A-HJ-NP-Z0-9]{5,6}|[A-HJ-NP-Z0-9]{4}[挂学警港澳])(?![A-Za-z0-9])"
)
_MAIL_BEFORE = re.compile(r"[A-Za-z0-9_.+\-]{1,64}$")
_MAIL_AFTER = re.compile(r"[A-Za-z0-9\-]{1,63}(?:\.[A-Za-z0-9\-]{2,63})+")
_PROVINCES = frozenset(
    [
        "11",
        "12",
        "13",
        "14",
        "15",
        "21",
        "22",
        "23",
        "31",
        "32",
        "33",
        "34",
        "35",
        "36",
        "37",
        "41",
        "42",
        "43",
        "44",
        "45",
        "46",
        "50",
        "51",
        "52",
        "53",
        "54",
        "61",
        "62",
        "63",
        "64",
        "65",
        "71",
        "81",
        "82",
        "83",
    ]
)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_DOUBLED = str.maketrans("0123456789", "0246813579")  # twice the digit, its two digits added
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
# How people group the digits; any other grouping of eleven digits is two amounts or a range.
_MOBILE_GROUPS = frozenset(
    {
        (11,),
        (3, 4, 4),
        (3, 8),
        (7, 4),
        (4, 4, 3),
        (4, 3, 4),
        (3, 3, 5),
        (3, 2, 2, 2, 2),
        (3, 4, 2, 2),
        (1,) * 11,
    }
)
_ID_GROUPS = frozenset({(18,), (6, 8, 4), (6, 4, 4, 4), (14, 4), (6, 12), (17, 1), (1,) * 18})
_CARD_BEGINS = ("62", "4", "51", "52", "53", "54", "55", "35", "60", "9558", "9559")
_MOST_GROUPS = 6


@dataclass(frozen=True, slots=True)
class PersonalFinding:
    """What stands in ``text[start:end]`` of the text that was searched."""

    kind: Kind
    level: FindingLevel
    start: int
    end: int


def personal_findings(text: str) -> list[PersonalFinding]:
    """Return the personal data of ``text`` in its order, none overlapping another.

    Identity numbers with a right check digit, mobiles and bank cards that pass Luhn block; identity numbers with a wrong
    one, landlines, number plates and mail addresses warn.  About 40 ns a character.
    """
    found = [*_runs(text), *_spoken(text), *_plates(text), *_mails(text)]
    found.sort(key=lambda one: one.start)
    apart: list[PersonalFinding] = []
    for one in found:
        if not apart or one.start >= apart[-1].end:
            apart.append(one)
    return apart


def personal_masked(text: str) -> str:
    """Return ``text`` of the same length with stars in what ``personal_findings`` finds, until it finds nothing."""
    while found := personal_findings(text):
        for one in found:
            text = text[: one.start] + finding_masked(one.kind, text[one.start : one.end]) + text[one.end :]
    return text


def finding_masked(kind: Kind, text: str) -> str:
    """Return what was found with stars, of the same length.

    An identity number keeps 6 + 4 characters, a mobile 3 + 4, a card its last 4, a landline its area code, a plate the
    first 2, a mail address the first one and its host.
    """
    if kind is Kind.EMAIL:
        own, _at, host = text.partition("@")
        return f"{own[:1] if len(own) > 1 else '*'}{'*' * (len(own) - 1)}@{host}"
    if kind is Kind.PLATE:
        return text[:2] + "*" * (len(text) - 2)
    places = [
        place for place, char in enumerate(text) if char.isdigit() or char in "XxＸｘ" or char in _NUMERALS
    ]
    first, last = _KEPT[kind]
    if kind is Kind.LANDLINE:
        first = 3 if len(places) > 8 else 0
    if first + last >= len(places):
        first = last = 0  # too short for its kind: nothing of it is shown
    stars = frozenset(places[first : len(places) - last])
    return "".join("*" if place in stars else char for place, char in enumerate(text))


_NUMERALS = "零〇一二三四五六七八九幺"
_KEPT: dict[Kind, tuple[int, int]] = {
    Kind.ID_NUMBER: (6, 4), Kind.MOBILE: (3, 4), Kind.BANK_CARD: (0, 4), Kind.LANDLINE: (3, 0),
}  # fmt: skip


def id_number_is_shaped(digits: str) -> bool:
    """Return whether 15 or 18 characters have a province and a date of birth where an identity number has them."""
    if digits[:2] not in _PROVINCES and not (len(digits) == 18 and digits[0] == "9"):
        return False
    year, rest = (digits[6:10], digits[10:14]) if len(digits) == 18 else ("19" + digits[6:8], digits[8:12])
    month, day = int(rest[:2]), int(rest[2:])
    return "1900" <= year <= "2039" and 1 <= month <= 12 and 1 <= day <= _DAYS[month - 1]


def id_number_is_valid(digits: str) -> bool:
    """Return whether the 18th character is the check digit of the 17 before it (GB 11643-1999, MOD 11-2)."""
    total = sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=False))
    return _CHECKS[total % 11] == digits[17].upper()


def luhn_is_valid(digits: str) -> bool:
    """Return whether the last digit of a card's number checks those before it (ISO/IEC 7812-1)."""
    odd, even = digits[-1::-2].encode(), digits[-2::-2].translate(_DOUBLED).encode()
    return (sum(odd) + sum(even) - 48 * len(digits)) % 10 == 0


def number_kind(digits: str, groups: tuple[int, ...]) -> tuple[Kind, FindingLevel] | None:
    """Return what a number is, or None.  ``digits`` 0-9, X at the end; ``groups`` how many stood together."""
    size = len(digits)
    if size == 11:
        if digits[0] == "1" and digits[1] >= "3" and groups in _MOBILE_GROUPS:
            return Kind.MOBILE, FindingLevel.BLOCK
    elif size in (15, 18) and id_number_is_shaped(digits):
        if size == 18 and id_number_is_valid(digits):
            return Kind.ID_NUMBER, FindingLevel.BLOCK
        if groups in _ID_GROUPS or groups == (15,):
            return (Kind.ID_NUMBER, FindingLevel.WARN) if digits[0] != "9" else None
    if 16 <= size <= 19 and digits[0] >= "3" and digits.isdigit() and _grouped_as_card(groups):
        if luhn_is_valid(digits):
            known = digits.startswith(_CARD_BEGINS)
            return Kind.BANK_CARD, FindingLevel.BLOCK if known else FindingLevel.WARN
    elif digits[0] == "0" and _is_landline(digits, groups):
        return Kind.LANDLINE, FindingLevel.WARN
    return None


def _grouped_as_card(groups: tuple[int, ...]) -> bool:
    return len(groups) == 1 or (groups[:4] == (4, 4, 4, 4) and len(groups) <= 5) or groups[0] == 6


def _is_landline(digits: str, groups: tuple[int, ...]) -> bool:
    area = 3 if digits[1] in "12" else 4
    if digits[1] == "0" or not area + 7 <= len(digits) <= area + 8 or digits[area] in "01":
        return False
    return len(groups) == 1 or (groups[0] == area and len(groups) <= 3 and min(groups) >= 3)


def _runs(text: str) -> Iterator[PersonalFinding]:
    for run in _RUN.finditer(text):
        plain = run.group()
        if not (plain.isascii() and plain[:-1].isdigit()):
            yield from _grouped(text, run.start(), plain)
        elif (told := _lone(text, run.start(), plain)) is not None:
            yield told


def _lone(text: str, start: int, digits: str) -> PersonalFinding | None:
    """Return what one number without gaps is: in a list nearly every number is nothing, which is told first."""
    if digits[-1] in "Xx" and len(digits) != 18:
        digits = digits[:-1]  # the X belongs to what follows
    size, told = len(digits), None
    if size <= 8:
        told = _announced(text, start, digits)
    elif size <= 19 and (size == 11 or size >= 15 or digits[0] == "0"):
        told = number_kind(digits, (size,))
    return PersonalFinding(*told, start, start + size) if told else None


def _announced(text: str, start: int, digits: str) -> tuple[Kind, FindingLevel] | None:
    """Seven or eight digits are a landline where the text says so."""
    if "2" <= digits[0] <= "8" and digits.isdigit() and _SAID.search(text, max(0, start - 8), start):
        return Kind.LANDLINE, FindingLevel.WARN
    return None


def _grouped(text: str, start: int, run: str) -> Iterator[PersonalFinding]:
    """Yield the numbers of a run with gaps: at each group the longest row of groups that is a number."""
    tokens = [
        (_digits_of(token.group()), start + token.start(), start + token.end())
        for token in _TOKEN.finditer(run)
    ]
    sizes = [len(token[0]) for token in tokens]
    at = 0
    while at < len(tokens):
        for last in _ends(sizes, at):
            part = tokens[at:last]
            digits = "".join(token[0] for token in part)
            told = (
                _announced(text, part[0][1], digits)
                if len(digits) <= 8
                else number_kind(digits, tuple(sizes[at:last]))
            )
            if told:
                yield PersonalFinding(*told, part[0][1], part[-1][2])
                at = last
                break
        else:
            at += 1


def _ends(sizes: list[int], at: int) -> list[int]:
    """Return where a number that begins with group ``at`` may end, the longest first.

    Digits that stand alone are one number only when eleven or eighteen of them do: a table of ones is none.
    """
    if sizes[at] == 1:
        return [at + many for many in (18, 11) if sizes[at : at + many] == [1] * many]
    ends, total = [], 0
    for last in range(at, min(len(sizes), at + _MOST_GROUPS)):
        total += sizes[last]
        if total > 19:
            break
        if total >= 7:
            ends.append(last + 1)
    return ends[::-1]


def _digits_of(token: str) -> str:
    return "".join(str(int(char)) if char.isdigit() else "X" for char in token if char not in _UNSEEN)


def _spoken(text: str) -> Iterator[PersonalFinding]:
    """Yield mobiles written in words or with points: 幺三八…, 138.0000.0000."""
    for first in "一幺":
        at = text.find(first)
        while at >= 0:
            if hit := _SPOKEN.match(text, at + 1):
                yield PersonalFinding(Kind.MOBILE, FindingLevel.BLOCK, at, hit.end())
            at = text.find(first, at + 1)
    for hit in _DOTTED.finditer(text):
        yield PersonalFinding(Kind.MOBILE, FindingLevel.BLOCK, hit.start(), hit.end())


def _plates(text: str) -> Iterator[PersonalFinding]:
    for hit in _PLATE.finditer(text):
        yield PersonalFinding(Kind.PLATE, FindingLevel.WARN, hit.start() - 1, hit.end())


def _mails(text: str) -> Iterator[PersonalFinding]:
    at = text.find("@")
    while at >= 0:
        before = _MAIL_BEFORE.search(text, max(0, at - 64), at)
        after = _MAIL_AFTER.match(text, at + 1) if before else None
        if before and after:
            yield PersonalFinding(Kind.EMAIL, FindingLevel.WARN, before.start(), after.end())
        at = text.find("@", after.end() if after else at + 1)
