"""What the database keeps of clinics: journals stay, a referral goes nowhere without consent or outside its alliance."""

from django.db import migrations

FORWARD = """
CREATE SEQUENCE clinics_appointment_number AS bigint MINVALUE 1 INCREMENT BY 20;

CREATE TRIGGER clinics_appointment_event_append_only BEFORE UPDATE OR DELETE ON clinics_appointmentevent
    FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER clinics_referral_event_append_only BEFORE UPDATE OR DELETE ON clinics_referralevent
    FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER clinics_suspension_append_only BEFORE UPDATE OR DELETE ON clinics_suspension
    FOR EACH ROW EXECUTE FUNCTION append_only();

CREATE FUNCTION clinics_referral_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM clinics_institution s JOIN clinics_institution r ON r.alliance_id = s.alliance_id
                   WHERE s.id = NEW.sender_id AND r.id = NEW.receiver_id) THEN
        RAISE EXCEPTION 'a referral stays within one alliance' USING ERRCODE = 'check_violation', CONSTRAINT = 'referral_one_alliance';
    END IF;
    IF NEW.state NOT IN ('draft', 'cancelled', 'closed') AND (TG_OP = 'INSERT' OR OLD.state = 'draft' OR OLD.receiver_id <> NEW.receiver_id)
        AND NOT EXISTS (SELECT 1 FROM clinics_referralconsent WHERE referral_id = NEW.id AND receiver_id = NEW.receiver_id
                        AND withdrawn_at IS NULL) THEN
        RAISE EXCEPTION 'a referral is sent with the consent of its patient' USING ERRCODE = 'check_violation', CONSTRAINT = 'referral_has_consent';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER clinics_referral_guard BEFORE INSERT OR UPDATE OF state, sender_id, receiver_id ON clinics_referral
    FOR EACH ROW EXECUTE FUNCTION clinics_referral_guard();

-- An appointment stands on a claim of its own slot, and names the slot's session, department and times.
CREATE FUNCTION clinics_appointment_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM clinics_slot s JOIN clinics_clinicsession c ON c.id = s.session_id
        JOIN capacity_pool p ON p.capacity_id = s.capacity_id JOIN capacity_claim k ON k.pool_id = p.id
        WHERE s.id = NEW.slot_id AND k.id = NEW.claim_id AND c.id = NEW.session_id AND c.department_id = NEW.department_id
            AND c."on" = NEW."on" AND s.starts_at = NEW.starts_at AND s.ends_at = NEW.ends_at
    ) THEN
        RAISE EXCEPTION 'an appointment stands on a claim of its slot' USING ERRCODE = 'check_violation', CONSTRAINT = 'appointment_fits_slot';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER clinics_appointment_guard BEFORE INSERT OR UPDATE OF slot_id, session_id, department_id, claim_id, "on", starts_at, ends_at
    ON clinics_appointment FOR EACH ROW EXECUTE FUNCTION clinics_appointment_guard();
"""
BACK = """
DROP TRIGGER clinics_appointment_guard ON clinics_appointment;
DROP FUNCTION clinics_appointment_guard();
DROP TRIGGER clinics_referral_guard ON clinics_referral;
DROP FUNCTION clinics_referral_guard();
DROP TRIGGER clinics_suspension_append_only ON clinics_suspension;
DROP TRIGGER clinics_referral_event_append_only ON clinics_referralevent;
DROP TRIGGER clinics_appointment_event_append_only ON clinics_appointmentevent;
DROP SEQUENCE clinics_appointment_number;
"""


class Migration(migrations.Migration):
    dependencies = [("clinics", "0001_initial"), ("common", "0002_append_only"), ("capacity", "0002_counted_by_the_database")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
