"""Chinese addresses: the road and house number that catchments go by, and one spelling of a home for its keyed hash.

People write one home in many ways: 「和平大道1388号3栋2单元501室」, 「和平大道 1388# 3-2-501」.  What is not understood
stays in the text as it is: two spellings that differ then count as two homes, and a person looks at it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

ROAD_CHARS = 40
_HAN = r"[\u4e00-\u9fff]"
_DASHES = re.compile(r"[-‐‑‒–—―−~_/\\]+")
_BRACKETS = re.compile(r"[()\[\]{}<>《》「」『』【】〔〕\"'“”‘’]")
# Between two numbers a blank or a mark sets them apart; anywhere else it says nothing.
_APART = re.compile(r"(?<=[0-9A-Z])[\s,.;:、。·]+(?=[0-9A-Z])")
_NOTHING = re.compile(r"[\s,.;:、。·!?*]+")

_DISTRICTS = "江岸|江汉|硚口|汉阳|武昌|青山|洪山|东西湖|汉南|蔡甸|江夏|黄陂|新洲"
_PREFIXES = (
    re.compile(r"中国(?=[\u4e00-\u9fff]{2,3}省|湖北|武汉)"),
    re.compile(rf"{_HAN}{{2,3}}省|湖北(?=武汉)"),
    # 滨江城市花园 is no city: a district has to follow, or it is this one.
    re.compile(
        rf"武汉市|武汉(?=(?:{_DISTRICTS})区)|{_HAN}{{2,3}}市(?={_HAN}{{1,4}}(?<![小社园校厂矿])[区县市])"
    ),
    re.compile(rf"(?:{_DISTRICTS})区"),
    # No house number stands before the name of a street or community; 街道口 is a place.
    re.compile(r"[^号]{1,9}?街道(?!口)(?:办事处|办)?"),
    re.compile(r"[^号]{1,11}?社区(?:居委会|居民委员会)?"),
)
# The short form of a street's name before a road: 冶金街建设二路.  一街, 二巷 go with the road before them.
_STREET_SHORT = re.compile(rf"{_HAN}{{2,4}}街(?=[^一二三四五六七八九十]{_HAN}{{0,7}}(?:大道|大街|路|街)$)")

_ROAD = rf"(?P<road>{_HAN}[\u4e00-\u9fff0-9]{{0,15}}?(?:大道|大街|胡同|路|街(?![坊道])|巷|弄|道(?!口)))"
_MARK = "甲乙丙丁戊己庚辛"
_COUNT = "〇零一二三四五六七八九十百千"
# A house number is followed by 号 or something that is no part of a building: 和平大道3栋, 和平大道3号楼 have none.
_NUMBERED = re.compile(
    rf"{_ROAD}第?(?P<before>[{_MARK}])?"
    rf"(?:(?P<number>\d{{1,5}})(?P<after>[{_MARK}])?"
    rf"(?:-(?P<sub>\d{{1,4}})号(?!楼|栋)|号(?!楼|栋)|-(?=\d)|$|(?=[^-\d{_MARK}A-Z号栋幢座单门层楼室房户街组]))"
    rf"|(?P<words>[{_COUNT}]{{1,7}})号(?!楼|栋))"
    rf"(?:附(?P<attached>\d{{1,4}})号?)?(?:大?院(?=\d|$))?"
)
# 铁路新村, 和平大道小区 are named after a road and stand at no number of it.
_NAMED = re.compile(
    rf"{_ROAD[:-1]}(?:[一二三四五六七八九十0-9]{{1,3}}(?:巷|弄|街(?![坊道])))?)"
    r"(?!口|桥|站|段|局|新村|村|小区|社区|花园|家园|公寓|苑)"
)

_COUNTED = re.compile(rf"(?<![{_COUNT}])[{_COUNT}]{{1,7}}(?=号楼|号|栋|幢|座|单元|层|楼|室|门)")
_FLOOR = re.compile(r"(?P<floor>\d{1,2})(?:层|楼)-?(?=(?P=floor)\d\d(?!\d))")
_UNITS = re.compile(rf"(?<=[0-9A-Z{_MARK}])(?:号楼|号栋|栋楼|楼栋|单元|栋|幢|座|门|室|房|户|号)")
_ZEROS = re.compile(r"(?<![0-9A-Z])0+(?=\d)")
_LOOSE_DASH = re.compile(rf"(?<={_HAN})-|-(?={_HAN})|^-+|-+$")
_VALUES = {word: value for value, word in enumerate("零一二三四五六七八九")} | {"〇": 0}
_TENS = {"十": 10, "百": 100, "千": 1000}


@dataclass(frozen=True, slots=True)
class AddressParts:
    """``road`` empty, ``number`` None where there is none.

    ``rest``  what else names the home, in one spelling: a mark of the number (甲, 附1) first, then 3-2-501
    """

    road: str
    number: int | None
    rest: str


def address_parts(text: str) -> AddressParts:
    """Return the road, the house number and the rest of an address, without province, city, district, street, community.

    No query, no errors: what is not understood is part of ``rest``.
    """
    plain = _without_prefixes(_plain(text))
    found = _NUMBERED.match(plain)
    if found is None:
        named = _NAMED.match(plain)
        if named is None:
            return AddressParts("", None, _rest(plain))
        return AddressParts(_road(named["road"]), None, _rest(plain[named.end() :]))
    number = int(found["number"]) if found["number"] else _count(found["words"])
    mark = found["before"] or found["after"] or ""
    sub = found["sub"] or found["attached"]
    mark += f"附{int(sub)}" if sub else ""
    rest = _rest(plain[found.end() :])
    return AddressParts(_road(found["road"]), number, f"{mark},{rest}".rstrip(",") if mark else rest)


def address_key(text: str, community: str) -> str:
    """Return the one spelling of a home that its keyed hash is made of, "" where nothing names a home.  No query, no errors.

    By road and house number where the address has both, else by the community's code and what is left: then without a
    code there is no key, because 3-2-501 alone is a home in many places.
    """
    parts = address_parts(text)
    if parts.road and parts.number is not None:
        return f"{parts.road}|{parts.number}|{parts.rest}"
    left = f"{parts.road}{parts.rest}"
    return f"{community}|{left}" if community and left else ""


def road_known(road: str) -> bool:
    """Return whether addresses are found by a road that is written like this: a catchment's line of another would fit nobody.

    1 to 40 characters.  No query, no errors.
    """
    return 0 < len(road) <= ROAD_CHARS and address_parts(road).road == road


def _plain(text: str) -> str:
    """Return a text with one width of letters and digits, one dash, one sign for 号, and no blanks."""
    text = unicodedata.normalize("NFKC", text).upper().replace("＃", "#").replace("#", "号")
    text = "".join(one for one in text if one.isspace() or unicodedata.category(one)[0] != "C")
    text = _BRACKETS.sub("", _DASHES.sub("-", text))
    text = re.sub(r"\s*-\s*", "-", text)
    return _NOTHING.sub("", _APART.sub("-", text)).replace("号号", "号")


def _without_prefixes(plain: str) -> str:
    for prefix in _PREFIXES:
        found = prefix.match(plain)
        if found:
            plain = plain[found.end() :]
    return plain


def _road(road: str) -> str:
    return _STREET_SHORT.sub("", road, count=1)


def _rest(text: str) -> str:
    text = _COUNTED.sub(lambda found: str(_count(found[0])), text)
    text = _UNITS.sub("-", _FLOOR.sub("", text))
    text = re.sub(r"-{2,}", "-", text)
    return _ZEROS.sub("", _LOOSE_DASH.sub("", text))


def _count(words: str) -> int:
    """Return the number that Chinese words say: 十二, 一百零三, or digit by digit 一三八八."""
    if not any(word in _TENS for word in words):
        return int("".join(str(_VALUES[word]) for word in words))
    total, digit = 0, 0
    for word in words:
        if word in _TENS:
            total += (digit or 1) * _TENS[word]
            digit = 0
        else:
            digit = _VALUES[word]
    return total + digit
