"""How long do all checks of an article of 5,000 characters take against 20,000 listed words?

The text is the demonstration's, the words are drawn of its own characters with a fixed seed, so that many of them nearly
stand in it; a hundredth of them have windows.  In turns with the yardstick: asking for each word whether it is in the text.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.report import Figure, Finding
from benchmarks.system import System

WORDS = 20_000
CHARACTERS = 5_000
ROUNDS = 60
MOST_MS = 20.0
ARTICLES = Path(__file__).resolve().parent.parent / "fixtures" / "articles"


def run(_system: System) -> Finding:
    """Measure and return the finding."""
    from apps.news.checks import TEXTS, text_findings
    from apps.safety.states import Category, Level
    from apps.safety.words import Lexicon, WordRule

    rng = random.Random(20_261_124)
    text = "".join(path.read_text(encoding="utf-8") for path in sorted(ARTICLES.glob("*.txt")))
    text = (text * (CHARACTERS // len(text) + 1))[:CHARACTERS]
    characters = [char for char in text if char.isalpha()]
    words = {"".join(rng.choices(characters, k=rng.randint(2, 5))) for _each in range(2 * WORDS)}
    rules = [
        WordRule(
            word, rng.choice(list(Level)), Category.OTHER, "", (word + "业",) if number % 100 == 0 else ()
        )
        for number, word in enumerate(sorted(words)[:WORDS])
    ]
    began = time.perf_counter()
    lexicon = Lexicon(rules)
    built_s = time.perf_counter() - began
    fields = dict.fromkeys(TEXTS, "") | {
        "title": text[:30], "summary": text[:120],
        "body_html": "".join(f"<p>{part}</p>" for part in text.splitlines() if part.strip()),
    }  # fmt: skip

    def checks() -> int:
        return len(text_findings(fields=fields, lexicon=lexicon, decorative={}))

    def plain() -> int:
        return sum(rule.word in text for rule in rules)

    took: dict[str, list[float]] = {"checks": [], "plain": []}
    found = 0
    for _each in range(ROUNDS):
        found = _timed(checks, took["checks"])
        _timed(plain, took["plain"])
    middle = {name: statistics.median(times) * 1000 for name, times in took.items()}
    worst = sorted(took["checks"])[int(ROUNDS * 0.95)] * 1000
    return Finding(
        name="text_checks",
        question="How long do all checks of an article of 5,000 characters take against 20,000 words?",
        yardstick="asking for each of the words whether it is in the text, in turns in the same process",
        figures=[
            Figure("all checks of an article, median", round(middle["checks"], 2), "ms", MOST_MS),
            Figure("all checks of an article, p95", round(worst, 2), "ms", MOST_MS),
            Figure("yardstick ÷ all checks", round(middle["plain"] / middle["checks"], 2), "×"),
            Figure("building the lists, once after a change", round(built_s, 2), "s"),
            Figure("findings", found, ""),
        ],
        rows={"words": len(rules), "characters": len(text)},
    )


def _timed(call: Callable[[], int], into: list[float]) -> int:
    began = time.perf_counter()
    found = call()
    into.append(time.perf_counter() - began)
    return found
