"""One page to rehearse an inspection (迎检自查): stale columns, cases unanswered too long, open findings."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.urls.resolvers import URLPattern
from django.utils.translation import gettext_lazy as _

from apps.accounts.desk import staff_of
from apps.common import clock
from apps.feedback import selectors as feedback
from apps.feedback.states import CaseState
from apps.news import inspection_selectors as news

# What has no answer yet.
UNANSWERED = (
    CaseState.SUBMITTED, CaseState.ACCEPTED, CaseState.DISPATCHED, CaseState.SIGNED, CaseState.IN_PROGRESS,
    CaseState.RETURNED, CaseState.REOPENED,
)  # fmt: skip
CASES_SHOWN = 50
SOON_DAYS = 3


class InspectionViews:
    """The view of the rehearsal; mixed into the admin of figures."""

    admin_site: Any

    def inspection_urls(self) -> list[URLPattern]:
        """Return the door."""
        return [
            path("inspection/", self.admin_site.admin_view(self.inspection_view), name="reports_inspection")
        ]

    def inspection_view(self, request: HttpRequest) -> HttpResponse:
        """Show what an inspector would find today.  At most 5 queries beside the page's own, each bounded."""
        staff, now = staff_of(request), clock.now()
        sees_news, sees_cases = (
            request.user.has_perm(f"{name}") for name in ("news.view_article", "feedback.view_case")
        )
        if not (sees_news or sees_cases):
            raise PermissionDenied
        cases = (
            feedback.queue_heads(staff=staff, states=UNANSWERED, limit=CASES_SHOWN, due_before=now)
            if sees_cases
            else []
        )
        context = {
            **self.admin_site.each_context(request), "title": _("Rehearsal of an inspection"), "now": now,
            "sees_news": sees_news, "sees_cases": sees_cases, "soon": SOON_DAYS,
            "columns": news.columns_aging(now=now) if sees_news else [],
            "findings": list(news.findings_public(staff=staff, now=now)) if sees_news else [],
            "cases": [(case, (now - case.due_at).days if case.due_at else 0) for case in cases],
            "cases_shown": CASES_SHOWN,
        }  # fmt: skip
        return TemplateResponse(request, "admin/reports/inspection.html", context)
