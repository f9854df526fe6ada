"""The case queue and the case page: everything that a clerk or a handler does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from apps.accounts import services as accounts
from apps.accounts.desk import staff_of
from apps.common import clock
from apps.common.admin import ReadOnlyAdmin
from apps.common.errors import Refused
from apps.common.uploads import upload_link
from apps.feedback import labels, selectors
from apps.feedback.admin.forms import ACTS, MoveForm
from apps.feedback.api.shapes import why_label
from apps.feedback.models import Case
from apps.feedback.parts import actors_of
from apps.feedback.states import AT_REST, Actor, CaseState, Identity, Verb, verbs_open
from apps.notifications import selectors as notifications

if TYPE_CHECKING:
    pass

SOON_H = 24


def due_mark(case: Case) -> str:
    """Return the deadline as a word and a time: late, soon, in time, at rest.  Colour is never the only sign."""
    if case.due_at is None:
        return "-"
    now, due = clock.now(), clock.local(case.due_at)
    if CaseState(case.state) in AT_REST:
        css, word = "qs-rest", _("settled late") if case.overdue(now) else _("at rest")
    elif now > case.due_at:
        css, word = "qs-late", _("overdue")
    elif (case.due_at - now).total_seconds() < SOON_H * 3600:
        css, word = "qs-soon", _("due soon")
    else:
        css, word = "qs-fine", _("in time")
    return format_html('<span class="qs-mark {}">{}</span> {}', css, word, f"{due:%m-%d %H:%M}")


@admin.register(Case)
class CaseAdmin(ReadOnlyAdmin):
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
    list_filter = ("state", "request_type")
    search_fields = ("number__startswith",)
    search_help_text = _("The beginning of a case number")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Case]:
        """Return the queue of this person."""
        return selectors.queue_of(staff=request.user)

    def get_ordering(self, _request: HttpRequest) -> list[Any]:
        """Order by deadline, the earliest first."""
        return [F("due_at").asc(nulls_last=True), "id"]

    @admin.display(description=_("state"), ordering="state")
    def state_shown(self, case: Case) -> str:
        """Return the state in words."""
        return case.state_label

    @admin.display(description=_("text"))
    def excerpt(self, case: Case) -> str:
        """Return the beginning of the text."""
        return " ".join(case.text.split())[:30]

    @admin.display(description=_("deadline"), ordering="due_at")
    def due_shown(self, case: Case) -> str:
        """Return the deadline."""
        return due_mark(case)

    @admin.display(description=_("submitted at"), ordering="submitted_at")
    def submitted_shown(self, case: Case) -> str:
        """Return when it came in."""
        return f"{clock.local(case.submitted_at):%m-%d %H:%M}"

    def get_urls(self) -> list[URLPattern]:
        """Add the doors of moves and of contact data."""
        wrap = self.admin_site.admin_view
        return [
            path("<uuid:case_id>/move/<str:verb>/", wrap(self.move_view), name="feedback_case_move"),
            path("<uuid:case_id>/contact/", wrap(self.contact_view), name="feedback_case_contact"),
            *super().get_urls(),
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
        open_now = verbs_open(source=CaseState(case.state), actors=actors_of(staff=staff, case=case))
        if request.method != "POST" or verb not in {v.value for v in ACTS}:
            return HttpResponse(status=405)
        act = ACTS[Verb(verb)]
        form = act.form(request.POST, case=case)
        if not form.is_valid():
            return self._page(
                request, case, status=400, bound={Verb(verb): form} if Verb(verb) in open_now else {}
            )
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

    def contact_view(self, request: HttpRequest, case_id: Any) -> HttpResponse:
        """POST: record why, then show the resident's phone once, on this answer only."""
        case = self._case(request, case_id)
        reason = request.POST.get("reason", "").strip()[:200]
        if request.method != "POST":
            return HttpResponse(status=405)
        if not reason or not contact_allowed(case=case, staff=staff_of(request)):
            self.message_user(
                request, _("Contact data needs a reason and the right to see it."), messages.ERROR
            )
            return self._page(request, case, status=403)
        accounts.access_record(
            staff=staff_of(request), resident_id=case.resident_id, subject=case.number, data=str(_("phone")),
            reason=reason, now=clock.now(),
        )  # fmt: skip
        return self._page(request, case, phone=case.resident.phone or str(_("no phone on record")))

    def _page(
        self, request: HttpRequest, case: Case, *, status: int = 200, phone: str = "", bound: Any = None
    ) -> HttpResponse:
        staff = staff_of(request)
        history = selectors.histories_of(cases=[case])
        context = {
            **self.admin_site.each_context(request),
            "title": case.number,
            "subtitle": case.state_label,
            "opts": self.opts,
            "case": case,
            "due": due_mark(case),
            "due_lines": [(line["on"], line["counts"], why_label(line)) for line in case.due_explained],
            "address": case.address,
            "timeline": _timeline(case, history),
            "rating": history.ratings.get(case.id),
            "acts": _acts(case, staff, bound or {}),
            "identity": labels.IDENTITY_LABELS[Identity(case.identity)],
            "contact_allowed": contact_allowed(case=case, staff=staff),
            "phone": phone,
        }
        response = TemplateResponse(request, "admin/feedback/case.html", context, status=status)
        response["Cache-Control"] = "no-store"
        return response


def contact_allowed(*, case: Case, staff: Any) -> bool:
    """Whether ``staff`` may ask for the contact data: never of an anonymous case, of a hidden one only the desk."""
    if case.identity == Identity.ANONYMOUS.value:
        return False
    parts = actors_of(staff=staff, case=case)
    return Actor.CLERK in parts or (Actor.HANDLER in parts and case.identity == Identity.NAMED.value)


def _acts(case: Case, staff: Any, bound: dict[Verb, MoveForm]) -> list[dict[str, Any]]:
    verbs = verbs_open(source=CaseState(case.state), actors=actors_of(staff=staff, case=case))
    known = [verb for verb in ACTS if verb in verbs]
    for verb in bound:
        if verb not in known:
            known.append(verb)
    return [
        {
            "verb": verb.value,
            "label": labels.VERB_LABELS[verb],
            "primary": ACTS[verb].primary,
            "form": bound.get(verb) or ACTS[verb].form(case=case, auto_id=f"{verb.value}_%s"),
            "url": reverse("admin:feedback_case_move", args=[case.pk, verb.value]),
            "open": verb in verbs,
        }
        for verb in known
    ]


def _timeline(case: Case, history: selectors.History) -> list[dict[str, Any]]:
    entries = history.entries[case.id]
    keys = {entry.id: f"feedback.{_event(entry.verb)}:{entry.id}" for entry in entries}
    told = notifications.deliveries_of_keys(dedup_keys=list(keys.values()))
    return [
        {
            "at": entry.at,
            "label": labels.VERB_LABELS[Verb(entry.verb)],
            "who": entry.staff
            or entry.unit
            or (_("resident") if entry.actor == Actor.RESIDENT.value else ""),
            "text": case.text if entry.verb == Verb.SUBMIT.value else entry.text,
            "photos": [
                (upload_link(upload), upload_link(upload, thumb=True))
                for upload in history.uploads.get(entry.id, [])
            ],
            "told": told.get(keys[entry.id]),
        }
        for entry in entries
    ]


_EVENTS = {"submit": "submitted", "refuse": "not_accepted", "dispatch": "dispatched", "reply": "replied"}


def _event(verb: str) -> str:
    return _EVENTS.get(verb, verb)
