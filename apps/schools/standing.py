"""The roster of a round as plain values, and its canonical bytes.

One JSON object a line, keys sorted, no spaces, UTF-8, ``\\n`` after each line: first the round with its intakes, then the
applicants by pseudonym.  The same roster gives the same bytes everywhere, so its SHA-256 binds all of it.  Integers only.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FORMAT = 1
POLICIES = ("deferred", "immediate", "parallel", "draw")
_NAME = re.compile(r"[0-9a-z]{1,32}")


class RosterInvalid(ValueError):
    """The bytes are not a roster in canonical form, or the roster contradicts itself."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One choice: ``priority`` 0 is the best, more ``points`` are better, ``band`` 0 is the nearest."""

    intake: str
    priority: int
    points: int
    band: int


@dataclass(frozen=True, slots=True)
class Applicant:
    """A child, or a block of children who take ``size`` places at one intake or none; choices in order."""

    pseudonym: str
    size: int
    category: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Intake:
    """``seats`` places; of these ``reserves`` go first to a category, and to all where that leaves them."""

    code: str
    seats: int
    reserves: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """``parallel_width``  how many choices are looked at together under the policy ``parallel``."""

    policy: str
    parallel_width: int
    max_choices: int

    @property
    def width(self) -> int:
        """How many choices are decided together before they are final."""
        if self.policy == "immediate":
            return 1
        return self.parallel_width if self.policy == "parallel" else self.max_choices

    @property
    def lot_alone(self) -> bool:
        """Whether within a class only the lot counts."""
        return self.policy == "draw"


@dataclass(frozen=True, slots=True)
class Roster:
    """Who wants what, and what there is; applicants and intakes by name."""

    round_code: str
    rules: Rules
    intakes: tuple[Intake, ...]
    applicants: tuple[Applicant, ...]


_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def canonical(value: Any) -> bytes:
    """Return one line of canonical JSON."""
    return (_ENCODER.encode(value) + "\n").encode()


def roster_bytes(roster: Roster) -> bytes:
    """Return the canonical bytes of a roster.  Raises RosterInvalid."""
    _check(roster)
    rules = roster.rules
    head = {
        "format": FORMAT, "round": roster.round_code,
        "rules": {"max_choices": rules.max_choices, "parallel_width": rules.parallel_width, "policy": rules.policy},
        "intakes": [
            {"code": one.code, "reserves": [list(pair) for pair in one.reserves], "seats": one.seats} for one in roster.intakes
        ],
    }  # fmt: skip
    lines = [canonical(head)]
    lines += [
        canonical(
            {
                "category": one.category, "choices": [[c.intake, c.priority, c.points, c.band] for c in one.choices],
                "id": one.pseudonym, "size": one.size,
            }
        )
        for one in roster.applicants
    ]  # fmt: skip
    return b"".join(lines)


def roster_hash(data: bytes) -> str:
    """Return the fingerprint of a roster: SHA-256 of its bytes as hex."""
    return hashlib.sha256(data).hexdigest()


def roster_read(data: bytes) -> Roster:
    """Return the roster that ``data`` holds.  Raises RosterInvalid for anything that is not exactly its canonical form."""
    try:
        first, *rest = data.decode().splitlines()
        roster = _of_lines(json.loads(first), [json.loads(line) for line in rest])
        same = roster_bytes(roster) == data
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RosterInvalid("not a roster") from error
    if not same:
        raise RosterInvalid("not in canonical form")
    return roster


def _of_lines(head: Mapping[str, Any], lines: list[Mapping[str, Any]]) -> Roster:
    rules = head["rules"]
    return Roster(
        head["round"],
        Rules(rules["policy"], rules["parallel_width"], rules["max_choices"]),
        tuple(
            Intake(one["code"], one["seats"], tuple((code, seats) for code, seats in one["reserves"]))
            for one in head["intakes"]
        ),
        tuple(
            Applicant(
                one["id"], one["size"], one["category"], tuple(Choice(*choice) for choice in one["choices"])
            )
            for one in lines
        ),
    )


def _check(roster: Roster) -> None:
    rules, codes = roster.rules, [one.code for one in roster.intakes]
    names = [one.pseudonym for one in roster.applicants]
    known = set(codes)
    sound = (
        rules.policy in POLICIES
        and rules.max_choices >= 1
        and rules.parallel_width >= 1
        and len(known) == len(codes)
        and names == sorted(set(names))
        and all(_intake_sound(one) for one in roster.intakes)
        and all(_applicant_sound(one, known, rules.max_choices) for one in roster.applicants)
    )
    if not sound:
        raise RosterInvalid("a roster contradicts itself")


def _intake_sound(one: Intake) -> bool:
    categories = [code for code, _seats in one.reserves]
    kept = sum(seats for _code, seats in one.reserves)
    return (
        type(one.seats) is int
        and len(set(categories)) == len(categories)
        and all(type(seats) is int and seats >= 0 for _code, seats in one.reserves)
        and 0 <= kept <= one.seats
    )


def _applicant_sound(one: Applicant, known: set[str], most: int) -> bool:
    wanted = [choice.intake for choice in one.choices]
    return (
        _NAME.fullmatch(one.pseudonym) is not None
        and type(one.size) is int
        and one.size >= 1
        and 1 <= len(wanted) <= most
        and len(set(wanted)) == len(wanted)
        and known.issuperset(wanted)
        and all(
            type(number) is int and number >= 0
            for choice in one.choices
            for number in (choice.priority, choice.points, choice.band)
        )
    )
