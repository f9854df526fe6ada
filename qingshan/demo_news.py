"""Articles brought through their reviews by the people of a demonstration, a test or a measurement."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from apps.accounts import selectors as accounts_read
from apps.accounts.states import Role
from apps.common import clock
from apps.news import selectors as news_read
from apps.news import services as news
from apps.news.intake import article_parse, blocks_to_html, summary_of
from apps.news.intake_values import BlockKind
from apps.news.states import STAGES, Point, Stage

if TYPE_CHECKING:
    from apps.accounts.models import Staff

SIGNERS: dict[Stage, Role] = {
    Stage.FIRST: Role.REVIEWER_FIRST,
    Stage.SECOND: Role.REVIEWER_SECOND,
    Stage.FINAL: Role.REVIEWER_FINAL,
}
REVIEWERS = tuple(SIGNERS.values())
DESK_NAMES: dict[Role, str] = {
    Role.EDITOR: "editor.demo",
    Role.REVIEWER_FIRST: "reviewer.demo",
    Role.REVIEWER_SECOND: "reviewer2.demo",
    Role.REVIEWER_FINAL: "reviewer3.demo",
}


def article_review(*, article_id: UUID, people: Mapping[Role, Staff], at: dt.datetime) -> None:
    """Submit a draft and have it proof-read and signed by one person for each stage of its column."""
    opened = news.article_submit(article_id=article_id, staff=people[Role.EDITOR], now=at)
    seen = opened.revision.sha256
    for role in REVIEWERS[: opened.proofs]:
        news.proof_pass_add(
            article_id=article_id, staff=people[role], errors_found=0, note="", seen_sha256=seen, now=at
        )
    for stage in STAGES[opened.levels]:
        news.article_sign(
            article_id=article_id, staff=people[SIGNERS[stage]], points=list(Point), seen_sha256=seen, now=at
        )


def article_release(*, article_id: UUID, people: Mapping[Role, Staff], at: dt.datetime, **times: Any) -> None:
    """Review a draft and publish it: ``go_live_at``, ``expire_at`` as ``article_publish`` takes them."""
    article_review(article_id=article_id, people=people, at=at)
    news.article_publish(article_id=article_id, staff=people[Role.EDITOR], now=at, **times)


def demo_articles(*, folder: Path) -> None:
    """Write the articles of ``index.json`` that are not there yet and bring them through their reviews."""
    people = _desk()
    for row in json.loads((folder / "index.json").read_text(encoding="utf-8")):
        if news_read.article_by_title(title=row["title"]):
            continue
        intake = article_parse(text=(folder / row["file"]).read_text(encoding="utf-8"))
        body = [block for block in intake.blocks if block.kind is not BlockKind.TITLE]
        at = (
            clock.midnight(row["published_on"]) + dt.timedelta(hours=9)
            if row["published_on"]
            else clock.now()
        )
        article = news.article_draft(
            title=row["title"], body_html=blocks_to_html(blocks=body), summary=summary_of(blocks=body),
            column=row["column"], source=row["source_label"], now=at, staff=people[Role.EDITOR],
        )  # fmt: skip
        if row["published_on"]:
            article_release(article_id=article.id, people=people, at=at)


def _desk() -> dict[Role, Staff]:
    """Return the demonstration's editor and reviewers, who work in all columns."""
    people = {}
    for role, username in DESK_NAMES.items():
        person = accounts_read.staff_by_username(username=username)
        if person is None:
            raise LookupError(username)
        news.column_right_grant(staff=person, column=None)
        people[role] = person
    return people
