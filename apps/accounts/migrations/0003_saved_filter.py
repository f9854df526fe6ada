"""Kept filters of every list."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_append_only'),
    ]

    operations = [
        migrations.CreateModel(
            name='SavedFilter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('page', models.CharField(max_length=40, verbose_name='list')),
                ('name', models.CharField(max_length=30, verbose_name='name')),
                ('query', models.CharField(max_length=500, verbose_name='filter')),
                ('shared', models.BooleanField(default=False, verbose_name='for everyone')),
                ('staff', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='saved_filters', to=settings.AUTH_USER_MODEL, verbose_name='member of staff')),
            ],
            options={
                'verbose_name': 'saved filter',
                'verbose_name_plural': 'saved filters',
                'indexes': [models.Index(condition=models.Q(('shared', True)), fields=['page'], name='saved_filter_shared')],
                'constraints': [models.UniqueConstraint(fields=('staff', 'page', 'name'), name='saved_filter_once')],
            },
        ),
    ]
