"""What the database itself keeps: final states, append-only histories; and identifiers made by it."""

from django.db import migrations

# A final state never changes, whoever writes: a late receipt, a second worker, a person at a console.
FINAL = """
CREATE FUNCTION notifications_delivery_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'delivery % is over (%)', OLD.id, OLD.state USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER notifications_delivery_final BEFORE UPDATE OF state ON notifications_delivery FOR EACH ROW
    WHEN (OLD.state <> NEW.state AND (OLD.state IN ('delivered', 'failed', 'suppressed', 'cancelled')
        OR (OLD.state = 'unknown' AND OLD.finished_at IS NOT NULL)))
    EXECUTE FUNCTION notifications_delivery_final();
"""
FINAL_BACK = """
DROP TRIGGER notifications_delivery_final ON notifications_delivery;
DROP FUNCTION notifications_delivery_final();
"""
# Deleting is left to retention, so only changes are refused.
APPEND_ONLY = ("notifications_deliveryattempt", "notifications_grantentry", "notifications_campaignevent")
NO_CHANGE = """
CREATE TRIGGER {table}_append_only BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION append_only();
"""
# UUID version 7 (RFC 9562) of a moment: its milliseconds, then random bits.  PostgreSQL has its own from 18 on.
UUID7 = """
CREATE FUNCTION uuid7_of(moment timestamptz) RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
    SELECT encode(
        set_bit(set_bit(
            overlay(uuid_send(gen_random_uuid())
                PLACING substring(int8send((extract(epoch FROM moment) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
            52, 1), 53, 1), 'hex')::uuid
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0003_messages_that_arrive"), ("common", "0002_append_only")]
    operations = [
        migrations.RunSQL(FINAL, FINAL_BACK),
        *(
            migrations.RunSQL(NO_CHANGE.format(table=table), f"DROP TRIGGER {table}_append_only ON {table};")
            for table in APPEND_ONLY
        ),
        migrations.RunSQL(UUID7, "DROP FUNCTION uuid7_of(timestamptz);"),
    ]
