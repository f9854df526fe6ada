"""Texts that staff edit get a note and a version; whole days of messages are found by their date."""

import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notifications", "0005_campaigns")]
    operations = [
        migrations.AlterModelOptions(
            name="noticetext",
            options={
                "permissions": [("approve_noticetext", "Can put a text of a notice live")],
                "verbose_name": "text of a notice",
                "verbose_name_plural": "texts of notices",
            },
        ),
        migrations.AddField(
            "noticetext", "note",
            models.CharField("note", max_length=300, blank=True, default="", db_default=""),
        ),
        migrations.AddField("noticetext", "version", models.PositiveIntegerField(default=1, db_default=1)),
        migrations.AddConstraint(
            "noticetext",
            models.UniqueConstraint(
                fields=["kind", "target"],
                condition=models.Q(state__in=["draft", "proposed"]),
                name="text_one_open",
            ),
        ),
        migrations.AddIndex(
            "delivery",
            django.contrib.postgres.indexes.BrinIndex(
                fields=["created_at"], name="delivery_created", autosummarize=True
            ),
        ),
        migrations.AddIndex(
            "inboxmessage",
            django.contrib.postgres.indexes.BrinIndex(
                fields=["created_at"], name="inbox_created", autosummarize=True
            ),
        ),
    ]  # fmt: skip
