"""The right to approve campaigns, and what the followers of topics are told."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notifications", "0004_promises")]
    operations = [
        migrations.AlterModelOptions(
            name="campaign",
            options={
                "permissions": [("approve_campaign", "May approve and start campaigns of others")],
                "verbose_name": "campaign",
                "verbose_name_plural": "campaigns",
            },
        ),
        migrations.CreateModel(
            name="TopicNotice",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("key", models.CharField(max_length=80, unique=True)),
                ("kind", models.CharField(max_length=60, verbose_name="kind")),
                (
                    "topics",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=80), size=None, verbose_name="topics"
                    ),
                ),
                ("fields", models.JSONField(verbose_name="fields")),
                ("created_at", models.DateTimeField(verbose_name="created")),
                ("told_until", models.UUIDField(null=True)),
                ("told_count", models.PositiveIntegerField(default=0, verbose_name="followers told")),
                ("finished_at", models.DateTimeField(null=True, verbose_name="finished")),
            ],
            options={
                "verbose_name": "notice to followers",
                "verbose_name_plural": "notices to followers",
                "indexes": [
                    models.Index(
                        condition=models.Q(finished_at=None), fields=["id"], name="topic_notice_unfinished"
                    )
                ],
            },
        ),
    ]
