"""Reads for the start page of the content desk: what waits for the person who is signed in."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.accounts.states import Role
from apps.common.words import query_words
from apps.news.inspection_selectors import Aging, columns_aging
from apps.news.models import Article, ProofPass, ReviewRound, ReviewStep
from apps.news.states import IN_REVIEW, STAGE_OF, ArticleState, Decision, Stage

STAGES_OF_ROLE: dict[Role, Stage] = {
    Role.REVIEWER_FIRST: Stage.FIRST,
    Role.REVIEWER_SECOND: Stage.SECOND,
    Role.REVIEWER_FINAL: Stage.FINAL,
}
SOON_DAYS = 3


def _at_desk(staff: Any) -> QuerySet[Article]:
    rows = Article.objects.visible_to(staff).select_related("column")
    return rows.defer("body_html", "search").order_by("-updated_at", "-id")


def articles_to_write(*, staff: Any) -> QuerySet[Article]:
    """Return the drafts that ``staff`` made or changed, last changed first.  1 query when read."""
    mine = Q(created_by=staff) | Q(writers__contains=[staff.pk])
    return _at_desk(staff).filter(mine, state=ArticleState.DRAFT.value)


def articles_to_release(*, staff: Any) -> QuerySet[Article]:
    """Return what has every signature and is not released.  1 query when read."""
    return _at_desk(staff).filter(state=ArticleState.APPROVED.value)


def articles_to_sign(*, staff: Any) -> QuerySet[Article]:
    """Return what waits for a signature that ``staff`` may give: of their stage, not written nor signed by them.

    1 query when read.
    """
    stages = {STAGES_OF_ROLE[role] for role in staff.roles if role in STAGES_OF_ROLE}
    states = [state.value for state, stage in STAGE_OF.items() if stage in stages]
    return _at_desk(staff).filter(_open_to(staff), state__in=states)


def articles_to_proof(*, staff: Any) -> QuerySet[Article]:
    """Return what is in review, lacks a proof pass and was neither written nor proof-read by ``staff``.  1 query when read."""
    done = ProofPass.objects.filter(round=OuterRef("pk"), revision_id=OuterRef("revision_id"))
    rounds = ReviewRound.objects.filter(article=OuterRef("pk"), closed_at=None, proofs__gt=0)
    rounds = rounds.exclude(revision__writers__contains=[staff.pk]).exclude(Exists(done.filter(actor=staff)))
    lacking = rounds.exclude(Exists(done.filter(number__gte=OuterRef("proofs"))))
    return _at_desk(staff).filter(Exists(lacking), state__in=[state.value for state in IN_REVIEW])


def _open_to(staff: Any) -> Exists:
    signed = ReviewStep.objects.filter(
        round=OuterRef("pk"), actor=staff, decision=Decision.APPROVE.value, voided_at=None
    )
    rounds = ReviewRound.objects.filter(article=OuterRef("pk"), closed_at=None)
    return Exists(rounds.exclude(revision__writers__contains=[staff.pk]).exclude(Exists(signed)))


def columns_urgent(*, now: dt.datetime) -> list[Aging]:
    """Return the columns that break their limit within three days, or did.  1 query."""
    return [one for one in columns_aging(now=now) if one.days_left is None or one.days_left <= SOON_DAYS]


def articles_named(*, staff: Any, text: str, limit: int) -> list[Article]:
    """Return articles that hold all words of ``text`` and that ``staff`` may see, best first.  1 query, 0 without words."""
    words = query_words(text)
    if not words:
        return []
    rows = Article.objects.visible_to(staff).found_by(words).select_related("column")
    return list(rows.defer("body_html", "search").order_by("-rank", "-updated_at", "-id")[:limit])
