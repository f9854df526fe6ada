"""Learning to suggest categories, version by version."""

from __future__ import annotations

import datetime as dt
import functools
from dataclasses import dataclass
from pathlib import Path

import structlog
from django.conf import settings
from django.db import transaction

from apps.common import clock
from apps.common.changes import announce
from apps.feedback.models import Case, Category, SuggestionModel
from apps.feedback.states import CaseState
from apps.feedback.suggestion import Suggester, model_pack
from apps.feedback.suggestion_corpus import corpus_read
from apps.feedback.suggestion_training import Labelled, Measured, held_out_split, measured, model_train

log = structlog.get_logger(__name__)
# What is asked changes with the city; what was asked two years ago seldom helps.
LOOK_BACK = dt.timedelta(days=730)
MAX_CASES = 20_000
# A night's model may be this much worse than the live one: less is chance (about one text in fifty).
MAY_BE_WORSE = 0.02
KEPT_VERSIONS = 10


@dataclass(frozen=True, slots=True)
class Trained:
    """A packed model, and how well one that learnt from four fifths did on the rest."""

    weights: bytes
    held_out: Measured


def suggestion_train(*, now: dt.datetime) -> SuggestionModel:
    """Learn from the corpus and from the cases closed in the last two years; go live unless clearly worse.

    now  aware; cases settled up to then count
    Returns the new row; ``is_active`` says whether it went live.  7 statements; about 1 s of computing for 6,500 texts and
    words, no transaction open meanwhile.  The last 10 versions are kept, and the live one.
    What is measured is held out: the measuring model never saw those texts; the one that is kept then learns from all.
    """
    cases = _closed_cases(now)
    corpus = corpus_read(folder=Path(settings.BASE_DIR) / "fixtures")
    words = (*corpus.words, *_keywords(clock.local(now).date()))
    train = _train if cases else _train_alike
    trained = train(words, (*cases, *corpus.sample_rows, *corpus.texts))
    counts = {
        "words": len(words), "texts": len(corpus.texts), "samples": len(corpus.samples), "cases": len(cases)
    }  # fmt: skip
    with transaction.atomic():
        newest = SuggestionModel.objects.select_for_update().order_by("-version").defer("weights").first()
        live = SuggestionModel.objects.filter(is_active=True).defer("weights").first()
        goes_live = live is None or trained.held_out.top3 >= live.top3 - MAY_BE_WORSE
        if goes_live and live is not None:
            SuggestionModel.objects.filter(id=live.id).update(is_active=False)
        row = SuggestionModel.objects.create(
            version=newest.version + 1 if newest else 1, trained_at=now, trained_on=counts, weights=trained.weights,
            top1=trained.held_out.top1, top3=trained.held_out.top3, held_out_n=trained.held_out.n, is_active=goes_live,
        )  # fmt: skip
        SuggestionModel.objects.filter(version__lte=row.version - KEPT_VERSIONS, is_active=False).delete()
        announce("suggestion")
    log.info(
        "suggestion_trained", version=row.version, live=goes_live, top3=round(row.top3, 3), cases=len(cases)
    )
    return row


def suggestion_load(*, now: dt.datetime) -> bool:
    """Make sure that there is a live model; returns whether one had to be trained.  1 query when there is one."""
    if SuggestionModel.objects.filter(is_active=True).exists():
        return False
    suggestion_train(now=now)
    return True


def _closed_cases(now: dt.datetime) -> list[Labelled]:
    """Return the newest closed cases with the category that staff confirmed.  1 query.

    They stand before the corpus: what residents write is worth more than what was thought up.
    A divided case and its parts tell of several things at once, so they teach nothing.
    """
    rows = (
        Case.objects.filter(
            state=CaseState.CLOSED, settled_at__gt=now - LOOK_BACK, settled_at__lte=now, category__isnull=False,
            parent=None, parts=None,
        )
        .order_by("-settled_at")
        .values_list("text", "category_id")[:MAX_CASES]
    )  # fmt: skip
    return [Labelled(text, code, private=True) for text, code in rows]


def _keywords(on: dt.date) -> list[Labelled]:
    """Return the keywords that staff gave the sub-categories in force, as words of them.  1 query."""
    rows = Category.objects.in_force(on).filter(parent__isnull=False).order_by("code")
    return [Labelled(word, code) for code, words in rows.values_list("code", "keywords") for word in words]


def _train(words: tuple[Labelled, ...], rows: tuple[Labelled, ...]) -> Trained:
    """Learn from ``words`` and ``rows``; those that come first are taken where a category has too many."""
    learn, held = held_out_split(rows=rows)
    tried = Suggester(model_train(rows=[*words, *learn]))
    weights = model_pack(model=model_train(rows=[*words, *rows]))
    return Trained(weights, measured(suggest=tried.suggest, rows=held))


# A database without closed cases learns the same each time: many are filled in one process by tests and by rehearsals.
_train_alike = functools.lru_cache(maxsize=2)(_train)
