"""Kept filters belong to every list of the desk now: the queue's move to the app that knows people."""

from django.db import migrations

MOVE = """
INSERT INTO accounts_savedfilter (staff_id, page, name, query, shared)
SELECT staff_id, 'feedback.case', name, query, shared FROM feedback_savedfilter ON CONFLICT DO NOTHING;
"""
BACK = """
INSERT INTO feedback_savedfilter (staff_id, name, query, shared)
SELECT staff_id, name, query, shared FROM accounts_savedfilter WHERE page = 'feedback.case' ON CONFLICT DO NOTHING;
"""


class Migration(migrations.Migration):
    dependencies = [("feedback", "0005_append_only"), ("accounts", "0003_saved_filter")]
    operations = [
        migrations.RunSQL(MOVE, BACK),
        migrations.DeleteModel(name="SavedFilter"),
    ]
