"""``manage.py suggestion_report``: how well categories are suggested and reports of one event are found, on texts held out."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from apps.feedback.similarity import LIKELY, OFFER
from apps.feedback.similarity_measuring import Pair, pairs_measured
from apps.feedback.suggestion import Suggester, keyword_suggest
from apps.feedback.suggestion_corpus import close_pairs, corpus_read, keywords_read, sample_pairs
from apps.feedback.suggestion_training import Labelled, Measured, held_out_split, measured, model_train

SURE = 0.8
FIXTURES = Path(settings.BASE_DIR) / "fixtures"


class Command(BaseCommand):
    help = "Measure the suggestion of categories and the likeness of cases; neither needs nor touches a database."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Measure.  What a line counts was never learnt from by the model that the line is about."""
        corpus = corpus_read(folder=FIXTURES)
        keywords = keywords_read(folder=FIXTURES)
        words = [*corpus.words, *(Labelled(word, code) for code, held in keywords.items() for word in held)]
        own = Suggester(model_train(rows=[*words, *corpus.texts]))
        learn, aside = held_out_split(rows=[*corpus.texts, *corpus.sample_rows])
        split = Suggester(model_train(rows=[*words, *learn]))

        def by_keywords(text: str) -> list[tuple[str, float]]:
            return keyword_suggest(text=text, keywords=keywords)

        samples = corpus.sample_rows
        self._line("corpus, tested on the samples", measured(suggest=own.suggest, rows=samples))
        self._line("four fifths of all, tested on the rest", measured(suggest=split.suggest, rows=aside))
        sure = [row for row in aside if any(share >= SURE for _code, share in split.suggest(row.text))]
        self._line(f"of that rest, suggested with {SURE} or more", measured(suggest=split.suggest, rows=sure))
        self._line("keywords alone, tested on the samples", measured(suggest=by_keywords, rows=samples))
        self._pairs("pairs of samples", sample_pairs(corpus=corpus, suggester=own))
        self._pairs("close pairs", close_pairs(folder=FIXTURES, suggester=own))

    def _line(self, what: str, figures: Measured) -> None:
        self.stdout.write(f"{what}: n {figures.n} top1 {figures.top1:.3f} top3 {figures.top3:.3f}")

    def _pairs(self, what: str, pairs: Iterable[Pair]) -> None:
        held = list(pairs)
        for name, bound in (("offer", OFFER), ("likely", LIKELY)):
            found = pairs_measured(pairs=held, bound=bound)
            self.stdout.write(
                f"{what}, {name} {bound}: recall {found.recall:.3f} ({found.same_reached}/{found.same}) "
                f"precision {found.precision:.3f} (wrong {found.other_reached}/{found.other}) "
                f"lowest same {found.same_lowest:.3f} highest other {found.other_highest:.3f}"
            )
