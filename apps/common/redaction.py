"""What tells who someone is, found in a text and masked (脱敏).  Pure: standard library and the word cutter.

Finds telephone numbers, identity and card numbers, number plates, addresses of mail and chat, homes and names.  Public
numbers (12345, 110, bus lines, prices, dates) stay.  It finds what people usually write, not everything they can think
of: a person confirms each publication.  Source: PIPL 25 (publication needs consent), 28 (sensitive data), NDS 12.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from apps.common.redaction_names import COMPOUND, names_in


class Kind(StrEnum):
    EMAIL = "email"
    CHAT = "chat"  # 微信号, QQ号
    ID_NUMBER = "id_number"  # 身份证号
    BANK_CARD = "bank_card"
    MOBILE = "mobile"
    LANDLINE = "landline"
    LONG_NUMBER = "long_number"  # meters, orders, accounts: twelve digits and more
    PLATE = "plate"  # 车牌
    BUILDING = "building"  # the house that a home is in: 3栋
    HOME = "home"  # 2单元501室
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found: ``text[start:end]`` of the text that was searched."""

    kind: Kind
    start: int
    end: int
    text: str


# What a unit needs to find the place and the car that a report is about; it says nothing of the reporter.
_OF_THE_MATTER = frozenset({Kind.PLATE, Kind.BUILDING})
_WORDS: dict[Kind, str] = {
    Kind.EMAIL: "邮箱", Kind.CHAT: "微信", Kind.ID_NUMBER: "身份证号", Kind.BANK_CARD: "银行卡号", Kind.MOBILE: "电话",
    Kind.LANDLINE: "电话", Kind.LONG_NUMBER: "号码", Kind.PLATE: "车牌",
}  # fmt: skip
# Where the text itself says what follows, the mask does not say it again: 联系电话：****.
_SAID: dict[Kind, tuple[str, ...]] = {
    Kind.EMAIL: ("邮箱", "邮件", "mail"), Kind.CHAT: ("微信", "微信号", "QQ", "扣扣", "VX", "号", "群"),
    Kind.ID_NUMBER: ("身份证", "证号", "号码"), Kind.BANK_CARD: ("卡", "卡号", "账号", "账户"),
    Kind.MOBILE: ("电话", "手机", "手机号", "号码", "致电", "联系方式"), Kind.LONG_NUMBER: ("号", "号码", "编号"),
    Kind.LANDLINE: ("电话", "座机", "号码", "致电", "热线"),
}  # fmt: skip
STARS = "****"

_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0x00A0: 0x20}
_NUMERALS = {ord(char): str(place) for place, char in enumerate("零一二三四五六七八九")}
_NUMERALS |= {ord("〇"): "0", ord("幺"): "1", ord("⓪"): "0"} | {0x2460 + n: str(n + 1) for n in range(9)}
# Between the digits of one number: blanks, dashes, marks without width.
_SEP = r"[ \t\-‐-―−·\u200b-\u200d\u2060]"
_MOBILE = re.compile(
    rf"(?<!\d)(?:(?:\+|00)?86{_SEP}{{0,2}})?(?P<own>1{_SEP}{{0,2}}[3-9](?:{_SEP}{{0,2}}\d){{9}}|1[3-9]\d\.\d{{4}}\.\d{{4}})(?!\d)"
)
_MOST_SEPARATORS = 4
_ID = re.compile(
    rf"(?<!\d)(?:\d{{6}}{_SEP}?(?:18|19|20)\d\d{_SEP}?(?:0[1-9]|1[0-2]){_SEP}?(?:0[1-9]|[12]\d|3[01]){_SEP}?\d{{3}}[\dXx]"
    r"|\d{17}[Xx]|[1-9]\d{7}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3})(?![\dXx])"
)
_CARD = re.compile(
    rf"(?<!\d)(?:[3-9]\d{{15,18}}|[3-9]\d{{3}}(?:{_SEP}\d{{4}}){{3}}(?:{_SEP}?\d{{1,3}})?|[3-9]\d{{5}}{_SEP}\d{{10,13}})(?!\d)"
)
_LANDLINE = re.compile(
    rf"(?<!\d)(?:[(]0\d{{2,3}}[)]{_SEP}?|0\d{{2,3}}{_SEP}?)[1-9]\d{{2,3}}{_SEP}?\d{{4}}(?!\d)"
    rf"|(?<!\d)(?:[(]0\d{{2,3}}[)]{_SEP}?|0\d{{2,3}}{_SEP})\d{{7,8}}(?!\d)"
    r"|(?:(?<=电话)|(?<=座机)|(?<=电话[:是为 ])|(?<=座机[:是为 ]))[2-8]\d{3}[ \-]?\d{3,4}(?!\d)"
)
_LONG = re.compile(r"(?<![\d.])\d{12,}(?!\d)")
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_PLATE = re.compile(
    rf"(?P<keep>[{_PROVINCES}][A-HJ-NP-Z])[·.•・\- ]{{0,2}}(?=[A-Z]{{0,5}}\d)(?:[A-Z0-9]{{5,6}}|[A-Z0-9]{{4}}[挂学警港澳])(?![A-Z0-9])",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"[A-Za-z0-9_.+\-]+@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+")
_WECHAT = re.compile(
    r"(?:微信|威信|薇信|(?<![A-Za-z])(?:wechat|weixin|wx|vx|v信))\s*(?P<says>(?:同号|号码|号|id)?\s*[:是为]?)\s*"
    r"(?P<own>[A-Za-z][A-Za-z0-9_\-]{4,19})(?![A-Za-z0-9_\-])",
    re.IGNORECASE,
)
_QQ = re.compile(r"(?:QQ|扣扣|企鹅)\s*(?:号码|号|群)?\s*[:是为]?\s*(?P<own>\d{5,12})(?!\d)", re.IGNORECASE)
_N = r"(?:[A-Za-z]?\d{1,4}[A-Za-z]?|[A-Za-z]|[一二三四五六七八九十百零〇]{1,5})"
_ROOM = (
    r"(?<!\d)(?:\d{3,4}|[一二三四五六七八九十零〇]{3,5})(?:室|号房|房|号)?(?![\d.年月元米平路人多余个万块])"
)
_UNIT_AND_ON = rf"{_N}单元(?:[ ,，、\-]{{0,2}}{_N}[楼层])?(?:[ ,，、\-]{{0,2}}{_ROOM})?"
_BUILDING = rf"(?:{_N}(?:号楼|栋|幢|号院|门)|(?:[A-Za-z]|\d{{1,3}})座)"
_HOME = re.compile(
    rf"(?<![\dA-Za-z])(?P<building>{_BUILDING})[ ,，、\-]{{0,2}}(?P<in>{_UNIT_AND_ON}|{_N}[楼层](?:[ ,，、\-]{{0,2}}{_ROOM})?|{_ROOM})"
    rf"|(?<![\dA-Za-z])(?P<unit>{_UNIT_AND_ON})"
    r"|(?<![\d\-])(?P<short>\d{1,3}-\d{1,2}-(?!(?:19|20)\d\d(?!室))\d{3,4}(?:室|号)?)(?![\d\-])"
    r"|(?<![\d.\-])(?P<room>(?:\d{1,3}-)?\d{3,4}(?:室|号房))"
)
_NUMBER_IN_HOME = re.compile(rf"{_N}(?=单元|[楼层室房号栋幢座门])|\d+")
Span = tuple[Kind, int, int]


def findings_of(text: str, *, kinds: Iterable[Kind] = tuple(Kind)) -> tuple[Finding, ...]:
    """Return what was found of ``kinds``, in the order of the text, none overlapping another.

    Searches until nothing more is found with the found masked, so a text that ``redacted`` returns holds nothing of it.
    """
    wanted = frozenset(kinds)
    plain = text.translate(_WIDE)
    spans: list[Span] = []
    while True:
        before = len(spans)
        for search in _SEARCHES:
            for kind, start, end in search(plain):
                if kind in wanted and "*" not in plain[start:end]:
                    spans.append((kind, start, end))
                    plain = f"{plain[:start]}{'*' * (end - start)}{plain[end:]}"
        if len(spans) == before:
            break
    return tuple(
        Finding(kind, start, end, text[start:end])
        for kind, start, end in sorted(spans, key=lambda one: one[1])
    )


def redacted(text: str, findings: Iterable[Finding]) -> str:
    """Return ``text`` with ``findings`` (of this text) masked so that one can read what stood there: 张**, 鄂A****."""
    out, at = "", 0
    for found in sorted(findings, key=lambda one: one.start):
        out += text[at : found.start]
        out += _mask(found, out)
        at = found.end
    return out + text[at:]


def person_masked(text: str) -> str:
    """Return ``text`` as a unit reads it from whom the reporter stays hidden: the place and the car are kept."""
    return redacted(text, findings_of(text, kinds=frozenset(Kind) - _OF_THE_MATTER))


def kinds_counted(findings: Iterable[Finding]) -> dict[str, int]:
    """Return how many of each kind there are: what may be kept of findings, since it holds nothing of the text."""
    counts: dict[str, int] = {}
    for found in findings:
        counts[found.kind.value] = counts.get(found.kind.value, 0) + 1
    return counts


def _mask(found: Finding, before: str) -> str:
    if found.kind is Kind.NAME:
        return f"{found.text[: 2 if found.text.startswith(COMPOUND) else 1]}**"
    if found.kind in (Kind.BUILDING, Kind.HOME):
        return _NUMBER_IN_HOME.sub("**", found.text.translate(_WIDE))
    if found.kind is Kind.PLATE:
        return f"{found.text[:2].translate(_WIDE).upper()}{STARS}"
    said = before.rstrip(" ：:是为（(")
    if said.lower().endswith(tuple(word.lower() for word in _SAID[found.kind])):
        return STARS
    return f"{_WORDS[found.kind]}{STARS}"


def _spans(kind: Kind, pattern: re.Pattern[str]) -> Callable[[str], Iterator[Span]]:
    group = "own" if "own" in pattern.groupindex and kind is Kind.CHAT else 0

    def search(text: str) -> Iterator[Span]:
        for hit in pattern.finditer(text):
            yield kind, hit.start(group), hit.end(group)

    return search


def _mobiles(text: str) -> Iterator[Span]:
    """Yield mobile numbers, also in Chinese numerals: at most four separators, or one between all digits."""
    for hit in _MOBILE.finditer(text.translate(_NUMERALS)):
        gaps = len(re.findall(rf"{_SEP}+", hit.group("own")))
        if gaps <= _MOST_SEPARATORS or gaps == 10:
            yield Kind.MOBILE, hit.start(), hit.end()


def _wechats(text: str) -> Iterator[Span]:
    """Yield WeChat ids: announced as one, or with a digit or a mark that no word has (微信android is none)."""
    for hit in _WECHAT.finditer(text):
        if hit.group("says").strip() or re.search(r"[\d_\-]", hit.group("own")):
            yield Kind.CHAT, hit.start("own"), hit.end("own")


def _homes(text: str) -> Iterator[Span]:
    for hit in _HOME.finditer(text):
        if hit.group("building"):
            yield Kind.BUILDING, hit.start("building"), hit.end("building")
            yield Kind.HOME, hit.start("in"), hit.end("in")
        else:
            yield Kind.HOME, hit.start(), hit.end()


def _names(text: str) -> Iterator[Span]:
    for start, end in names_in(text):
        yield Kind.NAME, start, end


# The order decides what a number is taken for.
_SEARCHES: tuple[Callable[[str], Iterator[Span]], ...] = (
    _spans(Kind.EMAIL, _EMAIL),
    _wechats,
    _spans(Kind.CHAT, _QQ),
    _spans(Kind.ID_NUMBER, _ID),
    _spans(Kind.BANK_CARD, _CARD),
    _mobiles,
    _spans(Kind.LANDLINE, _LANDLINE),
    _spans(Kind.LONG_NUMBER, _LONG),
    _spans(Kind.PLATE, _PLATE),
    _homes,
    _names,
)
