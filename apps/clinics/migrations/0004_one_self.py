"""One resident is a patient themselves; units by pool have one shape; an exception has both its times or none."""

from django.db import migrations, models

import apps.clinics.models.sessions

FORWARD = """
-- Who said it first stays; the others enter the person anew by consent.
UPDATE clinics_patientaccess a SET ended_at = greatest(now(), a.consented_at)
WHERE a.relation = 'self' AND a.ended_at IS NULL AND EXISTS (
    SELECT 1 FROM clinics_patientaccess b
    WHERE b.patient_id = a.patient_id AND b.relation = 'self' AND b.ended_at IS NULL AND b.id < a.id
);
-- A child's access ends with the day before it comes of age.
UPDATE clinics_patientaccess a SET valid_to = (p.birth_on + interval '18 years')::date - 1
FROM clinics_patient p WHERE p.id = a.patient_id AND a.relation = 'child' AND a.valid_to IS NULL;

CREATE FUNCTION clinics_pools_good(pools jsonb) RETURNS boolean IMMUTABLE LANGUAGE sql AS $$
    SELECT CASE WHEN jsonb_typeof(pools) <> 'object' THEN false ELSE (
        SELECT coalesce(bool_and(CASE
            WHEN key NOT IN ('public', 'referral', 'counter', 'elderly') OR jsonb_typeof(value) <> 'number' THEN false
            ELSE value::numeric BETWEEN 0 AND 200 AND value::numeric = trunc(value::numeric)
        END) AND bool_or(jsonb_typeof(value) = 'number' AND value <> '0'), false) FROM jsonb_each(pools)
    ) END
$$;
ALTER TABLE clinics_sessiontemplate ADD CONSTRAINT session_template_pools CHECK (clinics_pools_good(pools));
"""
BACK = """
ALTER TABLE clinics_sessiontemplate DROP CONSTRAINT session_template_pools;
DROP FUNCTION clinics_pools_good(jsonb);
"""


class Migration(migrations.Migration):
    dependencies = [("clinics", "0003_labels")]
    operations = [
        migrations.RunSQL(FORWARD, BACK),
        migrations.RemoveConstraint(model_name="restriction", name="restriction_order"),
        migrations.RemoveConstraint(model_name="templateexception", name="template_exception_order"),
        migrations.AlterField(
            model_name="sessiontemplate",
            name="pools",
            field=models.JSONField(
                default=apps.clinics.models.sessions.pools_usual,
                validators=[apps.clinics.models.sessions.pools_check],
                verbose_name="units of a slot by pool",
            ),
        ),
        migrations.AddConstraint(
            model_name="patientaccess",
            constraint=models.UniqueConstraint(
                fields=["patient"],
                condition=models.Q(relation="self", ended_at=None),
                name="patient_self_of_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="restriction",
            constraint=models.CheckConstraint(
                condition=models.Q(until_on__gte=models.F("first_on")), name="restriction_order"
            ),
        ),
        migrations.AddConstraint(
            model_name="templateexception",
            constraint=models.CheckConstraint(
                condition=models.Q(starts=None, ends=None)
                | models.Q(starts__isnull=False, ends__isnull=False, ends__gt=models.F("starts")),
                name="template_exception_order",
            ),
        ),
    ]
