"""Reviews, revisions, publications by time, paths of columns."""

import apps.common.ids
import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.comparison
from django.conf import settings
from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations, models


PATHS = """
WITH RECURSIVE tree AS (
    SELECT id, '/' || slug || '/' AS path FROM news_column WHERE parent_id IS NULL
    UNION ALL
    SELECT c.id, t.path || c.slug || '/' FROM news_column c JOIN tree t ON c.parent_id = t.id)
UPDATE news_column c SET path = tree.path FROM tree WHERE tree.id = c.id;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('news', '0003_media'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        BtreeGistExtension(),
        migrations.CreateModel(
            name='ColumnRight',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ],
            options={
                'verbose_name': 'right in a column',
                'verbose_name_plural': 'rights in columns',
            },
        ),
        migrations.CreateModel(
            name='Finding',
            fields=[
                ('id', models.UUIDField(default=apps.common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('word', 'listed word'), ('personal', 'personal data'), ('alt', 'picture without alternative text'), ('wechat', 'WeChat would not show this'), ('attachment', 'attachment that could not be read')], max_length=12, verbose_name='kind')),
                ('level', models.CharField(choices=[('warn', 'hint'), ('block', 'stops the publication')], max_length=8, verbose_name='weight')),
                ('place', models.CharField(max_length=120, verbose_name='where it stands')),
                ('start', models.PositiveIntegerField(default=0, verbose_name='from character')),
                ('end', models.PositiveIntegerField(default=0, verbose_name='to character')),
                ('what', models.CharField(max_length=80, verbose_name='found')),
                ('excerpt', models.CharField(blank=True, max_length=160, verbose_name='excerpt')),
                ('suggestion', models.CharField(blank=True, max_length=80, verbose_name='write instead')),
                ('found_at', models.DateTimeField(verbose_name='found at')),
                ('gone_at', models.DateTimeField(null=True, verbose_name='no longer found since')),
                ('waived_at', models.DateTimeField(null=True, verbose_name='waived at')),
                ('waive_reason', models.CharField(blank=True, max_length=300, verbose_name='reason')),
            ],
            options={
                'verbose_name': 'finding',
                'verbose_name_plural': 'findings',
            },
        ),
        migrations.CreateModel(
            name='ProofPass',
            fields=[
                ('id', models.UUIDField(default=apps.common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveSmallIntegerField(verbose_name='pass')),
                ('errors_found', models.PositiveSmallIntegerField(default=0, verbose_name='errors found')),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='note')),
                ('at', models.DateTimeField(verbose_name='at')),
            ],
            options={
                'verbose_name': 'proof pass',
                'verbose_name_plural': 'proof passes',
            },
        ),
        migrations.CreateModel(
            name='Publication',
            fields=[
                ('id', models.UUIDField(default=apps.common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('pinned', models.BooleanField(default=False, verbose_name='pinned')),
                ('go_live_at', models.DateTimeField(verbose_name='public from')),
                ('expire_at', models.DateTimeField(blank=True, null=True, verbose_name='public until')),
                ('superseded_at', models.DateTimeField(null=True, verbose_name='replaced at')),
                ('retracted_at', models.DateTimeField(null=True, verbose_name='retracted at')),
                ('retract_reason', models.CharField(blank=True, max_length=300, verbose_name='reason')),
                ('ends_at', models.GeneratedField(db_persist=True, expression=models.Case(models.When(condition=models.Q(('expire_at', None), ('retracted_at', None), ('superseded_at', None)), then=models.Value(None)), default=django.db.models.functions.comparison.Greatest('go_live_at', django.db.models.functions.comparison.Least('expire_at', 'superseded_at', 'retracted_at'))), output_field=models.DateTimeField(null=True, verbose_name='ends at'))),
                ('created_at', models.DateTimeField(verbose_name='created')),
                ('told_at', models.DateTimeField(null=True)),
                ('hits', models.PositiveBigIntegerField(default=0, verbose_name='times read')),
                ('search', django.contrib.postgres.search.SearchVectorField(editable=False, null=True)),
            ],
            options={
                'verbose_name': 'publication',
                'verbose_name_plural': 'publications',
            },
        ),
        migrations.CreateModel(
            name='ReviewRound',
            fields=[
                ('id', models.UUIDField(default=apps.common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField(verbose_name='round')),
                ('levels', models.PositiveSmallIntegerField(verbose_name='reviews')),
                ('proofs', models.PositiveSmallIntegerField(verbose_name='proof passes')),
                ('opened_at', models.DateTimeField(verbose_name='submitted at')),
                ('closed_at', models.DateTimeField(null=True, verbose_name='closed at')),
                ('outcome', models.CharField(blank=True, choices=[('released', 'published'), ('returned', 'sent back'), ('withdrawn', 'taken back')], max_length=10, verbose_name='outcome')),
            ],
            options={
                'verbose_name': 'round of review',
                'verbose_name_plural': 'rounds of review',
            },
        ),
        migrations.CreateModel(
            name='ReviewStep',
            fields=[
                ('id', models.UUIDField(default=apps.common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('sha256', models.CharField(max_length=64, verbose_name='fingerprint')),
                ('stage', models.CharField(choices=[('first', 'first review'), ('second', 'second review'), ('final', 'final review')], max_length=8, verbose_name='stage')),
                ('decision', models.CharField(choices=[('approve', 'signed'), ('return', 'sent back')], max_length=8, verbose_name='decision')),
                ('checklist', models.JSONField(default=list, verbose_name='checklist')),
                ('note', models.CharField(blank=True, max_length=300, verbose_name='note')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('voided_at', models.DateTimeField(null=True, verbose_name='void since')),
            ],
            options={
                'verbose_name': 'signature',
                'verbose_name_plural': 'signatures',
            },
        ),
        migrations.CreateModel(
            name='Revision',
            fields=[
                ('id', models.UUIDField(default=apps.common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField(verbose_name='version')),
                ('sha256', models.CharField(max_length=64, verbose_name='fingerprint')),
                ('column_slug', models.CharField(max_length=40, verbose_name='slug')),
                ('title', models.CharField(max_length=120, verbose_name='title')),
                ('summary', models.CharField(blank=True, max_length=300, verbose_name='summary')),
                ('body_html', models.TextField(verbose_name='body')),
                ('source', models.CharField(blank=True, max_length=60, verbose_name='source')),
                ('author', models.CharField(blank=True, max_length=60, verbose_name='author')),
                ('cover_upload_id', models.UUIDField(null=True)),
                ('cover_sha256', models.CharField(blank=True, max_length=64)),
                ('cover_alt', models.CharField(blank=True, max_length=200, verbose_name='alternative text of the cover')),
                ('audio_url', models.URLField(blank=True, max_length=300, verbose_name='address of the audio version')),
                ('attachments', models.JSONField(default=list, verbose_name='attachments')),
                ('writers', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, size=None)),
                ('created_at', models.DateTimeField(verbose_name='created')),
            ],
            options={
                'verbose_name': 'revision',
                'verbose_name_plural': 'revisions',
            },
        ),
        migrations.RemoveConstraint(
            model_name='article',
            name='article_state',
        ),
        migrations.RemoveConstraint(
            model_name='article',
            name='article_published_has_time',
        ),
        migrations.RemoveConstraint(
            model_name='article',
            name='article_cover_has_alt',
        ),
        migrations.RemoveIndex(
            model_name='article',
            name='article_public_newest',
        ),
        migrations.RemoveIndex(
            model_name='article',
            name='article_public_column',
        ),
        migrations.RemoveField(
            model_name='article',
            name='cover',
        ),
        migrations.RemoveField(
            model_name='article',
            name='cover_alt',
        ),
        migrations.RemoveField(
            model_name='historicalarticle',
            name='cover',
        ),
        migrations.RemoveField(
            model_name='historicalarticle',
            name='cover_alt',
        ),
        migrations.AddField(
            model_name='article',
            name='audio_url',
            field=models.URLField(blank=True, help_text='https address of a recording, for those who would rather listen.', max_length=300, verbose_name='address of the audio version'),
        ),
        migrations.AddField(
            model_name='article',
            name='cover_asset',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='news.mediaasset', verbose_name='cover'),
        ),
        migrations.AddField(
            model_name='article',
            name='writers',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, editable=False, size=None),
        ),
        migrations.AddField(
            model_name='column',
            name='levels',
            field=models.PositiveSmallIntegerField(default=3, help_text='1: final review only; 2: first and final; 3: first, second and final.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(3)], verbose_name='reviews'),
        ),
        migrations.AddField(
            model_name='column',
            name='path',
            field=models.CharField(default='', editable=False, max_length=200, verbose_name='path'),
            preserve_default=False,
        ),
        migrations.RunSQL(PATHS, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name='column',
            name='path',
            field=models.CharField(editable=False, max_length=200, unique=True, verbose_name='path'),
        ),
        migrations.AddField(
            model_name='column',
            name='proofs',
            field=models.PositiveSmallIntegerField(default=3, help_text='How often a text is proof-read, each time by someone else, before the final signature.', validators=[django.core.validators.MaxValueValidator(3)], verbose_name='proof passes'),
        ),
        migrations.AddField(
            model_name='column',
            name='stale_basis',
            field=models.CharField(blank=True, max_length=200, verbose_name='source of the limit'),
        ),
        migrations.AddField(
            model_name='column',
            name='stale_days',
            field=models.PositiveSmallIntegerField(blank=True, help_text='Empty: the column is not inspected for age.', null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(3660)], verbose_name='longest time without a new item, in days'),
        ),
        migrations.AddField(
            model_name='historicalarticle',
            name='audio_url',
            field=models.URLField(blank=True, help_text='https address of a recording, for those who would rather listen.', max_length=300, verbose_name='address of the audio version'),
        ),
        migrations.AddField(
            model_name='historicalarticle',
            name='cover_asset',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='news.mediaasset', verbose_name='cover'),
        ),
        migrations.AlterField(
            model_name='article',
            name='pinned',
            field=models.BooleanField(default=False, help_text='Stands at the top of lists once it is published.', verbose_name='pinned'),
        ),
        migrations.AlterField(
            model_name='article',
            name='state',
            field=models.CharField(choices=[('draft', 'draft'), ('first_review', 'in first review'), ('second_review', 'in second review'), ('final_review', 'in final review'), ('approved', 'approved, not yet released'), ('published', 'published'), ('retracted', 'retracted')], default='draft', editable=False, max_length=16, verbose_name='state'),
        ),
        migrations.AlterField(
            model_name='articleevent',
            name='verb',
            field=models.CharField(choices=[('submit', 'Submit for review'), ('sign', 'Sign'), ('return', 'Return to the author'), ('withdraw', 'Take back from review'), ('publish', 'Publish'), ('retract', 'Retract'), ('revise', 'Back to draft'), ('void', 'signatures void: the text was changed'), ('waive', 'finding waived'), ('proof', 'proof read'), ('reschedule', 'moved to another time'), ('pin', 'pinned to the top'), ('unpin', 'no longer pinned')], max_length=12, verbose_name='act'),
        ),
        migrations.AlterField(
            model_name='historicalarticle',
            name='pinned',
            field=models.BooleanField(default=False, help_text='Stands at the top of lists once it is published.', verbose_name='pinned'),
        ),
        migrations.AlterField(
            model_name='historicalarticle',
            name='state',
            field=models.CharField(choices=[('draft', 'draft'), ('first_review', 'in first review'), ('second_review', 'in second review'), ('final_review', 'in final review'), ('approved', 'approved, not yet released'), ('published', 'published'), ('retracted', 'retracted')], default='draft', editable=False, max_length=16, verbose_name='state'),
        ),
        migrations.AddIndex(
            model_name='article',
            index=models.Index(fields=['column', '-updated_at', '-id'], name='article_desk_column'),
        ),
        migrations.AddIndex(
            model_name='article',
            index=models.Index(fields=['state', '-updated_at', '-id'], name='article_desk_state'),
        ),
        migrations.AddConstraint(
            model_name='article',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['draft', 'first_review', 'second_review', 'final_review', 'approved', 'published', 'retracted'])), name='article_state'),
        ),
        migrations.AddConstraint(
            model_name='article',
            constraint=models.CheckConstraint(condition=models.Q(('audio_url', ''), ('audio_url__startswith', 'https://'), _connector='OR'), name='article_audio_https'),
        ),
        migrations.AddConstraint(
            model_name='column',
            constraint=models.CheckConstraint(condition=models.Q(('path__regex', '^/([a-z0-9_-]+/){1,4}$')), name='column_path_shape'),
        ),
        migrations.AddConstraint(
            model_name='column',
            constraint=models.CheckConstraint(condition=models.Q(('levels__gte', 1), ('levels__lte', 3)), name='column_levels'),
        ),
        migrations.AddConstraint(
            model_name='column',
            constraint=models.CheckConstraint(condition=models.Q(('proofs__lte', 3)), name='column_proofs'),
        ),
        migrations.AddConstraint(
            model_name='column',
            constraint=models.CheckConstraint(condition=models.Q(('stale_days', None), ('stale_days__gte', 1), _connector='OR'), name='column_stale_days'),
        ),
        migrations.AddField(
            model_name='columnright',
            name='column',
            field=models.ForeignKey(blank=True, help_text='Empty: all columns.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='rights', to='news.column', verbose_name='column'),
        ),
        migrations.AddField(
            model_name='columnright',
            name='staff',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='column_rights', to=settings.AUTH_USER_MODEL, verbose_name='member of staff'),
        ),
        migrations.AddField(
            model_name='finding',
            name='waived_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='waived by'),
        ),
        migrations.AddField(
            model_name='proofpass',
            name='actor',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='member of staff'),
        ),
        migrations.AddField(
            model_name='publication',
            name='article',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='publications', to='news.article', verbose_name='article'),
        ),
        migrations.AddField(
            model_name='publication',
            name='column',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='news.column', verbose_name='column'),
        ),
        migrations.AddField(
            model_name='publication',
            name='created_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='published by'),
        ),
        migrations.AddField(
            model_name='publication',
            name='retracted_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='retracted by'),
        ),
        migrations.AddField(
            model_name='reviewround',
            name='article',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rounds', to='news.article', verbose_name='article'),
        ),
        migrations.AddField(
            model_name='reviewround',
            name='opened_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='submitted by'),
        ),
        migrations.AddField(
            model_name='publication',
            name='round',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='publication', to='news.reviewround', verbose_name='round of review'),
        ),
        migrations.AddField(
            model_name='proofpass',
            name='round',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='proof_passes', to='news.reviewround', verbose_name='round of review'),
        ),
        migrations.AddField(
            model_name='reviewstep',
            name='actor',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='member of staff'),
        ),
        migrations.AddField(
            model_name='reviewstep',
            name='round',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='steps', to='news.reviewround', verbose_name='round of review'),
        ),
        migrations.AddField(
            model_name='revision',
            name='article',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='revisions', to='news.article', verbose_name='article'),
        ),
        migrations.AddField(
            model_name='revision',
            name='column',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='news.column', verbose_name='column'),
        ),
        migrations.AddField(
            model_name='revision',
            name='created_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='submitted by'),
        ),
        migrations.AddField(
            model_name='reviewstep',
            name='revision',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='news.revision', verbose_name='revision'),
        ),
        migrations.AddField(
            model_name='reviewround',
            name='revision',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rounds', to='news.revision', verbose_name='revision'),
        ),
        migrations.AddField(
            model_name='publication',
            name='revision',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='publications', to='news.revision', verbose_name='revision'),
        ),
        migrations.AddField(
            model_name='proofpass',
            name='revision',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='news.revision', verbose_name='revision'),
        ),
        migrations.AddField(
            model_name='finding',
            name='revision',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='findings', to='news.revision', verbose_name='revision'),
        ),
        migrations.AddConstraint(
            model_name='columnright',
            constraint=models.UniqueConstraint(fields=('staff', 'column'), name='column_right_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='revision',
            constraint=models.UniqueConstraint(fields=('article', 'number'), name='revision_number_once'),
        ),
        migrations.AddConstraint(
            model_name='revision',
            constraint=models.CheckConstraint(condition=models.Q(('sha256__regex', '^[0-9a-f]{64}$')), name='revision_sha256'),
        ),
        migrations.AddConstraint(
            model_name='reviewstep',
            constraint=models.CheckConstraint(condition=models.Q(('stage__in', ['first', 'second', 'final'])), name='step_stage'),
        ),
        migrations.AddConstraint(
            model_name='reviewstep',
            constraint=models.CheckConstraint(condition=models.Q(('decision__in', ['approve', 'return'])), name='step_decision'),
        ),
        migrations.AddConstraint(
            model_name='reviewstep',
            constraint=models.UniqueConstraint(condition=models.Q(('decision', 'approve'), ('voided_at', None)), fields=('round', 'actor'), name='step_one_a_person'),
        ),
        migrations.AddConstraint(
            model_name='reviewstep',
            constraint=models.UniqueConstraint(condition=models.Q(('decision', 'approve'), ('voided_at', None)), fields=('round', 'stage'), name='step_one_a_stage'),
        ),
        migrations.AddConstraint(
            model_name='reviewstep',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decision', 'approve'), _negated=True), ('checklist__contains', ['politics', 'law', 'policy', 'secrecy', 'wording', 'opinion']), _connector='OR'), name='step_six_points'),
        ),
        migrations.AddConstraint(
            model_name='reviewstep',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decision', 'return'), _negated=True), models.Q(('note', ''), _negated=True), _connector='OR'), name='step_return_has_reason'),
        ),
        migrations.AddConstraint(
            model_name='reviewround',
            constraint=models.UniqueConstraint(fields=('article', 'number'), name='round_number_once'),
        ),
        migrations.AddConstraint(
            model_name='reviewround',
            constraint=models.UniqueConstraint(condition=models.Q(('closed_at', None)), fields=('article',), name='round_one_open'),
        ),
        migrations.AddConstraint(
            model_name='reviewround',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at', None), ('outcome', '')), models.Q(('closed_at__isnull', False), models.Q(('outcome', ''), _negated=True)), _connector='OR'), name='round_closed_whole'),
        ),
        migrations.AddConstraint(
            model_name='reviewround',
            constraint=models.CheckConstraint(condition=models.Q(('levels__lte', 3), ('proofs__lte', 3)), name='round_levels'),
        ),
        migrations.AddIndex(
            model_name='publication',
            index=models.Index(fields=['-pinned', '-go_live_at', '-id'], include=('ends_at', 'column'), name='publication_newest'),
        ),
        migrations.AddIndex(
            model_name='publication',
            index=models.Index(fields=['column', '-pinned', '-go_live_at', '-id'], include=('ends_at',), name='publication_column'),
        ),
        migrations.AddIndex(
            model_name='publication',
            index=models.Index(condition=models.Q(('told_at', None)), fields=['go_live_at'], name='publication_untold'),
        ),
        migrations.AddIndex(
            model_name='publication',
            index=models.Index(condition=models.Q(('ends_at__isnull', False)), fields=['ends_at'], name='publication_ends'),
        ),
        migrations.AddIndex(
            model_name='publication',
            index=models.Index(fields=['go_live_at'], name='publication_starts'),
        ),
        migrations.AddIndex(
            model_name='publication',
            index=django.contrib.postgres.indexes.GinIndex(fields=['search'], name='publication_words'),
        ),
        migrations.AddConstraint(
            model_name='publication',
            constraint=models.CheckConstraint(condition=models.Q(('expire_at', None), ('expire_at__gt', models.F('go_live_at')), _connector='OR'), name='publication_expires_later'),
        ),
        migrations.AddConstraint(
            model_name='publication',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('retract_reason', ''), ('retracted_at', None), ('retracted_by', None)), models.Q(('retracted_at__isnull', False), ('retracted_by__isnull', False), models.Q(('retract_reason', ''), _negated=True)), _connector='OR'), name='publication_retracted_whole'),
        ),
        migrations.AddConstraint(
            model_name='publication',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('article', '='), (models.Func('go_live_at', 'ends_at', function='tstzrange', output_field=django.contrib.postgres.fields.ranges.DateTimeRangeField()), '&&')], name='publication_one_at_a_time'),
        ),
        migrations.AddConstraint(
            model_name='proofpass',
            constraint=models.UniqueConstraint(fields=('revision', 'round', 'number'), name='proof_number_once'),
        ),
        migrations.AddConstraint(
            model_name='proofpass',
            constraint=models.UniqueConstraint(fields=('revision', 'round', 'actor'), name='proof_one_a_person'),
        ),
        migrations.AddConstraint(
            model_name='proofpass',
            constraint=models.CheckConstraint(condition=models.Q(('number__gte', 1), ('number__lte', 3)), name='proof_number'),
        ),
        migrations.AddIndex(
            model_name='finding',
            index=models.Index(condition=models.Q(('gone_at', None), ('waived_at', None)), fields=['revision'], name='finding_open'),
        ),
        migrations.AddConstraint(
            model_name='finding',
            constraint=models.UniqueConstraint(fields=('revision', 'kind', 'place', 'start', 'what'), name='finding_once'),
        ),
        migrations.AddConstraint(
            model_name='finding',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['word', 'personal', 'alt', 'wechat', 'attachment'])), name='finding_kind'),
        ),
        migrations.AddConstraint(
            model_name='finding',
            constraint=models.CheckConstraint(condition=models.Q(('level__in', ['warn', 'block'])), name='finding_level'),
        ),
        migrations.AddConstraint(
            model_name='finding',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('waive_reason', ''), ('waived_at', None), ('waived_by', None)), models.Q(('waived_at__isnull', False), ('waived_by__isnull', False), models.Q(('waive_reason', ''), _negated=True)), _connector='OR'), name='finding_waived_whole'),
        ),
        migrations.CreateModel(
            name='WordCheck',
            fields=[
                ('revision', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, serialize=False, to='news.revision')),
                ('versions', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, size=None)),
                ('checked_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'check of listed words',
                'verbose_name_plural': 'checks of listed words',
            },
        ),
    ]
