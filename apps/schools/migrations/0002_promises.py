"""What the database keeps of school places: four eyes, what is frozen stays, an offer stands on a place of its intake."""

from django.db import migrations

APPEND_ONLY = (
    "roundevent", "applicationevent", "review", "rosterfreeze", "frozenentry", "allocationrun", "preferenceresult", "cutoff",
)  # fmt: skip

FORWARD = "".join(
    f"CREATE TRIGGER schools_{table}_append_only BEFORE UPDATE OR DELETE ON schools_{table} "
    "FOR EACH ROW EXECUTE FUNCTION append_only();\n"
    for table in APPEND_ONLY
) + """
CREATE SEQUENCE schools_application_number AS bigint MINVALUE 1;

CREATE FUNCTION schools_past_freeze(round uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT 1 FROM schools_admissionround WHERE id = round AND state NOT IN ('setup', 'open', 'verifying'));
$$;

-- A round goes forward, one step at a time; what the roster was made by does not change behind it.
CREATE FUNCTION schools_round_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    steps CONSTANT text[] := ARRAY['setup', 'open', 'verifying', 'frozen', 'committed', 'drawn', 'allocated', 'published', 'final'];
BEGIN
    IF NEW.state <> OLD.state AND array_position(steps, NEW.state) <> array_position(steps, OLD.state) + 1 THEN
        RAISE EXCEPTION 'a round goes forward one step at a time' USING ERRCODE = 'check_violation', CONSTRAINT = 'round_forward';
    END IF;
    IF NEW.state = 'frozen' AND NOT EXISTS (SELECT 1 FROM schools_rosterfreeze WHERE round_id = NEW.id)
        OR NEW.state = 'committed' AND NOT EXISTS (SELECT 1 FROM schools_draw WHERE round_id = NEW.id)
        OR NEW.state = 'drawn' AND NOT EXISTS (SELECT 1 FROM schools_draw WHERE round_id = NEW.id AND revealed_at IS NOT NULL)
        OR NEW.state IN ('allocated', 'published')
            AND NOT EXISTS (SELECT 1 FROM schools_allocationrun WHERE round_id = NEW.id AND holds) THEN
        RAISE EXCEPTION 'what this state stands on is missing' USING ERRCODE = 'check_violation', CONSTRAINT = 'round_has_grounds';
    END IF;
    IF OLD.state NOT IN ('setup', 'open', 'verifying') AND (NEW.code, NEW.stage, NEW.policy, NEW.parallel_width, NEW.max_choices,
        NEW.band_m, NEW.catchment_first, NEW.born_from, NEW.born_to, NEW.public_number_source)
        IS DISTINCT FROM (OLD.code, OLD.stage, OLD.policy, OLD.parallel_width, OLD.max_choices, OLD.band_m, OLD.catchment_first,
        OLD.born_from, OLD.born_to, OLD.public_number_source) THEN
        RAISE EXCEPTION 'the rules of a frozen round stand' USING ERRCODE = 'check_violation', CONSTRAINT = 'round_frozen';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER schools_round_guard BEFORE UPDATE ON schools_admissionround FOR EACH ROW EXECUTE FUNCTION schools_round_guard();

CREATE FUNCTION schools_plan_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    held uuid;
BEGIN
    IF TG_TABLE_NAME = 'schools_intakereserve' THEN
        SELECT round_id INTO held FROM schools_intake
            WHERE id = CASE WHEN TG_OP = 'DELETE' THEN OLD.intake_id ELSE NEW.intake_id END;
    ELSE
        held := CASE WHEN TG_OP = 'DELETE' THEN OLD.round_id ELSE NEW.round_id END;
    END IF;
    IF schools_past_freeze(held) THEN
        RAISE EXCEPTION 'the plan of a frozen round stands' USING ERRCODE = 'check_violation', CONSTRAINT = 'plan_frozen';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER schools_intake_guard BEFORE INSERT OR UPDATE OR DELETE ON schools_intake
    FOR EACH ROW EXECUTE FUNCTION schools_plan_guard();
CREATE TRIGGER schools_intakereserve_guard BEFORE INSERT OR UPDATE OR DELETE ON schools_intakereserve
    FOR EACH ROW EXECUTE FUNCTION schools_plan_guard();
CREATE TRIGGER schools_prioritycategory_guard BEFORE INSERT OR UPDATE OR DELETE ON schools_prioritycategory
    FOR EACH ROW EXECUTE FUNCTION schools_plan_guard();

-- The choices of a frozen application, and what its order was made of.
CREATE FUNCTION schools_preference_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    held uuid := CASE WHEN TG_OP = 'DELETE' THEN OLD.application_id ELSE NEW.application_id END;
BEGIN
    IF EXISTS (SELECT 1 FROM schools_application WHERE id = held AND state IN ('frozen', 'allocated', 'unallocated', 'enrolled')) THEN
        RAISE EXCEPTION 'the choices of a frozen application stand' USING ERRCODE = 'check_violation', CONSTRAINT = 'preference_frozen';
    END IF;
    IF TG_OP <> 'DELETE' AND NOT EXISTS (SELECT 1 FROM schools_application a JOIN schools_intake i ON i.round_id = a.round_id
                                         WHERE a.id = NEW.application_id AND i.id = NEW.intake_id) THEN
        RAISE EXCEPTION 'a choice is one of its round' USING ERRCODE = 'check_violation', CONSTRAINT = 'preference_of_round';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER schools_preference_guard BEFORE INSERT OR UPDATE OR DELETE ON schools_preference
    FOR EACH ROW EXECUTE FUNCTION schools_preference_guard();

CREATE FUNCTION schools_application_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IN ('frozen', 'allocated', 'unallocated', 'enrolled') THEN
        IF NEW.state NOT IN ('frozen', 'allocated', 'unallocated', 'enrolled') OR (NEW.child_id, NEW.round_id, NEW.category_id, NEW.points,
            NEW.address_hash, NEW.block_id) IS DISTINCT FROM (OLD.child_id, OLD.round_id, OLD.category_id, OLD.points, OLD.address_hash,
            OLD.block_id) THEN
            RAISE EXCEPTION 'a frozen application stands' USING ERRCODE = 'check_violation', CONSTRAINT = 'application_frozen';
        END IF;
    END IF;
    IF NEW.state = 'verified' AND OLD.state <> 'verified' AND (
        SELECT count(DISTINCT reviewer_id) FROM schools_review
        WHERE application_id = NEW.id AND pass_number = NEW.pass_number AND verdict = 'agree') < 2 THEN
        RAISE EXCEPTION 'two people verify an application' USING ERRCODE = 'check_violation', CONSTRAINT = 'application_two_reviews';
    END IF;
    IF NEW.state = 'frozen' AND OLD.state NOT IN ('verified', 'frozen') THEN
        RAISE EXCEPTION 'only what is verified is frozen' USING ERRCODE = 'check_violation', CONSTRAINT = 'application_frozen_from_verified';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER schools_application_guard BEFORE UPDATE ON schools_application FOR EACH ROW EXECUTE FUNCTION schools_application_guard();

CREATE FUNCTION schools_review_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM schools_review WHERE application_id = NEW.application_id AND pass_number = NEW.pass_number
               AND reviewer_id = NEW.reviewer_id) THEN
        RAISE EXCEPTION 'the second reviewer is another person' USING ERRCODE = 'check_violation', CONSTRAINT = 'school_review_two_people';
    END IF;
    IF EXISTS (SELECT 1 FROM schools_application WHERE id = NEW.application_id AND filed_by_staff_id = NEW.reviewer_id) THEN
        RAISE EXCEPTION 'who entered it does not review it' USING ERRCODE = 'check_violation', CONSTRAINT = 'school_review_not_own';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER schools_review_guard BEFORE INSERT ON schools_review FOR EACH ROW EXECUTE FUNCTION schools_review_guard();

CREATE FUNCTION schools_appeal_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.decided_by_id IS NOT NULL AND (
        EXISTS (SELECT 1 FROM schools_review WHERE application_id = NEW.application_id AND reviewer_id = NEW.decided_by_id)
        OR EXISTS (SELECT 1 FROM schools_application WHERE id = NEW.application_id AND filed_by_staff_id = NEW.decided_by_id)) THEN
        RAISE EXCEPTION 'another person decides an appeal' USING ERRCODE = 'check_violation', CONSTRAINT = 'school_appeal_other_person';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER schools_appeal_guard BEFORE INSERT OR UPDATE ON schools_appeal FOR EACH ROW EXECUTE FUNCTION schools_appeal_guard();

-- A secret is bound once and told once.
CREATE FUNCTION schools_draw_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a draw stays' USING ERRCODE = 'check_violation', CONSTRAINT = 'draw_stays';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NOT EXISTS (SELECT 1 FROM schools_rosterfreeze WHERE round_id = NEW.round_id AND frozen_at < NEW.committed_at) THEN
            RAISE EXCEPTION 'the roster is frozen first' USING ERRCODE = 'check_violation', CONSTRAINT = 'draw_after_freeze';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.revealed_at IS NOT NULL OR (NEW.round_id, NEW.secret, NEW.commitment, NEW.committed_at, NEW.committed_by_id)
        IS DISTINCT FROM (OLD.round_id, OLD.secret, OLD.commitment, OLD.committed_at, OLD.committed_by_id) THEN
        RAISE EXCEPTION 'a draw is never made anew' USING ERRCODE = 'check_violation', CONSTRAINT = 'draw_once';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER schools_draw_guard BEFORE INSERT OR UPDATE OR DELETE ON schools_draw FOR EACH ROW EXECUTE FUNCTION schools_draw_guard();

-- A live offer stands on a live claim of its intake's capacity, for the child of its application.
CREATE FUNCTION schools_offer_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM schools_application a JOIN schools_intake i ON i.round_id = a.round_id
                   WHERE a.id = NEW.application_id AND a.child_id = NEW.child_id AND i.id = NEW.intake_id) THEN
        RAISE EXCEPTION 'an offer is for the child of its application' USING ERRCODE = 'check_violation', CONSTRAINT = 'offer_fits';
    END IF;
    IF NEW.state IN ('offered', 'accepted', 'enrolled') AND NOT EXISTS (
        SELECT 1 FROM schools_intake i JOIN capacity_pool p ON p.capacity_id = i.capacity_id JOIN capacity_claim c ON c.pool_id = p.id
        WHERE i.id = NEW.intake_id AND c.id = NEW.claim_id AND c.state IN ('held', 'offered', 'taken')) THEN
        RAISE EXCEPTION 'an offer stands on a place of its intake' USING ERRCODE = 'check_violation', CONSTRAINT = 'offer_has_place';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER schools_offer_guard BEFORE INSERT OR UPDATE ON schools_offer FOR EACH ROW EXECUTE FUNCTION schools_offer_guard();
"""  # fmt: skip

_GUARDS = {
    "draw": "draw", "offer": "offer", "appeal": "appeal", "review": "review", "application": "application",
    "preference": "preference", "round": "admissionround", "intake": "intake", "intakereserve": "intakereserve",
    "prioritycategory": "prioritycategory",
}  # fmt: skip
BACK = (
    "".join(f"DROP TRIGGER schools_{name}_guard ON schools_{table};\n" for name, table in _GUARDS.items())
    + "".join(
        f"DROP FUNCTION schools_{name}_guard();\n"
        for name in ("draw", "offer", "appeal", "review", "application", "preference", "round", "plan")
    )
    + "DROP FUNCTION schools_past_freeze(uuid);\nDROP SEQUENCE schools_application_number;\n"
    + "".join(f"DROP TRIGGER schools_{table}_append_only ON schools_{table};\n" for table in APPEND_ONLY)
)


class Migration(migrations.Migration):
    dependencies = [
        ("schools", "0001_initial"), ("common", "0002_append_only"), ("capacity", "0002_counted_by_the_database"),
    ]  # fmt: skip
    operations = [migrations.RunSQL(FORWARD, BACK)]
