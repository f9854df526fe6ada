"""Articles as far as a test needs them, made through the services by four different people."""

from __future__ import annotations

import datetime as dt
from typing import Any

from apps.accounts.models import Staff
from apps.accounts.states import Role
from apps.common import clock
from apps.news import services
from apps.news.models import Article
from qingshan.demo_news import REVIEWERS, article_release, article_review
from tests.factories.people import staff_make

Desk = dict[Role, Staff]


def desk_make() -> Desk:
    """Return an editor and three reviewers, each a person of their own, who work in all columns."""
    return {role: staff_make(role.value) for role in (Role.EDITOR, *REVIEWERS)}


def article_drafted(*, desk: Desk | None = None, at: dt.datetime | None = None, **given: Any) -> Article:
    """Return a draft of the desk's editor."""
    people = desk or desk_make()
    values = {"title": "稿件", "body_html": "<p>正文。</p>", "summary": "", "column": "news", **given}
    return services.article_draft(staff=people[Role.EDITOR], now=at or clock.now(), **values)


def article_approved(*, desk: Desk | None = None, at: dt.datetime | None = None, **given: Any) -> Article:
    """Return an article that has every signature and is not released."""
    people = desk or desk_make()
    article = article_drafted(desk=people, at=at, **given)
    article_review(article_id=article.id, people=people, at=at or clock.now())
    return Article.objects.get(pk=article.pk)


def article_published(
    *,
    desk: Desk | None = None,
    at: dt.datetime | None = None,
    go_live_at: dt.datetime | None = None,
    expire_at: dt.datetime | None = None,
    **given: Any,
) -> Article:
    """Return an article that is released, by default at once and without an end."""
    people = desk or desk_make()
    article = article_drafted(desk=people, at=at, **given)
    article_release(
        article_id=article.id, people=people, at=at or clock.now(), go_live_at=go_live_at, expire_at=expire_at
    )
    return Article.objects.get(pk=article.pk)
