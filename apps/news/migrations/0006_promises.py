"""What the database promises about reviews, for services, superusers, bulk actions and hand-written SQL alike.

- Nobody signs, or proof-reads, what they wrote; a signature names the round's revision and its fingerprint, and the
  stages before it were signed for the same one.  (One stage a person: ``step_one_a_person``.)
- A publication needs every signature of its round on its revision, every proof pass, and no open finding that blocks.
- Revisions, signatures, proof passes and acts are never rewritten; a signature can only become void.
- The number of reviews of a round is its column's, from the beginning to the end.
"""

from django.db import migrations

STAGES = """
CREATE FUNCTION news_stage_place(levels integer, stage text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE levels
        WHEN 1 THEN CASE stage WHEN 'final' THEN 1 END
        WHEN 2 THEN CASE stage WHEN 'first' THEN 1 WHEN 'final' THEN 2 END
        WHEN 3 THEN CASE stage WHEN 'first' THEN 1 WHEN 'second' THEN 2 WHEN 'final' THEN 3 END
    END
$$;
"""

STEP = """
CREATE FUNCTION news_step_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    held news_reviewround%ROWTYPE;
    read news_revision%ROWTYPE;
    place integer;
BEGIN
    SELECT * INTO held FROM news_reviewround WHERE id = NEW.round_id FOR UPDATE;
    SELECT * INTO read FROM news_revision WHERE id = NEW.revision_id;
    IF held.closed_at IS NOT NULL OR held.revision_id <> NEW.revision_id OR read.sha256 <> NEW.sha256 THEN
        RAISE EXCEPTION 'a signature is for the revision in review' USING ERRCODE = 'check_violation', CONSTRAINT = 'step_bound_to_revision';
    END IF;
    IF NEW.voided_at IS NOT NULL THEN
        RAISE EXCEPTION 'a signature begins valid' USING ERRCODE = 'check_violation', CONSTRAINT = 'step_begins_valid';
    END IF;
    IF NEW.decision <> 'approve' THEN
        RETURN NEW;
    END IF;
    IF NEW.actor_id = ANY(read.writers) THEN
        RAISE EXCEPTION 'nobody signs what they wrote' USING ERRCODE = 'check_violation', CONSTRAINT = 'step_not_by_a_writer';
    END IF;
    place := news_stage_place(held.levels, NEW.stage);
    IF place IS NULL OR place - 1 <> (
        SELECT count(*) FROM news_reviewstep s
        WHERE s.round_id = NEW.round_id AND s.decision = 'approve' AND s.voided_at IS NULL AND s.sha256 = NEW.sha256
            AND news_stage_place(held.levels, s.stage) < place)
    THEN
        RAISE EXCEPTION 'stages are signed in their order' USING ERRCODE = 'check_violation', CONSTRAINT = 'step_in_order';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER news_step_guard BEFORE INSERT ON news_reviewstep FOR EACH ROW EXECUTE FUNCTION news_step_guard();

CREATE FUNCTION news_step_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.voided_at IS NULL AND NEW.voided_at IS NOT NULL THEN
        OLD.voided_at := NEW.voided_at;
        IF OLD IS NOT DISTINCT FROM NEW THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'a signature can only become void' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER news_step_kept BEFORE UPDATE OR DELETE ON news_reviewstep FOR EACH ROW EXECUTE FUNCTION news_step_kept();
"""

PROOF = """
CREATE FUNCTION news_proof_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM news_reviewround WHERE id = NEW.round_id AND revision_id = NEW.revision_id AND closed_at IS NULL) THEN
        RAISE EXCEPTION 'a proof pass is for the revision in review' USING ERRCODE = 'check_violation', CONSTRAINT = 'proof_bound_to_revision';
    END IF;
    IF EXISTS (SELECT 1 FROM news_revision WHERE id = NEW.revision_id AND NEW.actor_id = ANY(writers)) THEN
        RAISE EXCEPTION 'nobody proof-reads what they wrote' USING ERRCODE = 'check_violation', CONSTRAINT = 'proof_not_by_a_writer';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER news_proof_guard BEFORE INSERT ON news_proofpass FOR EACH ROW EXECUTE FUNCTION news_proof_guard();
"""

ROUND = """
CREATE FUNCTION news_round_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NOT EXISTS (SELECT 1 FROM news_revision r JOIN news_column c ON c.id = r.column_id
                       WHERE r.id = NEW.revision_id AND r.article_id = NEW.article_id
                           AND c.levels = NEW.levels AND c.proofs = NEW.proofs) THEN
            RAISE EXCEPTION 'a round has the reviews of its column' USING ERRCODE = 'check_violation', CONSTRAINT = 'round_levels_of_column';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.closed_at IS NULL AND OLD.article_id = NEW.article_id AND OLD.levels = NEW.levels AND OLD.proofs = NEW.proofs
        AND (OLD.revision_id = NEW.revision_id OR EXISTS (
            SELECT 1 FROM news_revision r WHERE r.id = NEW.revision_id AND r.article_id = NEW.article_id))
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a round keeps its reviews and ends once' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER news_round_guard BEFORE INSERT OR UPDATE OR DELETE ON news_reviewround FOR EACH ROW EXECUTE FUNCTION news_round_guard();
"""

PUBLICATION = """
CREATE FUNCTION news_publication_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    held news_reviewround%ROWTYPE;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (OLD.article_id, OLD.revision_id, OLD.round_id) IS DISTINCT FROM (NEW.article_id, NEW.revision_id, NEW.round_id)
            OR (OLD.retracted_at IS NOT NULL AND
                (OLD.retracted_at, OLD.retracted_by_id, OLD.retract_reason) IS DISTINCT FROM (NEW.retracted_at, NEW.retracted_by_id, NEW.retract_reason))
        THEN
            RAISE EXCEPTION 'a publication keeps its revision, a retraction is final' USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END IF;
    SELECT * INTO held FROM news_reviewround WHERE id = NEW.round_id FOR UPDATE;
    IF held.closed_at IS NOT NULL OR held.revision_id <> NEW.revision_id OR held.article_id <> NEW.article_id OR held.levels < 1
        OR held.levels <> (
            SELECT count(DISTINCT s.actor_id) FROM news_reviewstep s JOIN news_revision r ON r.id = NEW.revision_id
            WHERE s.round_id = NEW.round_id AND s.revision_id = NEW.revision_id AND s.sha256 = r.sha256
                AND s.decision = 'approve' AND s.voided_at IS NULL)
    THEN
        RAISE EXCEPTION 'a publication needs every signature' USING ERRCODE = 'check_violation', CONSTRAINT = 'publication_is_signed';
    END IF;
    IF held.proofs > (SELECT count(DISTINCT actor_id) FROM news_proofpass WHERE round_id = NEW.round_id AND revision_id = NEW.revision_id) THEN
        RAISE EXCEPTION 'a publication needs every proof pass' USING ERRCODE = 'check_violation', CONSTRAINT = 'publication_is_proofed';
    END IF;
    IF EXISTS (SELECT 1 FROM news_finding WHERE revision_id = NEW.revision_id AND level = 'block' AND gone_at IS NULL AND waived_at IS NULL) THEN
        RAISE EXCEPTION 'a finding stops the publication' USING ERRCODE = 'check_violation', CONSTRAINT = 'publication_has_no_block';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER news_publication_guard BEFORE INSERT OR UPDATE ON news_publication FOR EACH ROW EXECUTE FUNCTION news_publication_guard();
CREATE TRIGGER news_publication_kept BEFORE DELETE ON news_publication FOR EACH ROW EXECUTE FUNCTION append_only();
"""
KEPT = "".join(
    f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION append_only();\n"
    for table in ("news_revision", "news_proofpass")
)
FINDING = """
CREATE FUNCTION news_finding_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.waived_by_id IS NOT NULL AND EXISTS (
        SELECT 1 FROM news_revision WHERE id = NEW.revision_id AND NEW.waived_by_id = ANY(writers))
    THEN
        RAISE EXCEPTION 'nobody waives a finding of what they wrote' USING ERRCODE = 'check_violation', CONSTRAINT = 'finding_not_waived_by_a_writer';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER news_finding_guard BEFORE INSERT OR UPDATE ON news_finding FOR EACH ROW EXECUTE FUNCTION news_finding_guard();
"""
UNDO = """
DROP TRIGGER news_finding_guard ON news_finding; DROP FUNCTION news_finding_guard();
DROP TRIGGER news_revision_append_only ON news_revision; DROP TRIGGER news_proofpass_append_only ON news_proofpass;
DROP TRIGGER news_publication_kept ON news_publication; DROP TRIGGER news_publication_guard ON news_publication;
DROP FUNCTION news_publication_guard(); DROP TRIGGER news_round_guard ON news_reviewround; DROP FUNCTION news_round_guard();
DROP TRIGGER news_proof_guard ON news_proofpass; DROP FUNCTION news_proof_guard();
DROP TRIGGER news_step_kept ON news_reviewstep; DROP FUNCTION news_step_kept();
DROP TRIGGER news_step_guard ON news_reviewstep; DROP FUNCTION news_step_guard(); DROP FUNCTION news_stage_place(integer, text);
"""


class Migration(migrations.Migration):
    dependencies = [("news", "0005_carried_over"), ("common", "0002_append_only")]
    operations = [migrations.RunSQL(STAGES + STEP + PROOF + ROUND + PUBLICATION + KEPT + FINDING, UNDO)]
