"""What is kept while someone writes: unsaved text, and links to look at a text on a phone."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.common.ids import uuid7
from apps.news.models.articles import Article


class Autosave(models.Model):
    """The unsaved text of one person (自动保存): never the article itself.

    ``article``  None for a text that was never saved   ``base_version``  what it was written over, 0 when not known
    ``fields``   the form's values by name: texts, ids as texts, ``pinned`` as a boolean
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    staff = models.ForeignKey(
        "accounts.Staff", models.CASCADE, related_name="+", verbose_name=_("member of staff")
    )
    article = models.ForeignKey(
        Article, models.CASCADE, null=True, related_name="autosaves", verbose_name=_("article")
    )
    base_version = models.PositiveIntegerField(default=0)
    fields = models.JSONField(default=dict)
    saved_at = models.DateTimeField(_("kept at"))

    class Meta:
        verbose_name = _("unsaved text")
        verbose_name_plural = _("unsaved texts")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["staff", "article"], nulls_distinct=False, name="autosave_once"),
            models.CheckConstraint(
                condition=Q(article__isnull=False) | Q(base_version=0), name="autosave_new_has_no_version"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["saved_at"], name="autosave_age")]

    def __str__(self) -> str:
        return f"{self.staff_id} {self.article_id or '-'}"


class PreviewLink(models.Model):
    """A link by which one phone sees the working copy as it was when the link was made (预览链接).

    ``token_sha256``  the token itself is kept nowhere   ``content``  what ``writing_selectors.preview_of`` returns
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    token_sha256 = models.CharField(max_length=64, unique=True)
    article = models.ForeignKey(
        Article, models.CASCADE, related_name="preview_links", verbose_name=_("article")
    )
    version = models.PositiveIntegerField(_("version"))
    content = models.JSONField(default=dict)
    created_by = models.ForeignKey(
        "accounts.Staff", models.PROTECT, related_name="+", verbose_name=_("link made by")
    )
    created_at = models.DateTimeField(_("created"))
    expires_at = models.DateTimeField(_("valid until"))
    used_at = models.DateTimeField(_("used at"), null=True)

    class Meta:
        verbose_name = _("preview link")
        verbose_name_plural = _("preview links")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(token_sha256__regex=r"^[0-9a-f]{64}$"),  # noqa: S106 - a pattern, no password
                name="preview_link_sha256",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at")), name="preview_link_ends_after_it_began"
            ),
            models.CheckConstraint(
                condition=Q(used_at=None) | Q(used_at__lt=F("expires_at")), name="preview_link_used_in_time"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["created_by", "expires_at"], name="preview_link_maker"),
            models.Index(fields=["expires_at"], name="preview_link_age"),
        ]

    def __str__(self) -> str:
        return f"{self.article_id} {self.created_at:%Y-%m-%d %H:%M}"
