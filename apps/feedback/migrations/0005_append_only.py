"""More histories that are never rewritten; what older rows lack is filled in from their cases."""

from django.db import migrations

TABLES = ("feedback_boardevent", "feedback_caseexport")
CHUNK = 500
# The new columns of entries written before: taken from the case as it stands.  The constraints are checked first, since
# a table with checks pending can not be altered.
ENTRIES_FILL = """
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE feedback_timelineentry DISABLE TRIGGER feedback_timelineentry_append_only;
UPDATE feedback_timelineentry e SET lead_id = c.unit_id, category_id = c.category_id, due_at = c.due_at
FROM feedback_case c WHERE c.id = e.case_id;
ALTER TABLE feedback_timelineentry ENABLE TRIGGER feedback_timelineentry_append_only;
"""


def _trigger(table: str) -> str:
    return (
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION append_only();"
    )


def _words_fill(apps, _editor):
    """Make the cases that are there findable by their words."""
    from apps.common.words import lexemes, words_held

    case_model = apps.get_model("feedback", "Case")
    rows = case_model.objects.filter(search=None).order_by("id")
    while chunk := list(rows.only("id", "text")[:CHUNK]):
        for case in chunk:
            case_model.objects.filter(pk=case.pk).update(search=lexemes(words_held(case.text)))


class Migration(migrations.Migration):
    dependencies = [("feedback", "0004_depth")]
    operations = [
        *(
            migrations.RunSQL(_trigger(table), f"DROP TRIGGER {table}_append_only ON {table};")
            for table in TABLES
        ),
        migrations.RunSQL(ENTRIES_FILL, migrations.RunSQL.noop),
        migrations.RunPython(_words_fill, migrations.RunPython.noop),
    ]
