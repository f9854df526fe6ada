"""What was public before the three reviews stays public: a revision, a round of no reviews and a publication each.

Everyone on the content desk keeps the whole tree of columns.
"""

from django.db import migrations

from apps.common.ids import uuid7
from apps.news.fingerprint import content_sha256

BATCH = 500
DESK = ["editor", "reviewer_first", "reviewer_second", "reviewer_final"]


def carry_over(apps, _schema_editor):
    models = {name: apps.get_model("news", name) for name in ("Article", "Revision", "ReviewRound", "Publication")}
    rows = models["Article"].objects.filter(state="published").select_related("column").order_by("id")
    batch = []
    for article in rows.iterator(chunk_size=BATCH):
        batch.append(article)
        if len(batch) == BATCH:
            _write(models, batch)
            batch = []
    _write(models, batch)


def _write(models, articles):
    revisions, rounds, publications = [], [], []
    for article in articles:
        content = {
            "title": article.title, "summary": article.summary, "body_html": article.body_html,
            "source": article.source, "author": article.author, "cover_sha256": "", "cover_alt": "",
            "audio_url": "", "attachments": [], "column_slug": article.column.slug,
        }
        revision = models["Revision"](
            id=uuid7(), article=article, number=1, column_id=article.column_id,
            sha256=content_sha256(content | {"article": article.pk}), writers=[],
            created_by_id=article.created_by_id, created_at=article.published_at, **content,
        )
        held = models["ReviewRound"](
            id=uuid7(), article=article, number=1, revision=revision, levels=0, proofs=0,
            opened_at=article.published_at, closed_at=article.published_at, outcome="released",
        )
        revisions.append(revision)
        rounds.append(held)
        publications.append(models["Publication"](
            id=uuid7(), article=article, revision=revision, round=held, column_id=article.column_id,
            pinned=article.pinned, go_live_at=article.published_at, created_at=article.published_at,
            told_at=article.published_at, search=None,
        ))
    models["Revision"].objects.bulk_create(revisions)
    models["ReviewRound"].objects.bulk_create(rounds)
    models["Publication"].objects.bulk_create(publications)


COPY_SEARCH = """
UPDATE news_publication p SET search = a.search FROM news_article a WHERE a.id = p.article_id AND p.search IS NULL;
"""
RIGHTS = f"""
INSERT INTO news_columnright (staff_id, column_id)
SELECT DISTINCT m.staff_id, NULL::bigint FROM accounts_staff_groups m JOIN auth_group g ON g.id = m.group_id
WHERE g.name IN ({", ".join(f"'{name}'" for name in DESK)}) ON CONFLICT DO NOTHING;
"""


class Migration(migrations.Migration):
    dependencies = [("news", "0004_desk"), ("accounts", "0001_initial"), ("auth", "0012_alter_user_first_name_max_length")]
    operations = [
        migrations.RunPython(carry_over, migrations.RunPython.noop),
        migrations.RunSQL(COPY_SEARCH, migrations.RunSQL.noop),
        migrations.RunSQL(RIGHTS, migrations.RunSQL.noop),
    ]
