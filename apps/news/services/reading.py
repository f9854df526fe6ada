"""What reading leaves behind: favourites of residents and the hits of publications."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from uuid import UUID

from django.db import connection, transaction

from apps.common.locks import Lock, lock_hold
from apps.news.errors import ArticleNotFound, FavouritesFull
from apps.news.models import Favourite, HitBatch, Publication

MOST_FAVOURITES = 500
BATCH_KEPT = dt.timedelta(days=1)
_ADD = """
WITH counted AS (SELECT * FROM unnest(%(articles)s::uuid[], %(hits)s::bigint[]) AS t(article_id, hits)),
target AS (
    SELECT p.id, counted.hits FROM counted JOIN LATERAL (
        SELECT id FROM news_publication WHERE article_id = counted.article_id AND go_live_at <= %(now)s
        ORDER BY go_live_at DESC, id DESC LIMIT 1) p ON true)
UPDATE news_publication p SET hits = p.hits + target.hits FROM target WHERE p.id = target.id
"""


def favourite_add(*, article_id: UUID, resident_id: UUID, now: dt.datetime) -> None:
    """Keep a public article for a resident; a second time changes nothing.  At most 6 queries.

    Raises ArticleNotFound for what is not public, FavouritesFull (500 a resident).
    """
    with transaction.atomic():
        lock_hold(Lock.FAVOURITES, of=str(resident_id))  # else two at once could pass the cap
        if not Publication.objects.visible(now=now).filter(article_id=article_id).exists():
            raise ArticleNotFound
        held = Favourite.objects.filter(resident_id=resident_id)
        if held.filter(article_id=article_id).exists():
            return
        if held.count() >= MOST_FAVOURITES:
            raise FavouritesFull(most=MOST_FAVOURITES)
        Favourite.objects.create(resident_id=resident_id, article_id=article_id, created_at=now)


def favourite_remove(*, article_id: UUID, resident_id: UUID) -> None:
    """Keep an article no longer, public or not; one that was not kept is no error.  1 query."""
    Favourite.objects.filter(resident_id=resident_id, article_id=article_id).delete()


def hits_add(*, batch: UUID, hits: Mapping[UUID, int], now: dt.datetime) -> bool:
    """Add a batch of hits by article to what is public of each, else to what was last.  3 queries.

    False when this batch was added before: the row of the batch is written in the transaction that adds it.  Articles
    that were never public are passed over.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO news_hitbatch (id, added_at) VALUES (%s, %s) ON CONFLICT DO NOTHING", [batch, now]
        )
        if not cursor.rowcount:
            return False
        cursor.execute(_ADD, {"articles": list(hits), "hits": list(hits.values()), "now": now})
        HitBatch.objects.filter(added_at__lt=now - BATCH_KEPT).delete()
    return True
