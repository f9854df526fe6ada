"""``python -m benchmarks.school_rosters``: rosters by chance with a fixed seed, and what a draw takes on them; prints JSON.

``times APPLICANTS INTAKES CHOICES TWINS RUNS FOLDER``  allocation, check and the published program on one roster, in turns;
                              with TWINS (per cent) some intakes also keep places for a class
``choices APPLICANTS INTAKES MOST RUNS``  allocation when everyone names only their first 1, 2, … MOST choices
``package APPLICANTS``        the same roster through ``allocate`` and through the public package ``matching``

Some intakes are asked for much more than others, four places in five children are there, and everyone stands somewhere by
class, points and distance, so that the lot decides between few.
"""

from __future__ import annotations

import gc
import json
import random
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from apps.schools import verify
from apps.schools.allocation import Outcome, allocate
from apps.schools.bundle import bundle_files
from apps.schools.checker import check
from apps.schools.draw import commitment_of, draw_number, seed_of
from apps.schools.standing import Applicant, Choice, Intake, Roster, Rules, roster_bytes, roster_hash

SEED, SECRET, PUBLIC_NUMBER = 20_261_201, b"\x5a" * 32, "20260511"
CLASSES, FILL = ("a", "b", "c"), 0.8
PACKAGE_CHOICES, PACKAGE_RUNS = 6, 3
# Opens the published files as verify.py does, and stops where its own work would begin.
_READ = """
import gc, sys
sys.path.insert(0, sys.argv[1])
import verify
gc.disable()
head, *applicants = verify.lines_of(verify.load(sys.argv[1])["roster.jsonl"], "roster.jsonl")
verify.roster_check(head, applicants)
"""


def roster_by_chance(applicants: int, intakes: int, choices: int, *, twins: float = 0.0) -> Roster:
    """Return a roster; ``twins`` the share of blocks of two, with which intakes keep places too.

    Raises ValueError where there are fewer intakes than choices.
    """
    if intakes < choices:
        raise ValueError("fewer intakes than choices")
    rng = random.Random(SEED)
    seats = max(1, int(applicants * FILL / intakes))
    kept = (("a", seats // 5), ("b", seats // 10)) if twins else ()
    rows = []
    for number in range(applicants):
        size = 2 if rng.random() < twins else 1
        wanted: dict[str, Choice] = {}
        while len(wanted) < choices:
            code = f"s{int(rng.random() ** 2 * intakes):04d}"
            if code not in wanted:
                wanted[code] = Choice(code, rng.randrange(4), rng.randrange(5), rng.randrange(10))
        rows.append(Applicant(f"{number:016x}", size, rng.choice(CLASSES), tuple(wanted.values())))
    return Roster(
        "bench", Rules("deferred", 1, choices), tuple(Intake(f"s{n:04d}", seats, kept) for n in range(intakes)), tuple(rows)
    )  # fmt: skip


def _timed(call: Callable[[], Any], into: list[float]) -> Any:
    """Call and note the seconds, without the garbage of what came before."""
    gc.collect()
    began = time.perf_counter()
    found = call()
    into.append(time.perf_counter() - began)
    return found


def _process(arguments: list[str]) -> int:
    """Run a Python that knows nothing of the project; return its exit code."""
    done = subprocess.run([sys.executable, "-I", "-S", *arguments], capture_output=True, check=False)
    return done.returncode


def _published(folder: Path, roster: Roster, data: bytes, outcome: Outcome, seed: bytes) -> None:
    """Write what is published of a round, the program beside it."""
    certificate = check(roster, seed, outcome)
    commitment = commitment_of(SECRET, roster.round_code, roster_hash(data))
    files = bundle_files(data, commitment, SECRET, PUBLIC_NUMBER, "bench", outcome, certificate)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    shutil.copy(verify.__file__, folder / "verify.py")


def _times(applicants: int, intakes: int, choices: int, twins: int, runs: int, folder: str) -> dict[str, Any]:
    roster = roster_by_chance(applicants, intakes, choices, twins=twins / 100)
    data = roster_bytes(roster)
    seed = seed_of(SECRET, PUBLIC_NUMBER, roster_hash(data))
    outcome = allocate(roster, seed)
    _published(Path(folder), roster, data, outcome, seed)
    took: dict[str, list[float]] = {"allocate": [], "check": [], "verify": [], "read": []}
    refused = placed = 0
    for _turn in range(runs):
        again: Outcome = _timed(lambda: allocate(roster, seed), took["allocate"])
        certificate = _timed(partial(check, roster, seed, again), took["check"])
        codes = [
            _timed(lambda: _process([str(Path(folder) / "verify.py"), folder]), took["verify"]),
            _timed(lambda: _process(["-c", _READ, folder]), took["read"]),
        ]
        refused += (not certificate.ok) + sum(code != 0 for code in codes) + (again != outcome)
        placed = certificate.placed
    return {
        "took": took, "refused": refused, "children": sum(one.size for one in roster.applicants), "placed": placed,
        "roster_bytes": len(data),
    }  # fmt: skip


def _cut(roster: Roster, choices: int) -> Roster:
    """Return a roster of which everyone names only their first choices."""
    return replace(
        roster, rules=Rules("deferred", 1, choices),
        applicants=tuple(replace(one, choices=one.choices[:choices]) for one in roster.applicants),
    )  # fmt: skip


def _choices(applicants: int, intakes: int, most: int, runs: int) -> dict[str, Any]:
    whole = roster_by_chance(applicants, intakes, most)
    middle = _cut(whole, most // 2)
    took: dict[int, list[float]] = {number: [] for number in range(1, most + 1)}
    beside: list[float] = []
    for turn in range(runs):
        # Up and down by turns, and each held against one and the same beside it: a machine that gets slower is no slope.
        for number, into in list(took.items())[:: -1 if turn % 2 else 1]:
            cut = _cut(whole, number)
            _timed(partial(allocate, cut, SECRET), into)
            _timed(partial(allocate, middle, SECRET), beside)
            into[-1] /= beside[-1]
    usual = statistics.median(beside)
    return {"seconds": [usual * statistics.median(one) for one in took.values()]}


def _package(applicants: int) -> dict[str, Any]:
    from matching.games import HospitalResident  # type: ignore[import-untyped]

    roster = roster_by_chance(applicants, max(8, applicants // 250), PACKAGE_CHOICES)
    ours: list[float] = []
    for _run in range(PACKAGE_RUNS):
        outcome = _timed(lambda: allocate(roster, SECRET), ours)
    asked: dict[str, list[tuple[int, int, int, int, str]]] = {one.code: [] for one in roster.intakes}
    for one in roster.applicants:
        lot = draw_number(SECRET, one.pseudonym)
        for choice in one.choices:
            asked[choice.intake].append((choice.priority, -choice.points, choice.band, lot, one.pseudonym))
    # The package takes strict orders without ties; an intake that nobody asks is none of its players.
    orders = {code: [row[-1] for row in sorted(rows)] for code, rows in asked.items() if rows}
    wishes = {one.pseudonym: [choice.intake for choice in one.choices] for one in roster.applicants}
    seats = {one.code: one.seats for one in roster.intakes}
    made: list[float] = []
    solved: list[float] = []
    game = _timed(lambda: HospitalResident.create_from_dictionaries(wishes, orders, seats), made)
    result = _timed(lambda: game.solve(optimal="resident"), solved)
    theirs = {resident.name: hospital.name for hospital, held in result.items() for resident in held}
    return {
        "ours": statistics.median(ours), "made": made[0], "solved": solved[0],
        "differing": sum(place != theirs.get(name) for name, place in outcome.assigned.items()),
    }  # fmt: skip


if __name__ == "__main__":
    act, *given = sys.argv[1:]
    acts: dict[str, Callable[..., dict[str, Any]]] = {
        "times": _times,
        "choices": _choices,
        "package": _package,
    }
    print(json.dumps(acts[act](*(int(one) if one.isdigit() else one for one in given))))
