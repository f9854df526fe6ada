"""The case queue: filters, search in Chinese, saved filters, and what is done to several cases at once."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls.resolvers import URLPattern
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from apps.accounts.saved_filters import FilterKeeper
from apps.common import clock
from apps.common.admin import ReadOnlyAdmin
from apps.common.words import query_words
from apps.feedback import labels, selectors
from apps.feedback.admin import queue_filters as filters
from apps.feedback.admin.bulk import BulkActs
from apps.feedback.admin.case_page import CasePage
from apps.feedback.admin.exports import CaseExports
from apps.feedback.admin.marks import due_mark
from apps.feedback.contents import Content
from apps.feedback.models import Case
from apps.feedback.states import RANK_NUDGED, RANK_SUPERVISED, Urgency
from apps.safety import selectors as safety


@admin.register(Case)
class CaseAdmin(FilterKeeper, BulkActs, CaseExports, CasePage, ReadOnlyAdmin):
    list_display = (
        "number",
        "state_shown",
        "excerpt",
        "category",
        "street",
        "unit",
        "due_shown",
        "submitted_shown",
    )
    list_display_links = ("number", "excerpt")
    list_filter = (
        filters.WaitingFilter, "state", "request_type", filters.UnitFilter, filters.StreetFilter, filters.GroupFilter,
        filters.UrgencyFilter,
    )  # fmt: skip
    search_fields = ("number",)
    search_help_text = _("Words of the text, or the beginning of a case number")
    list_filter_submit = True
    sortable_by: ClassVar[Any] = ()
    change_list_template = "admin/feedback/queue.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Case]:
        """Return the queue of this person; each row tells whether its text or photos wait for a person's look."""
        waits = safety.waits_for_a_person(subject_kind=Content.CASE.value)
        return selectors.queue_of(staff=request.user).annotate(content_waits=waits)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Case | None:
        """Return a case that this person may open: also one that another unit leads and theirs helps with."""
        del from_field
        try:
            return selectors.cases_visible(staff=request.user).filter(pk=object_id).first()
        except ValidationError:
            return None

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        """Order as the queue does; where settled cases are among them, the newest first."""
        settled = request.GET.get("which") in {"all", "settled"}
        return list(selectors.NEWEST if settled else selectors.QUEUE_ORDER)

    def get_search_results(
        self, _request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Look for a number that begins so, or for cases that hold every word."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if term.isdigit():
            return queryset.filter(number__startswith=term), False
        words = query_words(term)
        return (queryset.with_words(words) if words else queryset.none()), False  # type: ignore[attr-defined]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the queue with the filters that this person saved or others share."""
        context = {**(extra_context or {}), **self.filter_context(request)}
        response: HttpResponse = super().changelist_view(request, context)
        return response

    def get_urls(self) -> list[URLPattern]:
        """Add the doors of single cases, of several at once, and of exports."""
        return [
            *self.filter_urls(),
            *self.page_urls(),
            *self.bulk_urls(),
            *self.export_urls(),
            *super().get_urls(),
        ]

    @admin.display(description=_("state"))
    def state_shown(self, case: Case) -> str:
        """Return the state in words, with what puts the case before others."""
        marks = {RANK_SUPERVISED: _("under supervision"), RANK_NUDGED: _("asked for speed")}
        words = [marks[case.queue_rank]] if case.queue_rank in marks else []
        if not words and case.urgency != "normal":
            words.append(labels.URGENCY_LABELS[Urgency(case.urgency)])
        # Rows of a filter that brings its own do not tell.
        if getattr(case, "content_waits", False):
            words.append(_("content to be looked at"))
        shown = format_html_join("", ' <span class="qs-mark qs-late">{}</span>', ((word,) for word in words))
        return format_html("{}{}", case.state_label, shown)

    @admin.display(description=_("text"))
    def excerpt(self, case: Case) -> str:
        """Return the beginning of the text."""
        return " ".join(case.text.split())[:30]

    @admin.display(description=_("deadline"))
    def due_shown(self, case: Case) -> str:
        """Return the deadline."""
        return due_mark(case)

    @admin.display(description=_("submitted at"))
    def submitted_shown(self, case: Case) -> str:
        """Return when it came in."""
        return f"{clock.local(case.submitted_at):%m-%d %H:%M}"
