"""The running part of case numbers."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("feedback", "0002_append_only")]
    operations = [
        migrations.RunSQL(
            "CREATE SEQUENCE feedback_case_number AS bigint MINVALUE 1 INCREMENT BY 20;", "DROP SEQUENCE feedback_case_number;"
        )
    ]
