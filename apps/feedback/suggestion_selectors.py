"""Which categories a text is probably about."""

from __future__ import annotations

from uuid import UUID

from apps.common import clock
from apps.common.changes import kept
from apps.feedback.models import Category, SuggestionModel
from apps.feedback.suggestion import Model, Suggester, keyword_suggest, model_unpack

# So many are asked for, so that three are left when some are no longer in force.
SPARE = 3
_held: tuple[UUID, Suggester] | None = None
_KNOWS_NOTHING = Suggester(Model(codes=(), weights={}, burdens=()))


def categories_suggested(*, text: str, limit: int = 3) -> list[tuple[str, float]]:
    """Return at most ``limit`` sub-categories in force that ``text`` is probably about, best first, with a share 0 to 1.

    Where the model knows too little of the text, the keywords of the tree decide; nothing fits: an empty list.
    No query while nothing changed (``common.changes``), else at most 3.  Less than 2 ms for 200 characters.
    """
    keywords = keywords_in_force()
    found = suggester().suggest(text, limit=limit + SPARE)
    in_force = [(code, score) for code, score in found if code in keywords]
    return in_force[:limit] or keyword_suggest(text=text, keywords=keywords, limit=limit)


def suggester() -> Suggester:
    """Return the live model at work; without one, a suggester that knows nothing.

    The weights are unpacked (60 ms) only when another one went live.  No query while nothing changed, else at most 2.
    """
    global _held
    live = kept("suggestion", "live", _live_id)
    held = _held
    if live is None:
        return _KNOWS_NOTHING
    if held is None or held[0] != live:
        weights = SuggestionModel.objects.values_list("weights", flat=True).get(id=live)
        _held = held = (live, Suggester(model_unpack(packed=bytes(weights))))
    return held[1]


def _live_id() -> UUID | None:
    return SuggestionModel.objects.filter(is_active=True).values_list("id", flat=True).first()


def keywords_in_force() -> dict[str, list[str]]:
    """Return the keywords of each sub-category in force today.  No query while nothing changed, else 1."""
    today = clock.today()

    def load() -> dict[str, list[str]]:
        rows = Category.objects.in_force(today).filter(parent__isnull=False).order_by("code")
        return dict(rows.values_list("code", "keywords"))

    return kept("reference", ("keywords", today), load)
