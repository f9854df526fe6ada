"""Two promises more: a text that moves to another column in review takes that column's reviews, and nothing is published
that no check looked at.
"""

from django.db import migrations

ROUND = """
CREATE OR REPLACE FUNCTION news_round_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    fits boolean;
BEGIN
    IF TG_OP <> 'DELETE' THEN
        SELECT EXISTS (SELECT 1 FROM news_revision r JOIN news_column c ON c.id = r.column_id
                       WHERE r.id = NEW.revision_id AND r.article_id = NEW.article_id
                           AND c.levels = NEW.levels AND c.proofs = NEW.proofs) INTO fits;
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NOT fits THEN
            RAISE EXCEPTION 'a round has the reviews of its column' USING ERRCODE = 'check_violation', CONSTRAINT = 'round_levels_of_column';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.closed_at IS NULL AND OLD.article_id = NEW.article_id AND OLD.levels = NEW.levels AND OLD.proofs = NEW.proofs THEN
        IF OLD.revision_id = NEW.revision_id OR fits THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'a round has the reviews of its column' USING ERRCODE = 'check_violation', CONSTRAINT = 'round_levels_of_column';
    END IF;
    RAISE EXCEPTION 'a round keeps its reviews and ends once' USING ERRCODE = 'restrict_violation';
END $$;
"""

CHECKED = """
CREATE FUNCTION news_publication_checked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM news_wordcheck WHERE revision_id = NEW.revision_id) THEN
        RAISE EXCEPTION 'a publication was checked' USING ERRCODE = 'check_violation', CONSTRAINT = 'publication_is_checked';
    END IF;
    RETURN NEW;
END $$;
-- After the others in the order of their names: their words say more.
CREATE TRIGGER news_publication_is_checked BEFORE INSERT ON news_publication FOR EACH ROW EXECUTE FUNCTION news_publication_checked();
"""


class Migration(migrations.Migration):
    dependencies = [("news", "0010_reading")]
    operations = [
        # Backwards the stricter guard stays: every round of before fits it.
        migrations.RunSQL(ROUND, migrations.RunSQL.noop),
        migrations.RunSQL(
            CHECKED,
            "DROP TRIGGER news_publication_is_checked ON news_publication; DROP FUNCTION news_publication_checked();",
        ),
    ]
