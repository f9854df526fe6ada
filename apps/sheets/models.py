"""Imports of reference tables with every line they hold, their history, and the log of exports."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.common.crypto import EncryptedTextField
from apps.common.ids import uuid7
from apps.sheets import labels
from apps.sheets.states import WRITTEN, BatchState, Fate, Sort, Verb

_WRITTEN = sorted(state.value for state in WRITTEN)
FILE_NAME_CHARS, NOTE_CHARS, REASON_CHARS, KEY_CHARS = 120, 500, 200, 60


class ImportBatch(models.Model):
    """A file that someone wants written into a table: what it would do, who agreed, what became of it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(_("table"), max_length=30)
    state = models.CharField(
        _("state"), max_length=12, choices=labels.choices(labels.STATE_LABELS), default=BatchState.UPLOADED.value
    )  # fmt: skip
    file_name = models.CharField(_("file name"), max_length=FILE_NAME_CHARS)
    sha256 = models.CharField(_("checksum of the file"), max_length=64)
    size_bytes = models.PositiveIntegerField(_("size in bytes"))
    columns = ArrayField(
        models.CharField(max_length=30), default=list, verbose_name=_("columns of the table")
    )
    uploaded_by = models.ForeignKey(
        "accounts.Staff", models.PROTECT, related_name="+", verbose_name=_("uploaded by")
    )
    uploaded_at = models.DateTimeField(_("uploaded"))
    lines = models.PositiveIntegerField(_("lines"), default=0)
    compared = models.PositiveIntegerField(_("lines compared"), default=0)
    new = models.PositiveIntegerField(_("new rows"), default=0)
    changed = models.PositiveIntegerField(_("changed rows"), default=0)
    unchanged = models.PositiveIntegerField(_("unchanged rows"), default=0)
    refused = models.PositiveIntegerField(_("refused lines"), default=0)
    guarded = ArrayField(
        models.CharField(max_length=30), default=list, verbose_name=_("guarded columns it touches")
    )
    needs_second = models.BooleanField(_("needs a second person"), default=False)
    approved_by = models.ForeignKey(
        "accounts.Staff", models.PROTECT, null=True, related_name="+", verbose_name=_("approved by")
    )
    undone_by = models.ForeignKey(
        "accounts.Staff", models.PROTECT, null=True, related_name="+", verbose_name=_("undone by")
    )
    note = models.CharField(_("note"), max_length=NOTE_CHARS, blank=True)
    # Which run is at it: one that was taken for dead finds another number here and stops.
    attempt = models.PositiveSmallIntegerField(default=0)
    touched_at = models.DateTimeField(_("last step"))

    class Meta:
        verbose_name = _("import of a table")
        verbose_name_plural = _("imports of tables")
        default_permissions = ("add", "view")
        permissions: ClassVar = [("approve_importbatch", _("May approve imports of others"))]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in BatchState]), name="import_batch_state"
            ),
            models.CheckConstraint(
                condition=Q(approved_by=None) | ~Q(approved_by=F("uploaded_by")), name="import_four_eyes"
            ),
            models.CheckConstraint(
                condition=Q(needs_second=False) | Q(approved_by__isnull=False) | ~Q(state__in=_WRITTEN),
                name="import_second_person",
            ),
            models.CheckConstraint(
                condition=Q(needs_second=False) | Q(undone_by=None) | ~Q(undone_by=F("uploaded_by")),
                name="import_undo_four_eyes",
            ),
            # A line that is refused stops the whole.
            models.CheckConstraint(
                condition=Q(refused=0) | ~Q(state__in=sorted([BatchState.APPROVED.value, *_WRITTEN])),
                name="import_no_refused_line",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["-uploaded_at"], name="import_batch_newest"),
            models.Index(
                fields=["touched_at"],
                condition=Q(state__in=["uploaded", "previewing", "running", "undoing"]),
                name="import_batch_working",
            ),
        ]

    def __str__(self) -> str:
        return self.file_name


class ImportFile(models.Model):
    """The file as it came, encrypted, until the import is decided about: nobody knows what else stands in it."""

    batch = models.OneToOneField(ImportBatch, models.CASCADE, primary_key=True, related_name="file")
    content = EncryptedTextField()  # base64

    class Meta:
        verbose_name = _("file of an import")
        verbose_name_plural = _("files of imports")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.pk)


class ImportRow(models.Model):
    """A line of a file: the row as it was when it was compared, and as the file wants it."""

    batch = models.ForeignKey(ImportBatch, models.CASCADE, related_name="rows", verbose_name=_("import"))
    line = models.PositiveIntegerField(_("line"))
    key = models.CharField(_("key"), max_length=KEY_CHARS, blank=True)
    sort = models.CharField(_("outcome"), max_length=10, choices=labels.choices(labels.SORT_LABELS))
    before = models.JSONField(_("before"), null=True, encoder=DjangoJSONEncoder)
    after = models.JSONField(_("after"), null=True, encoder=DjangoJSONEncoder)
    errors = models.JSONField(_("errors"), default=list)  # [[column, text], …]
    fate = models.CharField(max_length=10, blank=True)

    class Meta:
        verbose_name = _("line of an import")
        verbose_name_plural = _("lines of imports")
        default_permissions = ()
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["batch", "line"], name="import_row_once"),
            models.UniqueConstraint(
                fields=["batch", "key"], condition=Q(sort__in=["new", "changed"]), name="import_row_key_once"
            ),
            models.CheckConstraint(
                condition=Q(sort=Sort.NEW.value, before=None, after__isnull=False)
                | Q(sort=Sort.CHANGED.value, before__isnull=False, after__isnull=False)
                | Q(sort__in=[Sort.UNCHANGED.value, Sort.REFUSED.value], before=None, after=None),
                name="import_row_images",
            ),
            models.CheckConstraint(condition=Q(fate__in=[f.value for f in Fate]), name="import_row_fate"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["batch", "sort", "line"], name="import_row_by_sort"),
            models.Index(fields=["batch", "line"], condition=~Q(fate=""), name="import_row_fates"),
        ]

    def __str__(self) -> str:
        return f"{self.line} {self.key}"


class ImportStep(models.Model):
    """A step of an import: who did what, when, with what it counted.  Never changed."""

    batch = models.ForeignKey(ImportBatch, models.PROTECT, related_name="steps", verbose_name=_("import"))
    verb = models.CharField(_("step"), max_length=12)
    source = models.CharField(_("from state"), max_length=12, blank=True)
    target = models.CharField(_("to state"), max_length=12)
    staff = models.ForeignKey(
        "accounts.Staff", models.PROTECT, null=True, related_name="+", verbose_name=_("member of staff")
    )
    counts = models.JSONField(_("counts"), default=dict)
    note = models.CharField(_("note"), max_length=NOTE_CHARS, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("step of an import")
        verbose_name_plural = _("steps of imports")
        default_permissions = ()
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(verb__in=["upload", *(verb.value for verb in Verb)]), name="import_step_verb"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["batch", "id"], name="import_step_order")]

    def __str__(self) -> str:
        return f"{self.verb} {self.at:%F %T}"


class ExportLog(models.Model):
    """That someone took a table out: who, which, how many rows, why.  Never changed."""

    class Format(models.TextChoices):
        XLSX = "xlsx", "XLSX"
        CSV = "csv", "CSV"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(_("table"), max_length=30)
    format = models.CharField(_("format"), max_length=4, choices=Format)
    columns = ArrayField(models.CharField(max_length=30), verbose_name=_("columns of the table"))
    personal = models.BooleanField(_("with personal data"), default=False)
    reason = models.CharField(_("reason"), max_length=REASON_CHARS, blank=True)
    rows = models.PositiveIntegerField(_("rows"))
    staff = models.ForeignKey(
        "accounts.Staff", models.PROTECT, related_name="+", verbose_name=_("member of staff")
    )
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("export of a table")
        verbose_name_plural = _("exports of tables")
        default_permissions = ("view",)
        permissions: ClassVar = [
            ("export_sheet", _("May export tables")),
            ("export_personal", _("May export personal data of tables")),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(personal=False) | ~Q(reason=""), name="export_log_reason"),
            models.CheckConstraint(condition=Q(format__in=["xlsx", "csv"]), name="export_log_format"),
        ]
        indexes: ClassVar = [models.Index(fields=["-at"], name="export_log_newest")]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%F %T}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write once."""
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)
