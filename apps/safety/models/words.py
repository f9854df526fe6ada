"""Word lists: versions that are loaded by one person and put into force by another."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.safety import labels
from apps.safety.states import Category, Level, Purpose

WORD_CHARS, SUGGESTION_CHARS, WINDOW_CHARS, WINDOWS_MOST = 40, 40, 60, 20


class WordList(models.Model):
    """A list of words (词库) and which texts it is for."""

    name = models.CharField(_("list name"), max_length=40, unique=True)
    purpose = models.CharField(_("used for"), max_length=14, choices=labels.choices(labels.PURPOSE_LABELS))

    class Meta:
        verbose_name = _("word list")
        verbose_name_plural = _("word lists")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(purpose__in=[p.value for p in Purpose]), name="word_list_purpose"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class WordListVersion(models.Model):
    """What a list held once it was loaded.  Never changed; the one in force is marked."""

    word_list = models.ForeignKey(
        WordList, models.PROTECT, related_name="versions", verbose_name=_("word list")
    )
    number = models.PositiveIntegerField(_("version"))
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField(_("words"))
    # Empty for what came with the system.
    created_by = models.ForeignKey(
        "accounts.Staff", models.PROTECT, null=True, related_name="+", verbose_name=_("loaded by")
    )
    created_at = models.DateTimeField(_("loaded at"))
    activated_by = models.ForeignKey(
        "accounts.Staff", models.PROTECT, null=True, related_name="+", verbose_name=_("put into force by")
    )
    activated_at = models.DateTimeField(_("put into force at"), null=True)
    is_active = models.BooleanField(_("in force"), default=False)

    class Meta:
        verbose_name = _("version of a word list")
        verbose_name_plural = _("versions of word lists")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["word_list", "number"], name="word_version_number_once"),
            models.UniqueConstraint(fields=["word_list", "sha256"], name="word_version_content_once"),
            models.UniqueConstraint(
                fields=["word_list"], condition=Q(is_active=True), name="word_version_one_active"
            ),
            models.CheckConstraint(
                condition=Q(activated_at=None, activated_by=None, is_active=False)
                | Q(activated_at__isnull=False, activated_by__isnull=False)
                | Q(activated_at__isnull=False, activated_by=None, created_by=None),
                name="word_version_activated_whole",
            ),
            models.CheckConstraint(
                condition=Q(activated_by=None) | Q(created_by=None) | ~Q(activated_by=F("created_by")),
                name="word_version_four_eyes",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.word_list} v{self.number}"


class WordEntry(models.Model):
    """A word of a version.  Append-only: a trigger of the database refuses changes and deletions."""

    version = models.ForeignKey(
        WordListVersion, models.PROTECT, related_name="entries", verbose_name=_("version of a word list")
    )
    word = models.CharField(_("word"), max_length=WORD_CHARS)
    level = models.CharField(_("weight"), max_length=8, choices=labels.choices(labels.LEVEL_LABELS))
    category = models.CharField(
        _("kind of word"), max_length=16, choices=labels.choices(labels.CATEGORY_LABELS)
    )
    suggestion = models.CharField(_("write instead"), max_length=SUGGESTION_CHARS, blank=True)
    allow_windows = ArrayField(
        models.CharField(max_length=WINDOW_CHARS),
        default=list,
        blank=True,
        verbose_name=_("harmless inside of"),
    )

    class Meta:
        verbose_name = _("listed word")
        verbose_name_plural = _("listed words")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["version", "word"], name="word_entry_once"),
            models.CheckConstraint(condition=Q(level__in=[x.value for x in Level]), name="word_entry_level"),
            models.CheckConstraint(
                condition=Q(category__in=[x.value for x in Category]), name="word_entry_category"
            ),
            models.CheckConstraint(condition=~Q(word=""), name="word_entry_not_empty"),
        ]

    def __str__(self) -> str:
        return self.word
