"""Attachments with their scans and acts, and reports of articles read from files; acts are never rewritten."""

import apps.common.ids
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('common', '0002_append_only'),
        ('news', '0006_promises'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Attachment',
            fields=[
                ('id', models.UUIDField(default=apps.common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=120, verbose_name='file name')),
                ('content_type', models.CharField(choices=[('application/pdf', 'PDF'), ('application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'Word'), ('application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', 'Excel')], max_length=80, verbose_name='format')),
                ('path', models.CharField(max_length=120, unique=True)),
                ('size_bytes', models.PositiveIntegerField(verbose_name='size in bytes')),
                ('sha256', models.CharField(max_length=64)),
                ('created_at', models.DateTimeField(verbose_name='created')),
                ('scan_state', models.CharField(choices=[('pending', 'not yet scanned'), ('clean', 'nothing found'), ('found', 'something found'), ('failed', 'could not be scanned')], default='pending', max_length=8, verbose_name='scan')),
                ('scan', models.JSONField(default=dict, verbose_name='found')),
                ('scanned_at', models.DateTimeField(null=True, verbose_name='scanned')),
                ('removed_at', models.DateTimeField(null=True, verbose_name='removed')),
                ('article', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='attachments', to='news.article', verbose_name='article')),
                ('uploaded_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='uploaded by')),
            ],
            options={
                'verbose_name': 'attachment',
                'verbose_name_plural': 'attachments',
            },
        ),
        migrations.CreateModel(
            name='AttachmentEvent',
            fields=[
                ('id', models.UUIDField(default=apps.common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('at', models.DateTimeField(verbose_name='at')),
                ('act', models.CharField(choices=[('added', 'added'), ('removed', 'removed'), ('masked', 'masked copy fetched')], max_length=8, verbose_name='act')),
                ('attachment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='events', to='news.attachment', verbose_name='attachment')),
                ('staff', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='member of staff')),
            ],
            options={
                'verbose_name': 'attachment event',
                'verbose_name_plural': 'attachment events',
            },
        ),
        migrations.CreateModel(
            name='IntakeReport',
            fields=[
                ('article', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='intake_report', serialize=False, to='news.article', verbose_name='article')),
                ('file_name', models.CharField(max_length=120, verbose_name='file name')),
                ('format', models.CharField(max_length=8, verbose_name='format')),
                ('sha256', models.CharField(max_length=64)),
                ('notes', models.JSONField(default=list, verbose_name='notes')),
                ('created_at', models.DateTimeField(verbose_name='created')),
                ('staff', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='read in by')),
            ],
            options={
                'verbose_name': 'intake report',
                'verbose_name_plural': 'intake reports',
            },
        ),
        migrations.AddIndex(
            model_name='attachment',
            index=models.Index(condition=models.Q(('scan_state', 'pending')), fields=['created_at'], name='attachment_pending'),
        ),
        migrations.AddConstraint(
            model_name='attachment',
            constraint=models.UniqueConstraint(condition=models.Q(('removed_at', None)), fields=('article', 'sha256'), name='attachment_once_an_article'),
        ),
        migrations.AddConstraint(
            model_name='attachment',
            constraint=models.CheckConstraint(condition=models.Q(('content_type__in', ['application/pdf', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'])), name='attachment_format'),
        ),
        migrations.AddConstraint(
            model_name='attachment',
            constraint=models.CheckConstraint(condition=models.Q(('size_bytes__gte', 1), ('size_bytes__lte', 10485760)), name='attachment_size'),
        ),
        migrations.AddConstraint(
            model_name='attachment',
            constraint=models.CheckConstraint(condition=models.Q(('scan_state__in', ['pending', 'clean', 'found', 'failed'])), name='attachment_scan_state'),
        ),
        migrations.AddConstraint(
            model_name='attachment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('scan_state', 'pending'), ('scanned_at', None)), models.Q(models.Q(('scan_state', 'pending'), _negated=True), ('scanned_at__isnull', False)), _connector='OR'), name='attachment_scanned_has_time'),
        ),
        migrations.AddConstraint(
            model_name='attachmentevent',
            constraint=models.CheckConstraint(condition=models.Q(('act__in', ['added', 'removed', 'masked'])), name='attachment_event_act'),
        ),
        migrations.RunSQL(
            "CREATE TRIGGER news_attachmentevent_append_only BEFORE UPDATE OR DELETE ON news_attachmentevent "
            "FOR EACH ROW EXECUTE FUNCTION append_only();",
            "DROP TRIGGER news_attachmentevent_append_only ON news_attachmentevent;",
        ),
    ]
