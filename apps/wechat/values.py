"""Values of subscription messages: what each key type takes, and how a text is made to fit.

A key is a type and a number (``thing3``).  The patterns read the official table (reference in README): strict, so that
what passes here passes there.  Standard library only: the simulator judges by the same rules.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

_HAN = "\u4e00-\u9fff"
_WIDE = "\u3000-\u303f\uff00-\uffef"  # Chinese punctuation and full-width forms
_TIME = r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?"
_DATE = (
    r"(?:[0-9]{4}年[0-9]{1,2}月[0-9]{1,2}日|[0-9]{4}年[0-9]{1,2}月|[0-9]{1,2}月[0-9]{1,2}日"
    r"|[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{4}[-/.][0-9]{1,2}|[0-9]{1,2}[-/.][0-9]{1,2})"
)

RULES: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        kind: re.compile(pattern, re.DOTALL)
        for kind, pattern in {
            "thing": r".{1,20}",
            "number": r"(?=.{1,32}$)-?[0-9]+(?:\.[0-9]+)?",
            "letter": r"[A-Za-z]{1,32}",
            "symbol": rf"[^\w\s{_HAN}]{{1,5}}",
            "character_string": rf"[^{_HAN}{_WIDE}]{{1,32}}",
            "time": rf"(?:{_DATE} ?)?{_TIME}(?:~(?:{_DATE} ?)?{_TIME})?",
            "date": rf"{_DATE}(?: ?{_TIME})?(?:~{_DATE}(?: ?{_TIME})?)?",
            "amount": r"[^\w\s]?[0-9]{1,10}(?:\.[0-9]+)?元?",
            "phone_number": r"[0-9+\-*#() ]{1,17}",
            "car_number": rf"[{_HAN}A-Za-z0-9][A-Za-z0-9]{{0,6}}[{_HAN}A-Za-z0-9]",
            "name": rf"(?=.*[{_HAN}])[{_HAN}A-Za-z·.' ]{{1,10}}|[^{_HAN}\d]{{1,20}}",
            "phrase": rf"[{_HAN}]{{1,5}}",
            # Its limit is not published; five characters are the shortest that copies of the table name.
            "short_thing": r".{1,5}",
        }.items()
    }
)
_ANY = re.compile(r".+", re.DOTALL)

# What stands for "nothing to say": a dash where the type takes one, else the plainest value of the type.
NEUTRAL: Mapping[str, str] = MappingProxyType(
    {
        "number": "0",
        "letter": "NA",
        "time": "00:00",
        "date": "1970年1月1日",
        "amount": "0",
        "car_number": "未知",
        "phrase": "无",
    }
)
_DASH = "-"

# Control characters, line breaks, and lone halves of a pair (can not be sent as UTF-8).
_BROKEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
# Marks that turn the direction of writing: harmless to WeChat, but they let a name pose as another text.
_TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
# China has had no summer time since 1991.
_BEIJING = dt.timezone(dt.timedelta(hours=8))


def key_kind(key: str) -> str:
    """Return the type of a key: ``thing3`` → ``thing``."""
    return key.rstrip("0123456789")


def keys_of(content: str) -> tuple[str, ...]:
    """Return the keys of a template's ``content`` in their order: ``事项:{{thing1.DATA}}`` → ``("thing1",)``."""
    return tuple(re.findall(r"\{\{\s*([A-Za-z_]+[0-9]*)\.DATA\s*\}\}", content))


def value_ok(key: str, value: str, *, allowed: Sequence[str] = ()) -> bool:
    """Tell whether ``value`` may stand under ``key``.

    allowed  the template's own list for an enum key (``keywordEnumValueList``); empty: the type's rule decides
    Characters are counted, not bytes.  Source: official table of value rules, two copies.
    """
    if not value.strip() or _BROKEN.search(value):
        return False
    if allowed:
        return value in allowed
    return bool(RULES.get(key_kind(key), _ANY).fullmatch(value))


def value_fit(key: str, value: str, *, allowed: Sequence[str] = ()) -> str:
    """Return ``value`` formatted or cut so that ``value_ok`` holds for every text.

    A thing over 20 characters keeps 19 and ends in "…"; line breaks become a space, control characters go; an ISO
    moment under a time or date key is written the Chinese way in Beijing time.  What can not be made to fit gives
    the type's neutral value ("-" where the type takes a dash): give a time key a time, not prose.
    """
    kind = key_kind(key)
    text = _cleaned(value)
    if allowed:
        return text if text in allowed else allowed[0]
    if value_ok(key, text):
        return text
    fitted = _FITS.get(kind, _as_it_is)(text)
    return fitted if value_ok(key, fitted) else NEUTRAL.get(kind, _DASH)


def _cleaned(value: str) -> str:
    text = re.sub(r"[\r\n\t\v\f\x85\u2028\u2029]+", " ", value)
    return _TURNING.sub("", _BROKEN.sub("", text)).strip()


def _narrowed(text: str) -> str:
    """Full-width digits, letters and brackets in their ASCII form."""
    return unicodedata.normalize("NFKC", text)


def _as_it_is(text: str) -> str:
    return text


def _cut(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    # A joiner or a variation mark left alone at the cut would swallow the ellipsis.
    return text[: most - 1].rstrip("\u200d\ufe0e\ufe0f") + "…"


def _kept(pattern: str, text: str, most: int) -> str:
    return "".join(re.findall(pattern, text))[:most].strip()


def _number(text: str) -> str:
    found = re.search(r"-?[0-9]+(?:\.[0-9]+)?", _narrowed(text).replace(",", ""))
    return found.group() if found else ""


def _amount(text: str) -> str:
    found = re.search(r"[¥$€£]?[0-9]+(?:\.[0-9]+)?元?", _narrowed(text).replace(",", ""))
    return found.group() if found else ""


def _car_number(text: str) -> str:
    plain = re.sub(rf"[^{_HAN}A-Z0-9]", "", _narrowed(text).upper())
    middle = re.sub(rf"[{_HAN}]", "", plain[1:-1])
    return plain[:1] + middle[:6] + plain[1:][-1:]


def _name(text: str) -> str:
    if re.search(rf"[{_HAN}]", text):
        return _kept(rf"[{_HAN}A-Za-z·.' ]", text, 10)
    return _kept(r"[^\d]", text, 20)


def _moment(text: str) -> tuple[str, str] | None:
    """Date and time, the Chinese way, of an ISO text; the time is "" if the text has none."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is not None:
        try:
            moment = moment.astimezone(_BEIJING)
        except OverflowError:  # the first or the last day of the calendar
            return None
    date = f"{moment.year:04d}年{moment.month}月{moment.day}日"
    return date, f"{moment:%H:%M}" if ":" in text or "T" in text.upper() else ""


def _time(text: str) -> str:
    parts = _moment(text)
    if parts is None:
        return ""
    return f"{parts[0]} {parts[1] or '00:00'}"


def _date(text: str) -> str:
    parts = _moment(text)
    return " ".join(parts).strip() if parts else ""


_FITS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "thing": lambda text: _cut(text, 20),
        "short_thing": lambda text: _cut(text, 5),
        "number": _number,
        "letter": lambda text: _kept(r"[A-Za-z]", _narrowed(text), 32),
        "symbol": lambda text: _kept(rf"[^\w\s{_HAN}]", text, 5),
        "character_string": lambda text: _kept(r"[\x20-\x7e]", _narrowed(text), 32),
        "time": _time,
        "date": _date,
        "amount": _amount,
        "phone_number": lambda text: _kept(r"[0-9+\-*#() ]", _narrowed(text), 17),
        "car_number": _car_number,
        "name": _name,
        "phrase": lambda text: _kept(rf"[{_HAN}]", text, 5),
    }
)
