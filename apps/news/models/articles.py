"""Articles: the text as it is being written, what was submitted of it, and what happened to it."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_prose_editor.fields import ProseEditorField
from simple_history.models import HistoricalRecords

from apps.common.ids import uuid7
from apps.news.editor import EXTENSIONS
from apps.news.labels import ACT_LABELS, STATE_LABELS, choices
from apps.news.models.columns import Column
from apps.news.querysets import ArticleQuerySet
from apps.news.states import ArticleState
from apps.news.text import html_clean

TITLE_CHARS, SUMMARY_CHARS = 120, 300


class Article(models.Model):
    """A news article (稿件): the working copy, which nobody but the desk reads.

    ``writers``  ids of those who changed the text since it was last released: none of them may sign it
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    column = models.ForeignKey(Column, models.PROTECT, related_name="articles", verbose_name=_("column"))
    title = models.CharField(_("title"), max_length=TITLE_CHARS)
    summary = models.CharField(_("summary"), max_length=SUMMARY_CHARS, blank=True)
    body_html = ProseEditorField(_("body"), extensions=EXTENSIONS, sanitize=html_clean)
    source = models.CharField(_("source"), max_length=60, blank=True)
    author = models.CharField(_("author"), max_length=60, blank=True)
    cover_asset = models.ForeignKey(
        "news.MediaAsset", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("cover")
    )
    audio_url = models.URLField(
        _("address of the audio version"), max_length=300, blank=True,
        help_text=_("https address of a recording, for those who would rather listen."),
    )  # fmt: skip
    state = models.CharField(
        _("state"), max_length=16, choices=choices(STATE_LABELS), default=ArticleState.DRAFT.value,
        editable=False,
    )  # fmt: skip
    pinned = models.BooleanField(
        _("pinned"), default=False, help_text=_("Stands at the top of lists once it is published.")
    )
    writers = ArrayField(models.BigIntegerField(), default=list, editable=False)
    published_at = models.DateTimeField(_("published at"), null=True, editable=False)
    created_at = models.DateTimeField(_("created"), editable=False)
    updated_at = models.DateTimeField(_("changed"), editable=False)
    created_by = models.ForeignKey(
        "accounts.Staff",
        models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("made by"),
    )
    version = models.PositiveIntegerField(default=1, editable=False)
    search = SearchVectorField(null=True, editable=False)

    history = HistoricalRecords(excluded_fields=["search", "writers"])
    objects = ArticleQuerySet.as_manager()

    class Meta:
        verbose_name = _("article")
        verbose_name_plural = _("articles")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=[s.value for s in ArticleState]), name="article_state"
            ),
            models.CheckConstraint(
                condition=Q(audio_url="") | Q(audio_url__startswith="https://"), name="article_audio_https"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["-updated_at", "-id"], name="article_desk"),
            models.Index(fields=["column", "-updated_at", "-id"], name="article_desk_column"),
            models.Index(fields=["state", "-updated_at", "-id"], name="article_desk_state"),
            GinIndex(fields=["search"], name="article_words"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def state_label(self) -> str:
        """The state in words."""
        return str(STATE_LABELS[self.state])


class Revision(models.Model):
    """What was submitted (版本): never changed, known by the SHA-256 of everything that the public would read.

    ``attachments``  ``[{"id", "name", "sha256", "size_bytes", "content_type"}]`` in order
    ``writers``      ids of those who wrote it, frozen: a trigger lets none of them sign
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    article = models.ForeignKey(Article, models.PROTECT, related_name="revisions", verbose_name=_("article"))
    number = models.PositiveIntegerField(_("version"))
    sha256 = models.CharField(_("fingerprint"), max_length=64)
    column = models.ForeignKey(Column, models.PROTECT, related_name="+", verbose_name=_("column"))
    column_slug = models.CharField(_("slug"), max_length=40)  # as it was: a column may be renamed later
    title = models.CharField(_("title"), max_length=TITLE_CHARS)
    summary = models.CharField(_("summary"), max_length=SUMMARY_CHARS, blank=True)
    body_html = models.TextField(_("body"))
    source = models.CharField(_("source"), max_length=60, blank=True)
    author = models.CharField(_("author"), max_length=60, blank=True)
    cover_upload_id = models.UUIDField(null=True)
    cover_sha256 = models.CharField(max_length=64, blank=True)
    cover_alt = models.CharField(_("alternative text of the cover"), max_length=200, blank=True)
    audio_url = models.URLField(_("address of the audio version"), max_length=300, blank=True)
    attachments = models.JSONField(_("attachments"), default=list)
    writers = ArrayField(models.BigIntegerField(), default=list)
    created_by = models.ForeignKey(
        "accounts.Staff", models.PROTECT, null=True, related_name="+", verbose_name=_("submitted by")
    )
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("revision")
        verbose_name_plural = _("revisions")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["article", "number"], name="revision_number_once"),
            models.CheckConstraint(condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="revision_sha256"),
        ]

    def __str__(self) -> str:
        return f"{self.title} v{self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write once."""
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)


class ArticleEvent(models.Model):
    """One act on an article: who, when, why.  Append-only, like the timeline of a case."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    article = models.ForeignKey(Article, models.PROTECT, related_name="events", verbose_name=_("article"))
    at = models.DateTimeField(_("at"))
    verb = models.CharField(_("act"), max_length=12, choices=choices(ACT_LABELS))
    staff = models.ForeignKey(
        "accounts.Staff", models.PROTECT, null=True, related_name="+", verbose_name=_("member of staff")
    )
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    version = models.PositiveIntegerField(_("version"))

    class Meta:
        verbose_name = _("article event")
        verbose_name_plural = _("article events")

    def __str__(self) -> str:
        return f"{self.article_id} {self.verb}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write once."""
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)
