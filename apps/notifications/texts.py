"""Texts with places, ``{name}``: filled in, and checked before staff can put them live.

Not ``str.format``: a text that staff write could reach into objects with it, and a brace in a resident's words would
be read as a place.  Standard library only.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

_PLACE = re.compile(r"\{([a-z_][a-z0-9_]{0,39})\}")
_BRACE = re.compile(r"[{}]")


def placeholders(text: str) -> set[str]:
    """Return the names that ``text`` has places for."""
    return set(_PLACE.findall(text))


def filled(text: str, fields: Mapping[str, str]) -> str:
    """Return ``text`` with its places filled; what the fields hold is taken as it is.  Raises KeyError on a missing one."""
    return _PLACE.sub(lambda found: fields[found.group(1)], text)


def wrong_places(text: str, *, known: Collection[str]) -> list[str]:
    """Return what can not stand in a text: places that the kind has no field for, and stray braces."""
    wrong = [f"{{{name}}}" for name in sorted(placeholders(text) - set(known))]
    if _BRACE.search(_PLACE.sub("", text)):
        wrong.append("{ }")
    return wrong
