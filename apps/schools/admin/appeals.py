"""Appeals: read, and decided by someone who has not reviewed the application."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.urls.resolvers import URLPattern
from django.utils.translation import gettext_lazy as _

from apps.accounts.desk import staff_of
from apps.accounts.services import access_record
from apps.common import clock
from apps.common.posting import posted, uuid_of
from apps.schools import services
from apps.schools.admin.scope import RoundScoped
from apps.schools.errors import ReasonMissing
from apps.schools.models import Appeal, Intake, Offer


@admin.register(Appeal)
class AppealAdmin(RoundScoped):
    unit_path = "application__round__department_id"
    list_display = ("application", "state", "made_at", "decided_at", "decided_by")
    list_select_related = ("application", "decided_by")
    list_filter = ("state", "application__round")
    search_fields = ("application__number",)
    ordering = ("-id",)
    fields = ("application", "state", "made_at", "decided_at", "decided_by", "decision", "intake")
    change_form_outer_before_template = "admin/schools/appeal.html"

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """Refuse: families appeal."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let nothing be changed in place."""
        return obj is None and bool(super().has_change_permission(request, obj))

    def get_urls(self) -> list[URLPattern]:
        """Add the doors of acts."""
        wrap = self.admin_site.admin_view
        return [
            path("<uuid:appeal_id>/act/<str:verb>/", wrap(self.act_view), name="schools_appeal_act"),
            *super().get_urls(),
        ]

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show the appeal; its words only after saying why (``read``)."""
        row = self.get_object(request, object_id) if object_id else None
        context: dict[str, Any] = {}
        if row is not None:
            asked = request.session.pop(f"appeal:{row.pk}", None)
            after = row.application.state in ("allocated", "unallocated")
            context = {
                "appeal": row, "words": row.text if asked else None, "is_open": row.state == Appeal.State.OPEN,
                "intakes": Intake.objects.filter(round_id=row.application.round_id).order_by("code") if after else [],
            }  # fmt: skip
        return super().changeform_view(request, object_id, form_url, context | (extra_context or {}))

    def act_view(self, request: HttpRequest, appeal_id: Any, verb: str) -> HttpResponse:
        """POST: ``read``, ``grant`` or ``dismiss``."""
        return self.act_answer(
            request, pk=appeal_id, permission="schools.change_appeal", work=lambda row: self._done(request, row, verb)
        )  # fmt: skip

    def _done(self, request: HttpRequest, row: Appeal, verb: str) -> Any:
        staff, now, text = staff_of(request), clock.now(), posted(request, "text")
        if verb == "read":
            if not text.strip():
                raise ReasonMissing(attr="text")
            if row.made_by_id is not None:
                access_record(
                    staff=staff, resident_id=row.made_by_id, subject=row.application.number, data="appeal",
                    reason=text[:200] or "appeal", now=now,
                )  # fmt: skip
            request.session[f"appeal:{row.pk}"] = True
            return _("Recorded; the data are shown once.")
        if verb not in ("grant", "dismiss"):
            raise Http404
        done = services.appeal_decide(
            appeal_id=row.pk, granted=verb == "grant", decision=text, staff=staff,
            intake_id=uuid_of(posted(request, "intake")) if verb == "grant" else None, now=now,
            extra=posted(request, "extra") == "1" and request.user.has_perm("schools.run_round"),
        )  # fmt: skip
        return _("Done: %(state)s.") % {"state": done.get_state_display()}


@admin.register(Offer)
class OfferAdmin(RoundScoped):
    """Offers are looked at here; families and the counter answer them."""

    unit_path = "intake__round__department_id"
    list_display = ("application", "intake", "state", "origin", "answer_until", "answered_at")
    list_select_related = ("application", "intake")
    list_filter = ("state", "origin", "intake__round")
    search_fields = ("application__number",)
    ordering = ("-id",)
    fields = (
        "application",
        "intake",
        "state",
        "origin",
        "answer_until",
        "made_at",
        "answered_at",
        "answered_by_staff",
        "note",
    )

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """Refuse: places are offered by rounds."""
        return False

    def has_change_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        """Refuse."""
        return False
