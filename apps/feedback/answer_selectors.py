"""What may answer a resident before a case is written: published replies of the board and articles."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q

from apps.common.words import any_of, words_cut
from apps.feedback.answers import answer_score, telling_words
from apps.feedback.models import BoardEntry, Inquiry
from apps.news import selectors as news

LOOKED_AT = 40
SHOWN = 3
MOST_WORDS = 12
GAP_DAYS = 30
GAPS = 50


@dataclass(frozen=True, slots=True)
class Answer:
    """A page that may answer: ``kind`` article or case, its title, its path below the API's base, how well it fits."""

    kind: str
    title: str
    url: str
    score: float


def answers_of(*, text: str, categories: list[str]) -> list[Answer]:
    """Return the pages that may answer ``text``, best first, at most 3.  At most 2 queries.

    ``categories``  the sub-categories that it is probably about: board entries are looked for in these, the newest 40
    that hold one of its words; articles anywhere, the best 40
    """
    words = telling_words(words_cut(text[:500]))[:MOST_WORDS]
    if not words:
        return []
    found = [
        Answer(
            "article",
            row["title"],
            f"articles/{row['id']}",
            answer_score(words=words, title=row["title"], text=row["text"]),
        )
        for row in news.articles_answering(words=words, limit=LOOKED_AT)
    ]
    rows = BoardEntry.objects.published().filter(category_id__in=categories, search=any_of(words))
    for row in rows.select_related("case").order_by("-published_at", "-id")[:LOOKED_AT]:
        score = answer_score(words=words, title=row.title, text=f"{row.text} {row.reply_text}")
        found.append(Answer("case", row.title, f"feedback/board/{row.case.public_number}", score))
    return sorted((one for one in found if one.score > 0), key=lambda one: (-one.score, one.url))[:SHOWN]


def knowledge_gaps(*, now: dt.datetime) -> list[dict[str, Any]]:
    """Return what residents of the last 30 days looked for and did not find, the most wanted matter first, at most 50.

    ``{"category", "name", "asked", "unanswered", "went_on", "solved", "examples"}``: looks, those without any page shown,
    those that became a case, those that a page solved, and the newest 3 masked texts without an answer.  At most 2 queries.
    """
    rows = list(
        Inquiry.objects.filter(at__gte=now - dt.timedelta(days=GAP_DAYS))
        .values("category_id", "category__name")
        .annotate(
            asked=Count("id"), unanswered=Count("id", filter=Q(answers=0)),
            went_on=Count("id", filter=Q(case__isnull=False)), solved=Count("id", filter=Q(solved_at__isnull=False)),
        )
        .filter(Q(unanswered__gt=0) | Q(went_on__gt=0))
        .order_by("-unanswered", "-went_on", "category_id")[:GAPS]
    )  # fmt: skip
    examples = _examples(now)
    return [
        {
            "category": row["category_id"], "name": row["category__name"], "asked": row["asked"],
            "unanswered": row["unanswered"], "went_on": row["went_on"], "solved": row["solved"],
            "examples": examples.get(row["category_id"], []),
        }
        for row in rows
    ]  # fmt: skip


def _examples(now: dt.datetime) -> dict[str | None, list[str]]:
    rows = Inquiry.objects.filter(at__gte=now - dt.timedelta(days=GAP_DAYS), solved_at=None).filter(
        Q(answers=0) | Q(case__isnull=False)
    )
    found: dict[str | None, list[str]] = {}
    for category, text in rows.order_by("-at").values_list("category_id", "text")[:500]:
        held = found.setdefault(category, [])
        if len(held) < 3 and text not in held:
            held.append(text)
    return found
