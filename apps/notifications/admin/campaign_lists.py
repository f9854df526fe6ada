"""Lists of people for campaigns, from a workbook with phone numbers."""

from __future__ import annotations

import hashlib
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.accounts.desk import staff_of
from apps.common import clock
from apps.common.admin import ReadOnlyAdmin
from apps.common.errors import Refused
from apps.common.spreadsheets import WorkbookRefused, workbook_read
from apps.notifications import services
from apps.notifications.models import CampaignList
from apps.notifications.services.campaign_lists import MOST_ROWS

FILE_BYTES, UNPACKED_BYTES = 10 << 20, 64 << 20
COLUMN = _("phone number")


class ListForm(forms.Form):
    file = forms.FileField(label=_("Workbook (XLSX)"))


@admin.register(CampaignList)
class CampaignListAdmin(ReadOnlyAdmin):
    list_display = ("file_name", "rows", "matched", "staff", "created_at")
    list_select_related = ("staff",)
    ordering = ("-id",)
    fields = ("file_name", "rows", "matched", "staff", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let those load a list who write campaigns."""
        return bool(request.user.has_perm("notifications.add_campaignlist"))

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """GET: ask for the workbook.  POST: keep whom its numbers lead to, and say how many lines did not."""
        del form_url, extra_context
        if not self.has_add_permission(request):
            raise PermissionDenied
        form, status = ListForm(request.POST or None, request.FILES or None), 200
        if request.method == "POST":
            status = 400
            if form.is_valid():
                try:
                    return self._loaded(request, form.cleaned_data["file"])
                except Refused as refused:
                    form.add_error("file", refused.text())
        context = {
            **self.admin_site.each_context(request), "opts": self.opts, "title": _("Load a list of people"), "form": form,
            "column": COLUMN, "most": MOST_ROWS, "most_mb": FILE_BYTES >> 20,
        }  # fmt: skip
        return TemplateResponse(
            request, "admin/notifications/campaign_list_load.html", context, status=status
        )

    def _loaded(self, request: HttpRequest, file: Any) -> HttpResponse:
        raw = file.read(FILE_BYTES + 1)
        loaded = services.campaign_list_load(
            file_name=file.name, sha256=hashlib.sha256(raw).hexdigest(), phones=phones_read(raw=raw),
            staff=staff_of(request), now=clock.now(),
        )  # fmt: skip
        self.message_user(
            request,
            _("%(rows)s lines: %(matched)s residents found, %(unmatched)s not found, %(twice)s there twice.")
            % {
                "rows": loaded.rows, "matched": loaded.matched, "unmatched": loaded.unmatched,
                "twice": loaded.duplicates,
            },
            messages.SUCCESS,
        )  # fmt: skip
        return HttpResponseRedirect(reverse("admin:notifications_campaignlist_changelist"))


def phones_read(*, raw: bytes) -> list[str]:
    """Return the first column's cells of a workbook as texts, without empty ones.  Raises WorkbookRefused."""
    data = workbook_read(
        raw=raw, most_bytes=FILE_BYTES, most_unpacked_bytes=UNPACKED_BYTES, most_rows=MOST_ROWS
    )
    if not data.headers or str(data.headers[0] or "").strip() != str(COLUMN):
        raise WorkbookRefused(
            attr="file", why=str(_("the first column must be called “%(column)s”.") % {"column": COLUMN})
        )
    cells = (_text(row[0]) for row in data)
    return [cell for cell in cells if cell]


def _text(cell: Any) -> str:
    # A spreadsheet program keeps a number typed without an apostrophe as a number.
    return str(
        int(cell) if isinstance(cell, float) and cell.is_integer() else "" if cell is None else cell
    ).strip()
