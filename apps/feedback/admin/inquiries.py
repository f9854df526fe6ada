"""What residents looked for and did not find: the list that tells editors what to write next."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from apps.common import clock
from apps.common.admin import ReadOnlyAdmin
from apps.feedback.answer_selectors import GAP_DAYS, knowledge_gaps
from apps.feedback.models import Inquiry


@admin.register(Inquiry)
class InquiryAdmin(ReadOnlyAdmin):
    """The gaps by matter, and below them the looks themselves, masked and of nobody in particular."""

    list_display = ("at", "text", "category", "answers", "solved_at")
    list_select_related = ("category",)
    list_filter = ("answers",)
    ordering = ("-at", "-id")
    fields = ("at", "text", "category", "answers", "solved_at", "solved_by")
    change_list_template = "admin/feedback/gaps.html"

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the gaps of the last 30 days above the list."""
        context = {**(extra_context or {}), "gaps": knowledge_gaps(now=clock.now()), "gap_days": GAP_DAYS}
        response: HttpResponse = super().changelist_view(request, context)
        return response
