"""Three reviews: submission, signatures, returns, proof passes, waivers.

The database has the last word (constraints of ``ReviewStep`` and the triggers of migration 0004); these functions say
the same earlier and in words.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import transaction

from apps.news import labels, states
from apps.news.errors import (
    ArticleMoveRefused,
    ChecklistIncomplete,
    ChecksPending,
    EmptyText,
    FindingNotOpen,
    FindingsOpen,
    ProofsDone,
    ProofsMissing,
    ReasonNeeded,
    SamePerson,
)
from apps.news.models import Article, Finding, ProofPass, ReviewRound, ReviewStep, WordCheck
from apps.news.services.articles import article_lock, event_write, roles_of
from apps.news.services.checks import findings_write
from apps.news.services.revisions import revision_make, round_end, round_open
from apps.news.states import STAGE_OF, Act, ArticleState, Decision, FindingLevel, Move, Point, Verb
from apps.news.text import html_images, html_text

if TYPE_CHECKING:
    from apps.accounts.models import Staff


def article_submit(*, article_id: UUID, staff: Staff | None, now: dt.datetime) -> ReviewRound:
    """Freeze the working copy as a revision, check it and open a round of review.  At most 25 queries.

    Findings do not stop a submission: reviewers see them, and what blocks must be mended or waived before the last
    signature.  Raises ArticleNotFound, ArticleMoveRefused, EmptyText, AttachmentsPending.
    """
    with transaction.atomic():
        article = article_lock(article_id=article_id, staff=staff)
        move = move_of(article, Verb.SUBMIT, staff, article.column.levels)
        if not html_text(article.body_html) and not html_images(article.body_html):
            raise EmptyText(attr="body_html")
        revision = revision_make(article=article, staff=staff, now=now)
        findings_write(revision=revision, now=now)
        opened = round_open(article=article, revision=revision, staff=staff, now=now)
        move_write(article, move, staff, now=now)
    return opened


def article_sign(
    *,
    article_id: UUID,
    staff: Staff,
    points: Iterable[str],
    seen_sha256: str,
    now: dt.datetime,
    note: str = "",
) -> Article:
    """Sign the stage that the article waits at.  At most 16 queries.

    ``points``       the names of ``Point`` that the signature answers for: all six
    ``seen_sha256``  the fingerprint that the signer read: another text is not signed
    Raises ArticleNotFound, ArticleMoveRefused, SamePerson, ChecklistIncomplete and, at the final stage, ProofsMissing,
    ChecksPending and FindingsOpen.
    """
    with transaction.atomic():
        article = article_lock(article_id=article_id, staff=staff)
        opened = _round_open(article)
        move = move_of(article, Verb.SIGN, staff, opened.levels)
        if seen_sha256 != opened.revision.sha256:
            raise ArticleMoveRefused(state=article.state, state_label=article.state_label, verb="")
        _another_person(opened, staff)
        held = set(points)
        missing = [point for point in Point if point.value not in held]
        if missing:
            names = "、".join(str(labels.POINT_LABELS[point.value]) for point in missing)
            raise ChecklistIncomplete(attr="points", missing=names)
        if move.target is ArticleState.APPROVED:
            _ready_for_release(opened)
        _step_write(article, opened, staff, Decision.APPROVE, [p.value for p in Point], note, now)
        move_write(article, move, staff, reason=note, now=now)
    return article


def article_return(*, article_id: UUID, staff: Staff, reason: str, now: dt.datetime) -> Article:
    """Send the article back to its author with a reason; the round ends, its signatures are void.  At most 12 queries.

    Raises ArticleNotFound, ArticleMoveRefused, ReasonNeeded.
    """
    with transaction.atomic():
        article = article_lock(article_id=article_id, staff=staff)
        opened = _round_open(article)
        move = move_of(article, Verb.RETURN, staff, opened.levels)
        if not reason.strip():
            raise ReasonNeeded(attr="reason")
        stage_before = article.state
        _step_write(article, opened, staff, Decision.RETURN, [], reason.strip(), now, state=stage_before)
        round_end(review_round=opened, outcome=ReviewRound.Outcome.RETURNED, now=now)
        move_write(article, move, staff, reason=reason, now=now)
    return article


def article_withdraw(*, article_id: UUID, staff: Staff, now: dt.datetime) -> Article:
    """Take the article back from review.  At most 10 queries.  Raises ArticleNotFound, ArticleMoveRefused."""
    with transaction.atomic():
        article = article_lock(article_id=article_id, staff=staff)
        opened = _round_open(article)
        move = move_of(article, Verb.WITHDRAW, staff, opened.levels)
        round_end(review_round=opened, outcome=ReviewRound.Outcome.WITHDRAWN, now=now)
        move_write(article, move, staff, now=now)
    return article


def article_revise(*, article_id: UUID, staff: Staff, now: dt.datetime) -> Article:
    """Open the text for a new version; what is public stays.  At most 5 queries.  Raises ArticleNotFound, ArticleMoveRefused."""
    with transaction.atomic():
        article = article_lock(article_id=article_id, staff=staff)
        move = move_of(article, Verb.REVISE, staff, article.column.levels)
        article.writers = []
        move_write(article, move, staff, now=now)
    return article


def proof_pass_add(
    *, article_id: UUID, staff: Staff, errors_found: int, note: str, seen_sha256: str, now: dt.datetime
) -> ProofPass:
    """Record that ``staff`` read the revision in review for errors.  At most 10 queries.

    ``errors_found``  0 to 9,999: what is found is mended by an author, which makes a new revision
    Raises ArticleNotFound, ArticleMoveRefused, SamePerson (a writer, or a second pass of one person), ProofsDone.
    """
    with transaction.atomic():
        article = article_lock(article_id=article_id, staff=staff)
        if ArticleState(article.state) not in STAGE_OF:
            raise ArticleMoveRefused(state=article.state, state_label=article.state_label, verb="")
        opened = _round_open(article)
        if seen_sha256 != opened.revision.sha256:
            raise ArticleMoveRefused(state=article.state, state_label=article.state_label, verb="")
        made = list(ProofPass.objects.filter(round=opened, revision=opened.revision))
        if staff.pk in opened.revision.writers or any(one.actor_id == staff.pk for one in made):
            raise SamePerson
        if len(made) >= opened.proofs:
            raise ProofsDone
        made_now = ProofPass.objects.create(
            round=opened, revision=opened.revision, number=len(made) + 1, actor=staff,
            errors_found=errors_found, note=note.strip()[:300], at=now,
        )  # fmt: skip
        event_write(article=article, verb=Act.PROOF.value, staff=staff, reason=note, now=now)
    return made_now


def finding_waive(*, finding_id: UUID, staff: Staff, reason: str, now: dt.datetime) -> Finding:
    """Let a finding stand, with a reason; only who may sign the final review, and nobody who wrote the text.  At most 6 queries.

    Raises FindingNotOpen, ArticleMoveRefused, SamePerson, ReasonNeeded.
    """
    with transaction.atomic():
        there = Finding.objects.filter(id=finding_id, gone_at=None, waived_at=None)
        article_id = there.values_list("revision__article_id", flat=True).first()
        if article_id is None:
            raise FindingNotOpen
        # The article first, as everywhere: two locks in two orders would wait for each other.
        article = article_lock(article_id=article_id, staff=staff)
        finding = there.select_related("revision").select_for_update(of=("self",)).first()
        if finding is None:
            raise FindingNotOpen
        if not may_waive(staff=staff):
            raise ArticleMoveRefused(state=article.state, state_label=article.state_label, verb="")
        if staff.pk in finding.revision.writers:
            raise SamePerson
        if not reason.strip():
            raise ReasonNeeded(attr="reason")
        finding.waived_by, finding.waived_at, finding.waive_reason = staff, now, reason.strip()[:300]
        finding.save(update_fields=["waived_by", "waived_at", "waive_reason"])
        event_write(
            article=article, verb=Act.WAIVE.value, staff=staff, reason=f"{finding.what}: {reason}", now=now
        )
    return finding


def may_waive(*, staff: Staff) -> bool:
    """Return whether ``staff`` may let a finding stand: final reviewers.  0 queries once roles are loaded."""
    return staff.is_superuser or bool(staff.roles & states.FINALS)


def move_of(article: Article, verb: Verb, staff: Staff | None, levels: int) -> Move:
    """Return the move of the table.  0 queries once roles are loaded.  Raises ArticleMoveRefused."""
    try:
        return states.move_find(
            verb=verb, source=ArticleState(article.state), roles=roles_of(staff), levels=levels or 3
        )
    except states.MoveNotAllowed as error:
        raise ArticleMoveRefused(
            state=article.state, state_label=article.state_label, verb=str(labels.VERB_LABELS[verb.value])
        ) from error


def move_write(
    article: Article, move: Move, staff: Staff | None, *, reason: str = "", now: dt.datetime
) -> None:
    """Write the state, the version and the act of a locked article.  2 queries."""
    article.state, article.updated_at = move.target.value, now
    article.version += 1
    article.save(update_fields=["state", "updated_at", "version", "published_at", "writers"])
    event_write(article=article, verb=move.verb.value, staff=staff, reason=reason, now=now)


def _round_open(article: Article) -> ReviewRound:
    held = ReviewRound.objects.select_for_update(of=("self",)).select_related("revision")
    opened: ReviewRound | None = held.filter(article=article, closed_at=None).first()
    if opened is None:
        raise ArticleMoveRefused(state=article.state, state_label=article.state_label, verb="")
    return opened


def _another_person(opened: ReviewRound, staff: Staff) -> None:
    signed = ReviewStep.objects.filter(
        round=opened, decision=Decision.APPROVE.value, voided_at=None, actor=staff
    )
    if staff.pk in opened.revision.writers or signed.exists():
        raise SamePerson


def _ready_for_release(opened: ReviewRound) -> None:
    done = ProofPass.objects.filter(round=opened, revision=opened.revision).count()
    if done < opened.proofs:
        raise ProofsMissing(done=done, needed=opened.proofs)
    if not WordCheck.objects.filter(revision=opened.revision).exists():
        raise ChecksPending
    count = Finding.objects.filter(
        revision=opened.revision, level=FindingLevel.BLOCK.value, gone_at=None, waived_at=None
    ).count()
    if count:
        raise FindingsOpen(count=count)


def _step_write(
    article: Article, opened: ReviewRound, staff: Staff, decision: Decision, points: list[str], note: str,
    now: dt.datetime, *, state: str | None = None,
) -> None:  # fmt: skip
    stage = STAGE_OF.get(ArticleState(state or article.state), states.Stage.FINAL)
    ReviewStep.objects.create(
        round=opened, revision=opened.revision, sha256=opened.revision.sha256, stage=stage.value, actor=staff,
        decision=decision.value, checklist=points, note=note.strip()[:300], at=now,
    )  # fmt: skip
