"""Writes beside the article: unsaved texts, and one-time links to look at the working copy on a phone."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.common.ids import uuid7
from apps.common.locks import Lock, lock_hold
from apps.news.errors import ArticleMoveRefused, ArticleNotFound
from apps.news.models import Article, Autosave, PreviewLink
from apps.news.services.articles import may_write
from apps.news.writing_errors import (
    AutosaveElsewhere,
    AutosaveInvalid,
    AutosaveTooBig,
    PreviewGone,
    PreviewLinksTooMany,
)
from apps.news.writing_selectors import (
    TEXTS,
    preview_link_open,
    preview_of,
    token_hash,
    values_kept,
    values_of,
)

if TYPE_CHECKING:
    from apps.accounts.models import Staff

MOST_BYTES = 500_000
MOST_VERSION = 2**31 - 1
KEPT = dt.timedelta(days=7)
LINK_LIVES = dt.timedelta(minutes=30)
MOST_LINKS = 20
PURGE_BATCH = 1000


def autosave_write(
    *,
    staff: Staff,
    article_id: UUID | None,
    base_version: int,
    fields: Mapping[str, Any],
    seen_at: dt.datetime | None,
    now: dt.datetime,
) -> Autosave:
    """Keep what stands in the form of ``staff``; the article is not touched.  At most 6 queries.

    ``article_id``   None for a text that was never saved
    ``fields``       the form's values by name, 500,000 bytes of text
    ``seen_at``      when the text that the window knows of was kept, None for none: two windows do not overwrite each other
    Raises AutosaveInvalid, AutosaveTooBig, AutosaveElsewhere, ArticleNotFound also for what is not theirs,
    ArticleMoveRefused for who may not write it now.
    """
    kept = _kept(fields)
    _check_writes(staff, article_id)
    version = _version(article_id, base_version)
    with transaction.atomic():
        held = Autosave.objects.select_for_update().filter(staff=staff, article=article_id).first()
        if (held.saved_at if held else None) != seen_at:
            raise AutosaveElsewhere
        if held is None:
            held = Autosave(id=uuid7(), staff=staff, article_id=article_id)
        held.base_version, held.fields, held.saved_at = version, kept, now
        try:
            with transaction.atomic():
                held.save()
        except IntegrityError as error:
            raise AutosaveElsewhere from error  # another window was faster by a moment
    return held


def autosave_keep(
    *, staff: Staff, article_id: UUID, base_version: int, fields: Mapping[str, Any], now: dt.datetime
) -> None:
    """Keep a text that could not be saved, in place of whatever is kept: it is the newest of this person.  3 queries.

    Raises as ``autosave_write`` does, except AutosaveElsewhere.
    """
    kept = _kept(fields)
    _check_writes(staff, article_id)
    row = Autosave(
        id=uuid7(), staff=staff, article_id=article_id, base_version=_version(article_id, base_version), fields=kept,
        saved_at=now,
    )  # fmt: skip
    Autosave.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["staff", "article"],
        update_fields=["base_version", "fields", "saved_at"],
    )  # fmt: skip


def autosave_drop(*, staff: Staff, article_id: UUID | None) -> bool:
    """Throw away the unsaved text of ``staff``; returns whether there was one.  1 query."""
    gone, _per_model = Autosave.objects.filter(staff=staff, article=article_id).delete()
    return bool(gone)


def preview_link_make(*, article_id: UUID, staff: Staff, now: dt.datetime) -> tuple[PreviewLink, str]:
    """Make a link to the saved working copy as it is now, for 30 minutes; returns it and its token.  At most 10 queries.

    The token, 256 random bits, is returned here and kept nowhere.  20 links of one person may be open at once.
    Raises ArticleNotFound, PreviewLinksTooMany.
    """
    article = Article.objects.visible_to(staff).filter(pk=article_id).first()
    if article is None:
        raise ArticleNotFound
    token = secrets.token_urlsafe(32)
    at = article.published_at or now
    content = preview_of(values=values_of(article), article_id=article.pk, at=at)
    with transaction.atomic():
        lock_hold(Lock.PREVIEW_LINKS, of=str(staff.pk))  # else two at once could pass the cap
        unused = PreviewLink.objects.filter(created_by=staff, used_at=None, expires_at__gt=now)
        if len(unused.values_list("pk")[:MOST_LINKS]) >= MOST_LINKS:
            raise PreviewLinksTooMany(most=MOST_LINKS)
        link = PreviewLink.objects.create(
            token_sha256=token_hash(token), article=article, version=article.version, content=content,
            created_by=staff, created_at=now, expires_at=now + LINK_LIVES,
        )  # fmt: skip
    return link, token


def preview_link_use(*, token: str, now: dt.datetime) -> PreviewLink:
    """Use a link up; of two at once one gets it.  At most 5 queries.

    Raises PreviewGone when it was used, ran out, never was, or its maker may not see the article any more.
    """
    link = preview_link_open(token=token, now=now)
    if link is None:
        raise PreviewGone
    unused = PreviewLink.objects.filter(pk=link.pk, used_at=None, expires_at__gt=now)
    if not unused.update(used_at=now):
        raise PreviewGone
    link.used_at = now
    return link


def writing_purge(*, now: dt.datetime) -> dict[str, int]:
    """Delete unsaved texts and preview links that ended 7 days ago, at most 1,000 of each; returns the counts.  4 queries."""
    old = Autosave.objects.filter(saved_at__lt=now - KEPT).values("pk")[:PURGE_BATCH]
    ended = PreviewLink.objects.filter(expires_at__lt=now - KEPT).values("pk")[:PURGE_BATCH]
    texts, _per_model = Autosave.objects.filter(pk__in=old).delete()
    links, _per_model = PreviewLink.objects.filter(pk__in=ended).delete()
    return {"texts": texts, "links": links}


def _kept(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept of a form's values, measured before the gate makes it smaller."""
    if not fields.keys() <= {*TEXTS, "pinned"}:
        raise AutosaveInvalid
    texts = (value for value in fields.values() if isinstance(value, str))
    if sum(len(text.encode("utf-8", "replace")) for text in texts) > MOST_BYTES:
        raise AutosaveTooBig
    return values_kept(fields)


def _version(article_id: UUID | None, base_version: int) -> int:
    if article_id is None:
        return 0
    return base_version if 0 <= base_version <= MOST_VERSION else 0


def _check_writes(staff: Staff, article_id: UUID | None) -> None:
    if article_id is None:
        return
    article = Article.objects.visible_to(staff).filter(pk=article_id).only("state").first()
    if article is None:
        raise ArticleNotFound
    if not may_write(article=article, staff=staff):
        raise ArticleMoveRefused(state=article.state, state_label=article.state_label, verb="")
