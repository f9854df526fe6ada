"""Reads of reviews: what the desk shows beside a text, and the sheet of a round."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.functions import JSONObject

from apps.news.labels import PUBLICATION_LABELS
from apps.news.models import Article, Finding, ProofPass, Publication, ReviewRound, ReviewStep
from apps.news.states import (
    STAGE_OF,
    Act,
    ArticleState,
    PublicationState,
    Verb,
    publication_state,
    verbs_open,
)

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Desk:
    """What stands beside an article: its open round, what was signed and found, what is public, what may be done."""

    round: ReviewRound | None
    steps: list[ReviewStep]
    proofs: list[ProofPass]
    findings: list[Finding]
    publications: list[tuple[Publication, PublicationState, Any]]
    acts: tuple[str, ...]


def desk_of(*, article: Article, staff: Any, roles: frozenset[Any], now: dt.datetime) -> Desk:
    """Return what the desk shows beside ``article``.  At most 5 queries, each bounded."""
    last = ReviewRound.objects.filter(article=article).select_related("revision").order_by("-number").first()
    steps, proofs, findings = [], [], []
    if last is not None:
        steps = list(ReviewStep.objects.filter(round=last).select_related("actor").order_by("id")[:SHOWN])
        proofs = list(
            ProofPass.objects.filter(round=last, revision=last.revision)
            .select_related("actor")
            .order_by("number")
        )
        findings = list(findings_of(revision_id=last.revision_id)[: 10 * SHOWN])
    publications = publications_of(article_id=article.pk, now=now)
    return Desk(
        last, steps, proofs, findings, publications,
        _acts(article, last, publications, proofs, steps, staff, roles),
    )  # fmt: skip


def _acts(
    article: Article, last: ReviewRound | None, publications: list[Any], proofs: list[ProofPass],
    steps: list[ReviewStep], staff: Any, roles: frozenset[Any],
) -> tuple[str, ...]:  # fmt: skip
    """Return the acts that the person may try; the services decide again under the lock."""
    state = ArticleState(article.state)
    public = [
        p
        for p, where, _l in publications
        if where in (PublicationState.PUBLISHED, PublicationState.SCHEDULED)
    ]
    acts = [verb.value for verb in verbs_open(source=state, roles=roles)]
    if not public and Verb.RETRACT.value in acts:
        acts.remove(Verb.RETRACT.value)
    if last is not None and state in STAGE_OF:
        wrote = staff.pk in last.revision.writers
        signed = any(
            s.actor_id == staff.pk and s.voided_at is None and s.decision == "approve" for s in steps
        )
        if (wrote or signed) and Verb.SIGN.value in acts:
            acts.remove(Verb.SIGN.value)
        if not wrote and len(proofs) < last.proofs and all(p.actor_id != staff.pk for p in proofs):
            acts.append(Act.PROOF.value)
    if public and Verb.REVISE.value in acts:
        acts.append(Act.RESCHEDULE.value)
    return tuple(acts)


def findings_of(*, revision_id: UUID) -> QuerySet[Finding]:
    """Return what was found in a revision and is still there, the heaviest first.  1 query when read."""
    rows = Finding.objects.filter(revision_id=revision_id, gone_at=None).select_related("waived_by")
    return rows.order_by(F("waived_at").asc(nulls_first=True), "level", "place", "start")


def publications_of(*, article_id: UUID, now: dt.datetime) -> list[tuple[Publication, PublicationState, Any]]:
    """Return the newest 20 publications of an article with where each stands at ``now``, in words too.  1 query."""
    rows = (
        Publication.objects.filter(article_id=article_id)
        .defer("search")
        .select_related("revision", "retracted_by", "created_by")
    )
    out = []
    for row in rows.order_by("-created_at")[:SHOWN]:
        where = publication_state(
            go_live_at=row.go_live_at, expire_at=row.expire_at, superseded_at=row.superseded_at,
            retracted_at=row.retracted_at, now=now,
        )  # fmt: skip
        out.append((row, where, PUBLICATION_LABELS[where.value]))
    return out


def with_live(rows: QuerySet[Article], *, now: dt.datetime) -> QuerySet[Article]:
    """Return ``rows`` with ``live``: the times of what is public or scheduled of each, None for nothing."""
    last = Publication.objects.in_force(now=now).filter(article_id=OuterRef("pk")).order_by("go_live_at")
    times = JSONObject(go_live_at="go_live_at", expire_at="expire_at")
    return rows.annotate(live=Subquery(last.values(times=times)[:1]))


@dataclass(frozen=True, slots=True)
class Sheet:
    """The review sheet (审核单) of a round."""

    round: ReviewRound
    steps: list[ReviewStep]
    proofs: list[ProofPass]
    findings: list[Finding]
    publication: Publication | None


def sheet_of(*, round_id: UUID, article_id: UUID) -> Sheet | None:
    """Return everything that a review sheet prints, None for a round that is not this article's.  At most 5 queries."""
    held = (
        ReviewRound.objects.filter(id=round_id, article_id=article_id)
        .select_related("revision__column", "revision__created_by", "opened_by", "article")
        .first()
    )
    if held is None:
        return None
    return Sheet(
        held,
        list(ReviewStep.objects.filter(round=held).select_related("actor").order_by("id")),
        list(ProofPass.objects.filter(round=held).select_related("actor").order_by("revision_id", "number")),
        list(findings_of(revision_id=held.revision_id)[: 10 * SHOWN]),
        Publication.objects.filter(round=held)
        .defer("search")
        .select_related("created_by", "retracted_by")
        .first(),
    )


def rounds_by_fingerprint(*, sha256: str, staff: Any) -> list[ReviewRound]:
    """Return the rounds of the revisions with this fingerprint that ``staff`` may see, newest first, at most 20.  1 query."""
    rows = ReviewRound.objects.filter(
        revision__sha256=sha256, article__in=Article.objects.visible_to(staff)
    ).select_related("revision", "article")
    return list(rows.order_by("-opened_at")[:SHOWN])
