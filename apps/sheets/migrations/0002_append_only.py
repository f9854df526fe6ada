"""Steps of imports and the log of exports are never rewritten."""

from django.db import migrations

TABLES = ("sheets_importstep", "sheets_exportlog")


def _trigger(table: str) -> str:
    return (
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION append_only();"
    )


class Migration(migrations.Migration):
    dependencies = [("sheets", "0001_initial"), ("common", "0002_append_only")]
    operations = [
        migrations.RunSQL(_trigger(table), f"DROP TRIGGER {table}_append_only ON {table};") for table in TABLES
    ]
