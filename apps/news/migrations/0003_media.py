"""The media library: pictures, the sizes made of them, where they are used."""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import apps.common.ids


class Migration(migrations.Migration):

    dependencies = [
        ('common', '0002_append_only'),
        ('news', '0002_append_only'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='MediaAsset',
            fields=[
                ('id', models.UUIDField(default=apps.common.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('title', models.CharField(max_length=120, verbose_name='title')),
                ('alt', models.CharField(blank=True, help_text='What the picture shows, for those who do not see it. Empty only for a decorative one.', max_length=200, verbose_name='alternative text')),
                ('decorative', models.BooleanField(default=False, help_text='The picture says nothing that the text does not say.', verbose_name='decorative')),
                ('caption', models.CharField(blank=True, max_length=200, verbose_name='caption')),
                ('credit', models.CharField(blank=True, max_length=60, verbose_name='credit')),
                ('focal_x', models.FloatField(default=0.5, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(1)], verbose_name='focal point, from the left')),
                ('focal_y', models.FloatField(default=0.5, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(1)], verbose_name='focal point, from the top')),
                ('created_at', models.DateTimeField(editable=False, verbose_name='created')),
                ('version', models.PositiveIntegerField(default=1, editable=False)),
                ('upload', models.OneToOneField(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='common.upload', verbose_name='file')),
                ('uploaded_by', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='uploaded by')),
            ],
            options={
                'verbose_name': 'picture',
                'verbose_name_plural': 'media library',
                'indexes': [models.Index(fields=['-created_at', '-id'], name='media_asset_newest')],
                'constraints': [
                    models.CheckConstraint(condition=models.Q(models.Q(('decorative', True), ('alt', '')), models.Q(('decorative', False), models.Q(('alt', ''), _negated=True)), _connector='OR'), name='media_asset_alt_or_decorative'),
                    models.CheckConstraint(condition=models.Q(('focal_x__range', (0, 1)), ('focal_y__range', (0, 1))), name='media_asset_focal_inside'),
                ],
            },
        ),
        migrations.CreateModel(
            name='MediaRendition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=12, verbose_name='size')),
                ('format', models.CharField(choices=[('webp', 'WebP'), ('jpeg', 'JPEG')], max_length=8, verbose_name='format')),
                ('width', models.PositiveIntegerField(verbose_name='width')),
                ('height', models.PositiveIntegerField(verbose_name='height')),
                ('path', models.CharField(max_length=160, unique=True, verbose_name='path')),
                ('size_bytes', models.PositiveIntegerField(verbose_name='size in bytes')),
                ('asset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='renditions', to='news.mediaasset', verbose_name='picture')),
            ],
            options={
                'verbose_name': 'size of a picture',
                'verbose_name_plural': 'sizes of pictures',
                'constraints': [
                    models.UniqueConstraint(fields=('asset', 'name', 'format'), name='media_rendition_once'),
                    models.CheckConstraint(condition=models.Q(('format__in', ['webp', 'jpeg'])), name='media_rendition_format'),
                ],
            },
        ),
        migrations.CreateModel(
            name='MediaUse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('revision_id', models.UUIDField(null=True, verbose_name='revision')),
                ('place', models.CharField(choices=[('body', 'in the body'), ('cover', 'as the cover')], max_length=8, verbose_name='where it stands')),
                ('article', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='media_uses', to='news.article', verbose_name='article')),
                ('asset', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='uses', to='news.mediaasset', verbose_name='picture')),
            ],
            options={
                'verbose_name': 'use of a picture',
                'verbose_name_plural': 'uses of pictures',
                'constraints': [
                    models.UniqueConstraint(fields=('article', 'revision_id', 'asset', 'place'), name='media_use_once', nulls_distinct=False),
                    models.CheckConstraint(condition=models.Q(('place__in', ['body', 'cover'])), name='media_use_place'),
                ],
            },
        ),
    ]
