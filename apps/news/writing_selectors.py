"""Reads for those who write: the form's values of an article, older ones, unsaved ones, what a preview shows."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from apps.common import clock
from apps.news.attachment_selectors import attachments_at_desk
from apps.news.media_selectors import media_url
from apps.news.models import Article, Autosave, Column, MediaAsset, PreviewLink
from apps.news.text import html_clean

if TYPE_CHECKING:
    from apps.accounts.models import Staff

Values = dict[str, Any]
TEXTS = ("title", "column", "summary", "body_html", "cover_asset", "source", "author", "audio_url")
# How long a phone that used a link may go on looking.
SHOWN_FOR = dt.timedelta(minutes=30)


def values_of(row: Any) -> Values:
    """Return the form's values of an article or of a row of its history: texts, ids as texts, ``pinned``.  0 queries."""
    return {
        "title": row.title,
        "column": str(row.column_id or ""),
        "summary": row.summary,
        "body_html": row.body_html,
        "cover_asset": str(row.cover_asset_id or ""),
        "source": row.source,
        "author": row.author,
        "audio_url": row.audio_url,
        "pinned": row.pinned,
    }


def values_kept(given: Mapping[str, Any]) -> Values:
    """Return the form's values as an article would keep them: stripped, the body through the gate.  0 queries.

    What is missing, of another type or no id is empty; the database takes neither zero bytes nor halves of surrogates.
    """
    kept: Values = {name: _text(given.get(name)) for name in TEXTS}
    kept["body_html"] = html_clean(kept["body_html"])
    kept["column"] = kept["column"] if _is_number(kept["column"]) else ""
    kept["cover_asset"] = _uuid_text(kept["cover_asset"])
    kept["pinned"] = given.get("pinned") in (True, "on")
    return kept


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else ""
    return text.replace("\0", "").encode("utf-8", "replace").decode().strip()


@dataclass(frozen=True, slots=True)
class Written:
    """A stored version: its values, who wrote it (None: nobody is known), when."""

    values: Values
    by: Any
    at: dt.datetime


def version_of(*, article_id: UUID, version: int) -> Written | None:
    """Return a version of the working copy as the history has it, or None where it has none.  1 query."""
    rows = Article.history.filter(id=article_id, version=version).select_related("history_user")
    # A move of the state writes the same version again: who wrote the text is in its first row.
    row = rows.order_by("history_id").first()
    return Written(values_of(row), row.history_user, row.history_date) if row else None


def autosave_of(*, staff: Staff, article_id: UUID | None) -> Autosave | None:
    """Return the unsaved text of ``staff`` for an article, or for a new one, or None.  1 query."""
    return Autosave.objects.filter(staff=staff, article=article_id).first()


def preview_of(*, values: Mapping[str, Any], article_id: UUID | None, at: dt.datetime) -> dict[str, Any]:
    """Return what a preview shows of ``values_kept``; ids that nothing has are left out.  At most 3 queries.

    ``{"title", "column", "source", "author", "date", "summary", "cover", "cover_alt", "body_html", "audio_url",
    "attachments": [{"name", "size_bytes"}]}``; ``date`` as 2026-11-24, ``cover`` a path of this host or empty
    """
    column = Column.objects.filter(pk=values["column"]).first() if values["column"] else None
    cover = MediaAsset.objects.filter(pk=values["cover_asset"]).first() if values["cover_asset"] else None
    files = attachments_at_desk(article_id=article_id) if article_id else []
    return {
        "title": values["title"], "column": column.name if column else "", "source": values["source"],
        "author": values["author"], "date": f"{clock.local(at):%Y-%m-%d}", "summary": values["summary"],
        "cover": media_url(upload_id=cover.upload_id, name="wide") if cover else "",
        "cover_alt": cover.alt if cover else "", "body_html": values["body_html"],
        "audio_url": values["audio_url"],
        "attachments": [{"name": file.name, "size_bytes": file.size_bytes} for file in files],
    }  # fmt: skip


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _uuid_text(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        return ""


def token_hash(token: str) -> str:
    """Return the SHA-256 by which a link is found.  A token has 256 random bits, so nobody guesses it from this."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def preview_link_open(*, token: str, now: dt.datetime) -> PreviewLink | None:
    """Return the link of ``token`` that may be used or looked at now, or None.  At most 4 queries.

    None too when whoever made it was signed off or sees the article no longer: a link gives no more than its maker has.
    """
    link = PreviewLink.objects.filter(token_sha256=token_hash(token)).select_related("created_by").first()
    if link is None or not link.created_by.is_active:
        return None
    ends_at = link.used_at + SHOWN_FOR if link.used_at else link.expires_at
    if now >= ends_at or not Article.objects.visible_to(link.created_by).filter(pk=link.article_id).exists():
        return None
    return link
