"""Reads of the media library."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Count, Q

from apps.news.models import MediaAsset, MediaRendition, MediaUse
from apps.news.renditions import CONTENT_TYPES, SUFFIXES
from apps.news.text import html_images

USES_SHOWN = 50


def media_url(*, upload_id: UUID, name: str = "", suffix: str = "webp") -> str:
    """Return the public path of a picture: in the size ``name``, or as it was kept.  0 queries."""
    return f"/media/public/{upload_id}/{name}.{suffix}" if name else f"/media/public/{upload_id}"


def rendition_public(*, upload_id: UUID, name: str, suffix: str) -> tuple[str, str] | None:
    """Return the stored path and the content type of a size, or None.  1 query.

    ``suffix``  ``webp`` or ``jpg``
    """
    kind = next((kind for kind, known in SUFFIXES.items() if known == suffix), "")
    rows = MediaRendition.objects.filter(asset__upload_id=upload_id, name=name, format=kind)
    path = rows.values_list("path", flat=True).first()
    return (path, CONTENT_TYPES[kind]) if path else None


def assets_found(*, text: str, limit: int, offset: int = 0) -> list[dict[str, Any]]:
    """Return pictures whose title, alternative text or caption holds ``text`` (all for none), newest first.  1 query.

    ``{"id", "title", "alt", "decorative", "caption", "credit", "thumb", "src", "width", "height"}``: ``src`` is what an
    article shows, with its width and height in pixels.
    """
    rows = MediaRendition.objects.filter(name="body", format="webp").select_related("asset")
    if text:
        rows = rows.filter(
            Q(asset__title__icontains=text)
            | Q(asset__alt__icontains=text)
            | Q(asset__caption__icontains=text)
        )
    rows = rows.order_by("-asset__created_at", "-asset_id")[offset : offset + limit]
    return [
        {
            "id": str(row.asset.id), "title": row.asset.title, "alt": row.asset.alt,
            "decorative": row.asset.decorative, "caption": row.asset.caption, "credit": row.asset.credit,
            "thumb": media_url(upload_id=row.asset.upload_id, name="square"),
            "src": media_url(upload_id=row.asset.upload_id, name="body"),
            "width": row.width, "height": row.height,
        }
        for row in rows
    ]  # fmt: skip


def asset_uses(*, asset_id: UUID) -> list[dict[str, Any]]:
    """Return which articles show a picture, at most 50, last changed first.  1 query.

    ``{"article_id", "title", "now", "versions"}``: whether the working copy shows it, and how many versions do.
    """
    rows = MediaUse.objects.filter(asset_id=asset_id).values("article_id", "article__title")
    counted = rows.annotate(
        now=Count("id", filter=Q(revision_id=None)), versions=Count("revision_id", distinct=True)
    )
    return [
        {
            "article_id": row["article_id"], "title": row["article__title"], "now": bool(row["now"]),
            "versions": row["versions"],
        }
        for row in counted.order_by("-article__updated_at")[:USES_SHOWN]
    ]  # fmt: skip


def pictures_without_alt(*, html: str) -> list[str]:
    """Return the titles of the pictures that ``html`` shows without alternative text and that are not decorative.

    1 query, 0 where each picture has its text.  A picture that the library does not hold counts by its id.
    """
    silent = list(dict.fromkeys(upload_id for upload_id, alt in html_images(html) if not alt.strip()))
    if not silent:
        return []
    known = {
        upload_id: (title, decorative)
        for upload_id, title, decorative in MediaAsset.objects.filter(upload_id__in=silent).values_list(
            "upload_id", "title", "decorative"
        )
    }
    titles = [known.get(upload_id, (str(upload_id), False)) for upload_id in silent]
    return [title for title, decorative in titles if not decorative]
