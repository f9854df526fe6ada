"""Who may move a counter: claims move ``used``, changes of total move ``total``, and nobody else.

A claim written by hand takes its unit like any other or is refused; a counter written by hand is refused.
"""

from django.db import migrations

CLAIMS = """
CREATE FUNCTION capacity_claim_live(state text) RETURNS boolean IMMUTABLE LANGUAGE sql
    RETURN state IN ('held', 'offered', 'taken', 'cooling');

CREATE FUNCTION capacity_claim_counts() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    taken integer := 0;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NOT capacity_claim_live(NEW.state) THEN
            RAISE EXCEPTION 'a claim begins live' USING ERRCODE = 'check_violation', CONSTRAINT = 'claim_begins_live';
        END IF;
        taken := NEW.units;
    ELSIF TG_OP = 'DELETE' THEN
        IF capacity_claim_live(OLD.state) THEN
            RAISE EXCEPTION 'a live claim is released, not deleted' USING ERRCODE = 'restrict_violation';
        END IF;
    ELSE
        IF ROW(NEW.id, NEW.pool_id, NEW.units, NEW.owner, NEW.idempotency_key, NEW.created_at)
                IS DISTINCT FROM ROW(OLD.id, OLD.pool_id, OLD.units, OLD.owner, OLD.idempotency_key, OLD.created_at) THEN
            RAISE EXCEPTION 'a claim keeps its pool, units, owner and key' USING ERRCODE = 'restrict_violation';
        END IF;
        IF NOT capacity_claim_live(OLD.state) THEN
            RAISE EXCEPTION 'a claim ends once' USING ERRCODE = 'restrict_violation';
        END IF;
        IF NOT capacity_claim_live(NEW.state) THEN
            taken := -OLD.units;
        ELSIF NEW.state <> OLD.state AND NEW.state <> 'taken' THEN
            RAISE EXCEPTION 'a claim goes from % to taken or ends', OLD.state USING ERRCODE = 'restrict_violation';
        END IF;
    END IF;
    IF taken > 0 THEN
        UPDATE capacity_pool SET used = used + taken
        WHERE id = NEW.pool_id AND NOT is_closed AND used + taken <= total;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'the pool is full or closed' USING ERRCODE = 'check_violation', CONSTRAINT = 'pool_is_full';
        END IF;
    ELSIF taken < 0 THEN
        UPDATE capacity_pool SET used = used + taken WHERE id = OLD.pool_id;
    END IF;
    RETURN NULL;
END $$;
-- After: a row that ON CONFLICT leaves out takes nothing.
CREATE TRIGGER capacity_claim_counts AFTER INSERT OR UPDATE OR DELETE ON capacity_claim
    FOR EACH ROW EXECUTE FUNCTION capacity_claim_counts();

CREATE FUNCTION capacity_total_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE capacity_pool SET total = NEW.after WHERE id = NEW.pool_id AND total = NEW.before;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the pool has another total' USING ERRCODE = 'check_violation', CONSTRAINT = 'total_change_fits';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER capacity_total_changes AFTER INSERT ON capacity_totalchange
    FOR EACH ROW EXECUTE FUNCTION capacity_total_changes();
CREATE TRIGGER capacity_total_change_append_only BEFORE UPDATE OR DELETE ON capacity_totalchange
    FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER capacity_reconciliation_append_only BEFORE UPDATE OR DELETE ON capacity_reconciliation
    FOR EACH ROW EXECUTE FUNCTION append_only();

CREATE FUNCTION capacity_pool_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.used <> 0 THEN
            RAISE EXCEPTION 'a pool begins unused' USING ERRCODE = 'restrict_violation';
        END IF;
    ELSIF (NEW.used <> OLD.used OR NEW.total <> OLD.total) AND pg_trigger_depth() = 1 THEN
        RAISE EXCEPTION 'used is moved by claims, total by changes of total' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER capacity_pool_guard_insert BEFORE INSERT ON capacity_pool
    FOR EACH ROW EXECUTE FUNCTION capacity_pool_guard();
CREATE TRIGGER capacity_pool_guard_update BEFORE UPDATE OF used, total ON capacity_pool
    FOR EACH ROW EXECUTE FUNCTION capacity_pool_guard();
"""

BACK = """
DROP TRIGGER capacity_pool_guard_update ON capacity_pool;
DROP TRIGGER capacity_pool_guard_insert ON capacity_pool;
DROP FUNCTION capacity_pool_guard();
DROP TRIGGER capacity_reconciliation_append_only ON capacity_reconciliation;
DROP TRIGGER capacity_total_change_append_only ON capacity_totalchange;
DROP TRIGGER capacity_total_changes ON capacity_totalchange;
DROP FUNCTION capacity_total_changes();
DROP TRIGGER capacity_claim_counts ON capacity_claim;
DROP FUNCTION capacity_claim_counts();
DROP FUNCTION capacity_claim_live(text);
"""


class Migration(migrations.Migration):
    dependencies = [("capacity", "0001_initial"), ("common", "0002_append_only")]
    operations = [migrations.RunSQL(CLAIMS, BACK)]
