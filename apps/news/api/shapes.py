"""What an article looks like in an answer."""

from __future__ import annotations

from typing import Any

from apps.common import clock
from apps.news.media_selectors import media_url
from apps.news.public_selectors import Row


def article_item(article: Row) -> dict[str, Any]:
    """Return an article as lists show it."""
    return {
        "id": str(article["article_id"]),
        "title": article["title"],
        "summary": article["summary"],
        "column": {"slug": article["column_slug"], "name": article["column_name"]},
        "cover": _cover(article) if article["cover_id"] else None,
        "published_at": clock.local(article["go_live_at"]).isoformat(timespec="seconds"),
        "pinned": article["pinned"],
    }


def _cover(article: Row) -> dict[str, Any]:
    upload_id = article["cover_id"]
    sizes = [
        {"name": name, "url": media_url(upload_id=upload_id, name=name), "width": width, "height": height}
        for name, width, height in article["cover_sizes"] or ()
    ]
    return {"url": media_url(upload_id=upload_id), "alt": article["cover_alt"], "sizes": sizes}


def attachment_shape(attachment: dict[str, Any]) -> dict[str, Any]:
    """Return a file of a revision with the path that it is fetched from while the revision is public."""
    names = ("id", "name", "content_type", "size_bytes")
    return {name: attachment[name] for name in names} | {"url": f"/media/attachments/{attachment['id']}"}
