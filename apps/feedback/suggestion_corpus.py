"""The texts that the suggestion of categories starts from, and those that it and the likeness of cases are measured by."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from apps.feedback.similarity import Report, signature_of
from apps.feedback.similarity_measuring import Pair
from apps.feedback.suggestion import Suggester
from apps.feedback.suggestion_training import Labelled


@dataclass(frozen=True, slots=True)
class Sample:
    """An invented request, and which other one tells of the same event or only seems to."""

    id: str
    text: str
    category: str
    street: str
    duplicate_of: str | None
    hard_negative_of: str | None


@dataclass(frozen=True, slots=True)
class Corpus:
    """Own words and texts, and the samples.  No text was made from a sample, so the two measure each other."""

    words: tuple[Labelled, ...]
    texts: tuple[Labelled, ...]
    samples: tuple[Sample, ...]

    @property
    def sample_rows(self) -> tuple[Labelled, ...]:
        """The samples as texts with their category."""
        return tuple(Labelled(sample.text, sample.category) for sample in self.samples)


def corpus_read(*, folder: Path) -> Corpus:
    """Return what ``suggestion_texts.json`` and ``feedback_samples.json`` of ``folder`` hold."""
    own = json.loads((folder / "suggestion_texts.json").read_text(encoding="utf-8"))
    samples = json.loads((folder / "feedback_samples.json").read_text(encoding="utf-8"))
    fields = ("id", "text", "category", "street", "duplicate_of", "hard_negative_of")
    return Corpus(
        words=tuple(Labelled(word, code) for code, held in own.items() for word in held["words"].split()),
        texts=tuple(Labelled(text, code) for code, held in own.items() for text in held["texts"]),
        samples=tuple(Sample(**{name: row[name] for name in fields}) for row in samples),
    )


def keywords_read(*, folder: Path) -> dict[str, list[str]]:
    """Return the keywords of each sub-category of ``categories.json``."""
    tree = json.loads((folder / "categories.json").read_text(encoding="utf-8"))
    return {row["code"]: row["keywords"] for group in tree for row in group["children"]}


def sample_pairs(*, corpus: Corpus, suggester: Suggester) -> Iterator[Pair]:
    """Yield every pair of samples, with the category and street that each was given."""
    reports = [
        Report(signature_of(text=sample.text, tells=suggester.tells), sample.category, sample.street)
        for sample in corpus.samples
    ]
    for (one, a), (other, b) in itertools.combinations(zip(corpus.samples, reports, strict=True), 2):
        yield Pair(a, b, same=one.duplicate_of == other.id or other.duplicate_of == one.id)


def close_pairs(*, folder: Path, suggester: Suggester) -> Iterator[Pair]:
    """Yield the pairs of ``similar_pairs.json``: of one category, and nothing known of where and when."""
    for row in json.loads((folder / "similar_pairs.json").read_text(encoding="utf-8")):
        a, b = (
            Report(signature_of(text=text, tells=suggester.tells), row["category"]) for text in row["texts"]
        )
        yield Pair(a, b, same=row["same"])
