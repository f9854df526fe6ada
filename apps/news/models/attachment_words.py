"""Listed words found in attachments: extracting a text takes seconds, so a worker writes down what it found."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.news.models.attachments import Attachment


class AttachmentWords(models.Model):
    """What the word lists found in a file, and with which versions of them it was looked for.

    ``found``  ``[{"word", "level", "suggestion", "where", "count"}]``, at most 100 words
    """

    attachment = models.OneToOneField(Attachment, models.PROTECT, primary_key=True, related_name="words")
    versions = ArrayField(models.BigIntegerField(), default=list)
    found = models.JSONField(default=list)
    checked_at = models.DateTimeField()

    class Meta:
        verbose_name = _("listed words of an attachment")
        verbose_name_plural = _("listed words of attachments")

    def __str__(self) -> str:
        return str(self.attachment_id)
