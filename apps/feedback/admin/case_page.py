"""The page of one case: its facts, its history, and the forms of the acts that are open to this person."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.translation import gettext_lazy as _

from apps.accounts import services as accounts
from apps.accounts.desk import staff_of
from apps.common import clock
from apps.common.errors import Refused
from apps.feedback import labels, services
from apps.feedback.admin.case_context import acts_of, context_of, open_verbs
from apps.feedback.admin.forms import ACTS, MoveForm
from apps.feedback.models import Case
from apps.feedback.notices import PAGE
from apps.feedback.parts import actors_of, contact_allowed
from apps.feedback.states import Verb
from apps.wechat.desk import code_answer


class CasePage:
    """The views of a single case; mixed into its admin."""

    admin_site: Any
    opts: Any
    get_object: Any
    has_view_permission: Any
    message_user: Any

    def page_urls(self) -> list[URLPattern]:
        """Return the doors of moves, of contact data, of previews, of the printed order and of the QR code."""
        wrap = self.admin_site.admin_view
        return [
            path("<uuid:case_id>/move/<str:verb>/", wrap(self.move_view), name="feedback_case_move"),
            path("<uuid:case_id>/preview/<str:verb>/", wrap(self.preview_view), name="feedback_case_preview"),
            path("<uuid:case_id>/contact/", wrap(self.contact_view), name="feedback_case_contact"),
            path("<uuid:case_id>/print/", wrap(self.print_view), name="feedback_case_print"),
            path("<uuid:case_id>/code/", wrap(self.code_view), name="feedback_case_code"),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show the case with the forms of the acts that are open to this person."""
        del form_url, extra_context
        return self._page(request, self._case(request, object_id))

    def _case(self, request: HttpRequest, case_id: Any) -> Case:
        """Return the case when this person may see it, else 404: whether it exists is nobody's business."""
        case: Case | None = self.get_object(request, str(case_id))
        if case is None or not self.has_view_permission(request, case):
            raise Http404
        return case

    def move_view(self, request: HttpRequest, case_id: Any, verb: str) -> HttpResponse:
        """POST: make a move; a form with errors shows the page again with them."""
        case = self._case(request, case_id)
        staff = staff_of(request)
        if request.method != "POST" or verb not in {v.value for v in ACTS}:
            return HttpResponse(status=405)
        act = ACTS[Verb(verb)]
        form = act.form(request.POST, request.FILES, case=case)
        if not form.is_valid():
            shown = {Verb(verb): form} if Verb(verb) in open_verbs(case, staff) else {}
            return self._page(request, case, status=400, bound=shown)
        try:
            act.service(number=case.number, staff=staff, now=clock.now(), **form.cleaned_data)
        except Refused as refused:
            # Shown with what was typed, so that a long answer is not lost to someone else's click.
            self.message_user(request, refused.text(), messages.ERROR)
            fresh = self._case(request, case_id)
            return self._page(request, fresh, status=refused.status, bound={Verb(verb): form})
        self.message_user(
            request, _("Done: %(verb)s.") % {"verb": labels.VERB_LABELS[Verb(verb)]}, messages.SUCCESS
        )
        if not Case.objects.visible_to(staff).filter(pk=case.pk).exists():
            return HttpResponseRedirect(reverse("admin:feedback_case_changelist"))
        return HttpResponseRedirect(reverse("admin:feedback_case_change", args=[case.pk]))

    def preview_view(self, request: HttpRequest, case_id: Any, verb: str) -> HttpResponse:
        """POST: show what the resident will get of this act, without doing it."""
        case = self._case(request, case_id)
        if request.method != "POST" or verb not in {v.value for v in ACTS}:
            return HttpResponse(status=405)
        act = ACTS[Verb(verb)]
        form = act.form(request.POST, request.FILES, case=case)
        told: list[services.Preview] = []
        refusal = ""
        if form.is_valid():
            try:
                told = services.act_preview(
                    act=act.service,
                    case=case,
                    staff=staff_of(request),
                    now=clock.now(),
                    given=form.cleaned_data,
                )
            except Refused as refused:
                refusal = refused.text()
        context = {
            **self.admin_site.each_context(request), "title": _("What the resident will get"), "case": case,
            "told": told, "refusal": refusal, "form": form, "opts": self.opts,
        }  # fmt: skip
        status = 200 if told or (form.is_valid() and not refusal) else 400
        return _private(TemplateResponse(request, "admin/feedback/preview.html", context, status=status))

    def contact_view(self, request: HttpRequest, case_id: Any) -> HttpResponse:
        """POST: record why, then show the contact data once, on this answer only."""
        case = self._case(request, case_id)
        reason = request.POST.get("reason", "").strip()[:200]
        if request.method != "POST":
            return HttpResponse(status=405)
        staff = staff_of(request)
        if not reason or not contact_allowed(case=case, parts=actors_of(staff=staff, case=case)):
            self.message_user(
                request, _("Contact data needs a reason and the right to see it."), messages.ERROR
            )
            return self._page(request, case, status=403)
        accounts.access_record(
            staff=staff, resident_id=case.resident_id, subject=case.number, data=str(_("phone")),
            reason=reason, now=clock.now(),
        )  # fmt: skip
        return self._page(request, case, contact=_contact(case))

    def print_view(self, request: HttpRequest, case_id: Any) -> HttpResponse:
        """Show the work order (工单) for the printer: no contact data, no internal notes of other units."""
        case = self._case(request, case_id)
        context = {
            **context_of(case, staff_of(request)),
            "case": case,
            "printed_at": clock.local(clock.now()),
        }
        return _private(TemplateResponse(request, "admin/feedback/print.html", context))

    def code_view(self, request: HttpRequest, case_id: Any) -> HttpResponse:
        """Show the code that leads the reporter to the case; for anyone else the mini-program finds nothing there."""
        case = self._case(request, case_id)
        return code_answer(
            request=request, page=PAGE, params={"number": case.number}, name=f"case-{case.number}",
            back=reverse("admin:feedback_case_change", args=[case.pk]),
        )  # fmt: skip

    def _page(
        self,
        request: HttpRequest,
        case: Case,
        *,
        status: int = 200,
        contact: list[tuple[Any, str]] | None = None,
        bound: dict[Verb, MoveForm] | None = None,
    ) -> HttpResponse:
        staff = staff_of(request)
        context = {
            **self.admin_site.each_context(request),
            "title": case.number,
            "subtitle": case.state_label,
            "opts": self.opts,
            "case": case,
            **context_of(case, staff),
            "acts": acts_of(case, staff, bound or {}),
            "contact": contact,
        }
        return _private(TemplateResponse(request, "admin/feedback/case.html", context, status=status))


def _private(response: TemplateResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response


def _contact(case: Case) -> list[tuple[Any, str]]:
    """Return whom to call: the reporter, and the person whom the case is for."""
    rows = [(_("Reporter"), case.resident.phone or str(_("no phone on record")))]
    elder = getattr(case, "on_behalf", None)
    if elder is not None:
        rows.append((_("For"), " ".join([elder.name or "", elder.phone or str(_("no phone on record"))])))
    return rows
