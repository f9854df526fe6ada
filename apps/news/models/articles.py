"""Articles and what happened to them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_prose_editor.fields import ProseEditorField
from simple_history.models import HistoricalRecords

from apps.common.ids import uuid7
from apps.news.models.columns import Column
from apps.news.querysets import ArticleQuerySet
from apps.news.states import ArticleState, Verb
from apps.news.text import EXTENSIONS, html_clean

STATE_LABELS: dict[str, Any] = {
    ArticleState.DRAFT.value: _("draft"),
    ArticleState.PUBLISHED.value: _("published"),
    ArticleState.RETRACTED.value: _("retracted"),
}
VERB_LABELS: dict[str, Any] = {
    Verb.PUBLISH.value: _("Publish"),
    Verb.RETRACT.value: _("Retract"),
    Verb.REVISE.value: _("Back to draft"),
}


class Article(models.Model):
    """A news article (稿件)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    column = models.ForeignKey(Column, models.PROTECT, related_name="articles", verbose_name=_("column"))
    title = models.CharField(_("title"), max_length=120)
    summary = models.CharField(_("summary"), max_length=300, blank=True)
    body_html = ProseEditorField(_("body"), extensions=EXTENSIONS, sanitize=html_clean)
    source = models.CharField(_("source"), max_length=60, blank=True)
    author = models.CharField(_("author"), max_length=60, blank=True)
    cover = models.ForeignKey(
        "common.Upload", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("cover")
    )
    cover_alt = models.CharField(_("alternative text of the cover"), max_length=200, blank=True)
    state = models.CharField(
        _("state"), max_length=12, choices=list(STATE_LABELS.items()), default=ArticleState.DRAFT.value,
        editable=False,
    )  # fmt: skip
    pinned = models.BooleanField(_("pinned"), default=False)
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

    history = HistoricalRecords(excluded_fields=["search"])
    objects = ArticleQuerySet.as_manager()

    class Meta:
        verbose_name = _("article")
        verbose_name_plural = _("articles")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=[s.value for s in ArticleState]), name="article_state"
            ),
            models.CheckConstraint(
                condition=~Q(state=ArticleState.PUBLISHED.value) | Q(published_at__isnull=False),
                name="article_published_has_time",
            ),
            models.CheckConstraint(condition=Q(cover=None) | ~Q(cover_alt=""), name="article_cover_has_alt"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["-pinned", "-published_at", "-id"],
                condition=Q(state=ArticleState.PUBLISHED.value),
                name="article_public_newest",
            ),
            models.Index(
                fields=["column", "-pinned", "-published_at", "-id"],
                condition=Q(state=ArticleState.PUBLISHED.value),
                name="article_public_column",
            ),
            models.Index(fields=["-updated_at", "-id"], name="article_desk"),
            GinIndex(fields=["search"], name="article_words"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def state_label(self) -> str:
        """The state in words."""
        return str(STATE_LABELS[self.state])


class ArticleEvent(models.Model):
    """One move of an article: who, when, why.  Append-only, like the timeline of a case."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    article = models.ForeignKey(Article, models.PROTECT, related_name="events", verbose_name=_("article"))
    at = models.DateTimeField(_("at"))
    verb = models.CharField(_("act"), max_length=12, choices=list(VERB_LABELS.items()))
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
