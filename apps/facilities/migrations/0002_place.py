"""The place of each network point on the unit sphere, kept by the database, and the indexes that give the nearest.

Of two coordinates the straight line through the sphere grows with the distance over the ground (``search_place.py``).  The
second index gives the nearest of a kind without walking past those of other kinds.
"""

from django.contrib.postgres.operations import BtreeGistExtension, CreateExtension
from django.db import migrations

PLACE = """
ALTER TABLE facilities_facility ADD COLUMN place cube GENERATED ALWAYS AS (
    CASE WHEN gcj_lng IS NOT NULL AND gcj_lat IS NOT NULL THEN cube(ARRAY[
        cos(radians(gcj_lat)) * cos(radians(gcj_lng)), cos(radians(gcj_lat)) * sin(radians(gcj_lng)), sin(radians(gcj_lat))])
    END) STORED;
CREATE INDEX facility_place ON facilities_facility USING gist (place);
CREATE INDEX facility_kind_place ON facilities_facility USING gist (kind_id, place);
CREATE INDEX facility_accessible_for ON facilities_facility USING gin (accessible_for);
"""

BACK = """
DROP INDEX facility_accessible_for;
ALTER TABLE facilities_facility DROP COLUMN place;
"""


class Migration(migrations.Migration):
    dependencies = [("facilities", "0001_initial")]
    operations = [BtreeGistExtension(), CreateExtension("cube"), migrations.RunSQL(PLACE, BACK)]
