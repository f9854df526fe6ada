"""Who did what to a place, and who verified it, is never rewritten."""

from django.db import migrations

TABLES = ("facilities_facilityevent", "facilities_assurance")


def _trigger(table: str) -> str:
    return (
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION append_only();"
    )


class Migration(migrations.Migration):
    dependencies = [("facilities", "0002_place"), ("common", "0002_append_only")]
    operations = [
        migrations.RunSQL(_trigger(table), f"DROP TRIGGER {table}_append_only ON {table};") for table in TABLES
    ]
