"""Listed words found in attachments."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('news', '0007_attachments'),
    ]

    operations = [
        migrations.CreateModel(
            name='AttachmentWords',
            fields=[
                ('attachment', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='words', serialize=False, to='news.attachment')),
                ('versions', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, size=None)),
                ('found', models.JSONField(default=list)),
                ('checked_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'listed words of an attachment',
                'verbose_name_plural': 'listed words of attachments',
            },
        ),
    ]
