"""Attachments of articles and what their scans found; what was noted when an article came in from a file."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.common.ids import uuid7
from apps.news.documents.accepted import MAX_BYTES
from apps.news.documents.package import DOCX, PDF, XLSX
from apps.news.models.articles import Article

FORMAT_LABELS = {PDF: "PDF", DOCX: "Word", XLSX: "Excel"}


class ScanState(models.TextChoices):
    """Where the scan of an attachment stands."""

    PENDING = "pending", _("not yet scanned")
    CLEAN = "clean", _("nothing found")
    FOUND = "found", _("something found")
    FAILED = "failed", _("could not be scanned")


class Attachment(models.Model):
    """A file that goes with an article (附件): kept as it came, shown to nobody inside a page.

    ``scan``  ``{"total", "blocking", "counted_all", "counts": [[kind, level, number]], "findings": [{"kind", "level",
              "where": {"kind", "name", "number"}, "excerpt"}], "unread": [{"where", "reason"}]}``; excerpts are masked
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    article = models.ForeignKey(
        Article, models.PROTECT, related_name="attachments", verbose_name=_("article")
    )
    name = models.CharField(_("file name"), max_length=120)
    content_type = models.CharField(_("format"), max_length=80, choices=list(FORMAT_LABELS.items()))
    path = models.CharField(max_length=120, unique=True)
    size_bytes = models.PositiveIntegerField(_("size in bytes"))
    sha256 = models.CharField(max_length=64)
    uploaded_by = models.ForeignKey(
        "accounts.Staff", models.PROTECT, related_name="+", verbose_name=_("uploaded by")
    )
    created_at = models.DateTimeField(_("created"))
    scan_state = models.CharField(_("scan"), max_length=8, choices=ScanState, default=ScanState.PENDING)
    scan = models.JSONField(_("found"), default=dict)
    scanned_at = models.DateTimeField(_("scanned"), null=True)
    removed_at = models.DateTimeField(_("removed"), null=True)

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["article", "sha256"], condition=Q(removed_at=None), name="attachment_once_an_article"
            ),
            models.CheckConstraint(
                condition=Q(content_type__in=list(FORMAT_LABELS)), name="attachment_format"
            ),
            models.CheckConstraint(
                condition=Q(size_bytes__gte=1, size_bytes__lte=MAX_BYTES), name="attachment_size"
            ),
            models.CheckConstraint(
                condition=Q(scan_state__in=ScanState.values), name="attachment_scan_state"
            ),
            models.CheckConstraint(
                condition=Q(scan_state=ScanState.PENDING, scanned_at=None)
                | (~Q(scan_state=ScanState.PENDING) & Q(scanned_at__isnull=False)),
                name="attachment_scanned_has_time",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["created_at"], condition=Q(scan_state=ScanState.PENDING), name="attachment_pending"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AttachmentEvent(models.Model):
    """What was done with an attachment, by whom.  Append-only."""

    class Act(models.TextChoices):
        ADDED = "added", _("added")
        REMOVED = "removed", _("removed")
        MASKED = "masked", _("masked copy fetched")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    attachment = models.ForeignKey(
        Attachment, models.PROTECT, related_name="events", verbose_name=_("attachment")
    )
    at = models.DateTimeField(_("at"))
    act = models.CharField(_("act"), max_length=8, choices=Act)
    staff = models.ForeignKey(
        "accounts.Staff", models.PROTECT, related_name="+", verbose_name=_("member of staff")
    )

    class Meta:
        verbose_name = _("attachment event")
        verbose_name_plural = _("attachment events")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(act__in=["added", "removed", "masked"]), name="attachment_event_act"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.attachment_id} {self.act}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write once."""
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)


class IntakeReport(models.Model):
    """What was mended, doubted and lost when an article was read from a file (导入记录).

    ``notes``  ``[{"sort", "reason", "place", "excerpt", "count"}]`` as ``documents.draft.Note`` has them
    """

    article = models.OneToOneField(
        Article, models.PROTECT, primary_key=True, related_name="intake_report", verbose_name=_("article")
    )
    file_name = models.CharField(_("file name"), max_length=120)
    format = models.CharField(_("format"), max_length=8)
    sha256 = models.CharField(max_length=64)
    notes = models.JSONField(_("notes"), default=list)
    staff = models.ForeignKey(
        "accounts.Staff", models.PROTECT, related_name="+", verbose_name=_("read in by")
    )
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("intake report")
        verbose_name_plural = _("intake reports")

    def __str__(self) -> str:
        return self.file_name
