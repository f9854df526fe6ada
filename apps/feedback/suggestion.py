"""Which category a text is probably about: a multinomial naive Bayes over characters and pairs of characters.

Chinese characters carry meaning of their own, so a word that no text of the corpus held is often still known by its
characters.  Measured on 344 texts with unusual words, before they were added to the corpus: right among the first three for
88 % with characters and pairs, for 75 % with whole words; a linear SVM gained nothing (85 %), so training needs no library
(``suggestion_training``).  Of 258 plain requests written after those, 97 % were right at first.

The model is plain data (JSON); reading one runs no code.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MAX_CHARS = 2000
# A model unpacks to about 3 MB; more than this is not one of ours.
MAX_UNPACKED_BYTES = 64 * 1024 * 1024
FORMAT = 1
# Flattens the scores, so that a share means about what it says: of the texts whose first suggestion reached 0.8 more than
# 90 % were right (``suggestion_report``).
TEMPERATURE = 0.5
# Of a text less known than this the model says nothing; the keywords of the tree are asked then.
LEAST_KNOWN = 0.25
# No digits: numbers of telephones and houses say nothing about the matter and do not belong into a model.
_RUN = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Model:
    """What was learnt: how much a feature tells, in which categories it stands, and how much text each category has.

    ``weights``  by feature: (how much it tells 0 to 1, positions in ``codes``, gains at those positions)
    ``burdens``  by position in ``codes``: what a feature costs that a category does not have
    """

    codes: tuple[str, ...]
    weights: Mapping[str, tuple[float, tuple[int, ...], tuple[float, ...]]]
    burdens: tuple[float, ...]


def features_of(*, text: str) -> Counter[str]:
    """Return how often each character and each pair of neighbours stands in ``text``; digits and punctuation left out.

    At most ``MAX_CHARS`` characters are read; wide forms count as plain ones, capitals as small.
    """
    found: Counter[str] = Counter()
    for run in _RUN.findall(unicodedata.normalize("NFKC", text[:MAX_CHARS]).lower()):
        found.update(run)
        found.update(run[place : place + 2] for place in range(len(run) - 1))
    return found


def often(count: int) -> float:
    """Return what ``count`` times weigh against once: the second time says less than the first."""
    return 1.0 + math.log(count)


class Suggester:
    """A model at work."""

    def __init__(self, model: Model) -> None:
        self._model = model

    def suggest(self, text: str, *, limit: int = 3) -> list[tuple[str, float]]:
        """Return the likeliest sub-categories, best first, and how sure it is of each, 0 to 1.

        Nothing where too little of the text is known.  Less than 2 ms for 200 characters.
        """
        scores = self._scores(text)
        if scores is None:
            return []
        best = max(scores)
        parts = [math.exp((score - best) / TEMPERATURE) for score in scores]
        total = sum(parts)
        order = sorted(range(len(parts)), key=lambda place: (-parts[place], self._model.codes[place]))
        return [(self._model.codes[place], parts[place] / total) for place in order[:limit]]

    def tells(self, name: str) -> float:
        """Return how much a character tells about the matter, 0 to 1.

        One that the model never met tells most: it belongs to a name.  A model that knows nothing can not say so: 0.
        """
        weights = self._model.weights
        return weights[name][0] if name in weights else float(bool(weights))

    def _scores(self, text: str) -> list[float] | None:
        """Return a score for each code, or None where too little of the text is known."""
        weights = self._model.weights
        found = features_of(text=text)
        held = [(often(count), weights[name]) for name, count in found.items() if name in weights]
        values = [(times * weight[0], weight) for times, weight in held if weight[0]]
        if not values or len(held) < LEAST_KNOWN * len(found):
            return None
        length = math.sqrt(sum(value * value for value, _weight in values))
        scores = [0.0] * len(self._model.codes)
        for value, (_tells, places, gains) in values:
            for place, gain in zip(places, gains, strict=True):
                scores[place] += value * gain
        load = sum(value for value, _weight in values)
        return [
            (score - load * burden) / length
            for score, burden in zip(scores, self._model.burdens, strict=True)
        ]


def keyword_suggest(
    *, text: str, keywords: Mapping[str, Sequence[str]], limit: int = 3
) -> list[tuple[str, float]]:
    """Return the sub-categories whose keywords stand in ``text``, best first; long keywords count more.

    ``keywords``  by code, as staff keep them in the category tree
    The share that comes back, 0 to 1, is halved: a keyword alone is never sure.
    """
    hits = {
        code: sum(len(word) for word in words if word and word in text) for code, words in keywords.items()
    }
    total = sum(hits.values())
    order = sorted((code for code, hit in hits.items() if hit), key=lambda code: (-hits[code], code))
    return [(code, hits[code] / total / 2) for code in order[:limit]]


def model_pack(*, model: Model) -> bytes:
    """Return ``model`` as compressed JSON, about 0.5 MB."""
    features = {
        name: [round(tell, 3), *(part for pair in zip(places, gains, strict=True) for part in pair)]
        for name, (tell, places, gains) in model.weights.items()
    }
    data = {"format": FORMAT, "codes": model.codes, "burdens": model.burdens, "features": features}
    return zlib.compress(json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode(), 9)


def model_unpack(*, packed: bytes) -> Model:
    """Return the model that ``model_pack`` packed.  Raises ValueError for anything else."""
    try:
        unpacker = zlib.decompressobj()
        data = json.loads(unpacker.decompress(packed, MAX_UNPACKED_BYTES))
        if unpacker.unconsumed_tail or data["format"] != FORMAT:
            raise ValueError("not a model of this format")
        weights = {
            name: (row[0], tuple(row[1::2]), tuple(row[2::2])) for name, row in data["features"].items()
        }
        return Model(codes=tuple(data["codes"]), weights=weights, burdens=tuple(data["burdens"]))
    except (zlib.error, KeyError, TypeError) as error:
        raise ValueError("not a model of this format") from error
