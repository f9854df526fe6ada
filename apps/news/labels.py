"""What states, acts, stages and points are called."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.news.states import (
    Act,
    ArticleState,
    Decision,
    FindingKind,
    FindingLevel,
    Point,
    PublicationState,
    Stage,
    Verb,
)

STATE_LABELS: dict[str, Any] = {
    ArticleState.DRAFT.value: _("draft"),
    ArticleState.FIRST_REVIEW.value: _("in first review"),
    ArticleState.SECOND_REVIEW.value: _("in second review"),
    ArticleState.FINAL_REVIEW.value: _("in final review"),
    ArticleState.APPROVED.value: _("approved, not yet released"),
    ArticleState.PUBLISHED.value: _("published"),
    ArticleState.RETRACTED.value: _("retracted"),
}
PUBLICATION_LABELS: dict[str, Any] = {
    PublicationState.SCHEDULED.value: _("scheduled"),
    PublicationState.PUBLISHED.value: _("public now"),
    PublicationState.EXPIRED.value: _("ran out"),
    PublicationState.SUPERSEDED.value: _("replaced by a newer version"),
    PublicationState.RETRACTED.value: _("retracted"),
}
VERB_LABELS: dict[str, Any] = {
    Verb.SUBMIT.value: _("Submit for review"),
    Verb.SIGN.value: _("Sign"),
    Verb.RETURN.value: _("Return to the author"),
    Verb.WITHDRAW.value: _("Take back from review"),
    Verb.PUBLISH.value: _("Publish"),
    Verb.RETRACT.value: _("Retract"),
    Verb.REVISE.value: _("Back to draft"),
}
ACT_LABELS: dict[str, Any] = {
    **VERB_LABELS,
    Act.VOID.value: _("signatures void: the text was changed"),
    Act.WAIVE.value: _("finding waived"),
    Act.PROOF.value: _("proof read"),
    Act.RESCHEDULE.value: _("moved to another time"),
    Act.PIN.value: _("pinned to the top"),
    Act.UNPIN.value: _("no longer pinned"),
}
STAGE_LABELS: dict[str, Any] = {
    Stage.FIRST.value: _("first review"),
    Stage.SECOND.value: _("second review"),
    Stage.FINAL.value: _("final review"),
}
DECISION_LABELS: dict[str, Any] = {
    Decision.APPROVE.value: _("signed"),
    Decision.RETURN.value: _("sent back"),
}
POINT_LABELS: dict[str, Any] = {
    Point.POLITICS.value: _("political direction"),
    Point.LAW.value: _("law"),
    Point.POLICY.value: _("policy"),
    Point.SECRECY.value: _("secrecy"),
    Point.WORDING.value: _("wording of the text"),
    Point.OPINION.value: _("public opinion"),
}
FINDING_LABELS: dict[str, Any] = {
    FindingKind.WORD.value: _("listed word"),
    FindingKind.PERSONAL.value: _("personal data"),
    FindingKind.ALT.value: _("picture without alternative text"),
    FindingKind.WECHAT.value: _("WeChat would not show this"),
    FindingKind.ATTACHMENT.value: _("attachment that could not be read"),
}
PLACE_LABELS: dict[str, Any] = {
    "title": _("title"),
    "summary": _("summary"),
    "body_html": _("body"),
    "source": _("source"),
    "author": _("author"),
    "cover_alt": _("alternative text of the cover"),
}
LEVEL_LABELS: dict[str, Any] = {
    FindingLevel.WARN.value: _("hint"),
    FindingLevel.BLOCK.value: _("stops the publication"),
}


def choices(labels: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return ``labels`` as a field's choices."""
    return list(labels.items())
