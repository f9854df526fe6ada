"""The media library: pictures of articles, the sizes made of them, where they are used."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.common.ids import uuid7
from apps.news.models.articles import Article

TITLE_CHARS, ALT_CHARS, CAPTION_CHARS, CREDIT_CHARS = 120, 200, 200, 60
FORMAT_NAMES = {"webp": "WebP", "jpeg": "JPEG"}
INSIDE = (MinValueValidator(0), MaxValueValidator(1))
PLACE_LABELS: dict[str, Any] = {"body": _("in the body"), "cover": _("as the cover")}


class MediaAsset(models.Model):
    """A picture of the media library (素材): the words that go with it and the point that crops keep."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    upload = models.OneToOneField(
        "common.Upload", models.PROTECT, editable=False, related_name="+", verbose_name=_("file")
    )
    title = models.CharField(_("title"), max_length=TITLE_CHARS)
    alt = models.CharField(
        _("alternative text"), max_length=ALT_CHARS, blank=True,
        help_text=_("What the picture shows, for those who do not see it. Empty only for a decorative one."),
    )  # fmt: skip
    decorative = models.BooleanField(
        _("decorative"), default=False, help_text=_("The picture says nothing that the text does not say.")
    )
    caption = models.CharField(_("caption"), max_length=CAPTION_CHARS, blank=True)
    credit = models.CharField(_("credit"), max_length=CREDIT_CHARS, blank=True)
    focal_x = models.FloatField(_("focal point, from the left"), default=0.5, validators=INSIDE)
    focal_y = models.FloatField(_("focal point, from the top"), default=0.5, validators=INSIDE)
    uploaded_by = models.ForeignKey(
        "accounts.Staff", models.PROTECT, editable=False, related_name="+", verbose_name=_("uploaded by")
    )
    created_at = models.DateTimeField(_("created"), editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("picture")
        verbose_name_plural = _("media library")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=(Q(decorative=True) & Q(alt="")) | (Q(decorative=False) & ~Q(alt="")),
                name="media_asset_alt_or_decorative",
            ),
            models.CheckConstraint(
                condition=Q(focal_x__range=(0, 1)) & Q(focal_y__range=(0, 1)), name="media_asset_focal_inside"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["-created_at", "-id"], name="media_asset_newest")]

    def __str__(self) -> str:
        return self.title


class MediaRendition(models.Model):
    """One size of a picture in one format.  The path holds a hash of the content: a new crop has a new path."""

    asset = models.ForeignKey(
        MediaAsset, models.CASCADE, related_name="renditions", verbose_name=_("picture")
    )
    name = models.CharField(_("size"), max_length=12)
    format = models.CharField(_("format"), max_length=8, choices=list(FORMAT_NAMES.items()))
    width = models.PositiveIntegerField(_("width"))
    height = models.PositiveIntegerField(_("height"))
    path = models.CharField(_("path"), max_length=160, unique=True)
    size_bytes = models.PositiveIntegerField(_("size in bytes"))

    class Meta:
        verbose_name = _("size of a picture")
        verbose_name_plural = _("sizes of pictures")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["asset", "name", "format"], name="media_rendition_once"),
            models.CheckConstraint(condition=Q(format__in=list(FORMAT_NAMES)), name="media_rendition_format"),
        ]

    def __str__(self) -> str:
        return f"{self.name}.{self.format}"


class MediaUse(models.Model):
    """A picture stands in an article: in its working copy (no revision) or in a revision of it."""

    asset = models.ForeignKey(MediaAsset, models.PROTECT, related_name="uses", verbose_name=_("picture"))
    article = models.ForeignKey(Article, models.CASCADE, related_name="media_uses", verbose_name=_("article"))
    revision_id = models.UUIDField(_("revision"), null=True)
    place = models.CharField(_("where it stands"), max_length=8, choices=list(PLACE_LABELS.items()))

    class Meta:
        verbose_name = _("use of a picture")
        verbose_name_plural = _("uses of pictures")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["article", "revision_id", "asset", "place"],
                name="media_use_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=Q(place__in=list(PLACE_LABELS)), name="media_use_place"),
        ]

    def __str__(self) -> str:
        return f"{self.article_id} {self.place}"
