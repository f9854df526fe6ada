"""The day of a clinic: sessions, the sheet of one with its patients, the acts at the desk, walk-ins, suspending."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.db.models import BooleanField, Count, ExpressionWrapper, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from apps.accounts.desk import staff_of
from apps.clinics import desk_selectors, selectors, services
from apps.clinics.admin.scope import ClinicAdmin
from apps.clinics.models import Appointment, ClinicSession, Slot
from apps.clinics.services import PatientDraft
from apps.clinics.states import LIVE, Actor, AppointmentState, Verb, move_of
from apps.common import clock
from apps.common.errors import Refused
from apps.common.posting import posted, uuid_of, whole_number

VERB_LABELS: dict[Verb, Any] = {
    Verb.CHECK_IN: _("Arrived"),
    Verb.FULFIL: _("Seen"),
    Verb.MISS: _("Did not come"),
    Verb.CANCEL: _("Cancel"),
    Verb.UNDO: _("Undo"),
    Verb.VOID: _("Entered in error"),
}
WITH_REASON = frozenset({Verb.CANCEL, Verb.UNDO, Verb.VOID})
# A mobile number, or a landline with its area code; people write spaces and dashes between.
PHONE = r"^ *(1([ -]*[0-9]){10}|0([ -]*[0-9]){9,11}) *$"
POOL_LABELS: dict[str, Any] = {
    "public": _("units for the public"),
    "counter": _("units at the counter"),
    "referral": _("units for referrals"),
    "elderly": _("units for the elderly"),
}


class WalkInForm(forms.Form):
    """Someone who stands at the counter with a card."""

    slot = forms.UUIDField(label=_("slot"))
    name = forms.CharField(label=_("full name"), max_length=40)
    id_number = forms.CharField(label=_("number of the document"), max_length=30)
    phone = forms.RegexField(PHONE, label=_("telephone"), max_length=20, required=False)

    def clean_phone(self) -> str:
        """Return the digits."""
        return re.sub(r"[ -]", "", self.cleaned_data["phone"])


class AddForm(forms.ModelForm):  # type: ignore[type-arg]
    """A single session beside the weekly ones."""

    minutes = forms.IntegerField(
        label=_("minutes of a slot"),
        min_value=5,
        max_value=240,
        initial=30,
        widget=UnfoldAdminIntegerFieldWidget,
    )
    public = forms.IntegerField(
        label=_("units of a slot for everyone"),
        min_value=0,
        max_value=200,
        initial=1,
        widget=UnfoldAdminIntegerFieldWidget,
    )
    counter = forms.IntegerField(
        label=_("units of a slot at the counter"),
        min_value=0,
        max_value=200,
        initial=0,
        widget=UnfoldAdminIntegerFieldWidget,
    )

    class Meta:
        model = ClinicSession
        fields = ("department", "practitioner", "room", "starts_at", "ends_at")

    def _get_validation_exclusions(self) -> set[str]:
        # The service answers in words; Django can not judge a constraint whose condition no field of the form holds.
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]  # not in the stubs
        return excluded | {"practitioner", "room"}

    def clean(self) -> dict[str, Any]:
        """Compare with the department: a practitioner and a room are of its institution."""
        given: dict[str, Any] = super().clean() or {}
        department = given.get("department")
        for name in ("practitioner", "room"):
            one = given.get(name)
            if department and one and one.institution_id != department.institution_id:
                self.add_error(name, _("This is of another institution."))
        return given


@admin.register(ClinicSession)
class ClinicSessionAdmin(ClinicAdmin):
    unit_path = "department__institution__department_id"
    list_display = ("on", "starts_at", "department", "practitioner", "room", "booked_shown", "state")
    list_select_related = ("department__institution__facility", "practitioner", "room")
    list_filter = ("on", "state")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ClinicSession]:
        """Return the sessions with how many patients each has."""
        booked = Count("appointments", filter=Q(appointments__state__in=[*LIVE, AppointmentState.FULFILLED]))
        rows: QuerySet[ClinicSession] = super().get_queryset(request)
        return rows.annotate(booked=booked)

    def get_ordering(self, _request: HttpRequest) -> Any:
        """Return today first, then what is to come, what is over last."""
        over = ExpressionWrapper(Q(on__lt=clock.today()), output_field=BooleanField())
        return (over.asc(), "on", "starts_at", "id")

    @admin.display(description=_("patients"))
    def booked_shown(self, session: Any) -> int:
        """Return how many patients it has."""
        return int(session.booked)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return the form of a single session."""
        return super().get_form(request, obj, change, **(kwargs | {"form": AddForm, "fields": None}))

    def get_fields(self, _request: HttpRequest, _obj: Any = None) -> Any:
        """Return what a single session needs."""
        return ("department", "practitioner", "room", "starts_at", "ends_at", "minutes", "public", "counter")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Hand the form to the service."""
        given = form.cleaned_data
        pools = {name: given[name] for name in ("public", "counter") if given[name]}
        obj.pk = services.session_add(
            department=given["department"], practitioner=given["practitioner"], room=given["room"],
            starts_at=given["starts_at"], ends_at=given["ends_at"], minutes=given["minutes"], pools=pools, now=clock.now(),
        ).pk  # fmt: skip

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> Any:
        """Show the form; a refusal leads back to it with its words."""
        try:
            return super().changeform_view(request, None, form_url, extra_context)
        except Refused as refused:
            self.message_user(request, refused.text(), messages.ERROR)
            return HttpResponseRedirect(request.path)

    def has_change_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        """Refuse: what happens to a session are acts."""
        return False

    def get_urls(self) -> list[URLPattern]:
        """Add the sheet to print and the doors of acts."""
        wrap = self.admin_site.admin_view
        return [
            path("<uuid:session_id>/sheet/", wrap(self.sheet_view), name="clinics_session_sheet"),
            path("<uuid:session_id>/act/", wrap(self.act_view), name="clinics_session_act"),
            path("<uuid:session_id>/check-in/", wrap(self.check_in_view), name="clinics_session_check_in"),
            path("<uuid:session_id>/walk-in/", wrap(self.walk_in_view), name="clinics_session_walk_in"),
            path("<uuid:session_id>/suspend/", wrap(self.suspend_view), name="clinics_session_suspend"),
            path("<uuid:session_id>/units/", wrap(self.units_view), name="clinics_session_units"),
            path("<uuid:session_id>/ring/", wrap(self.ring_view), name="clinics_session_ring"),
            path("<uuid:session_id>/told/", wrap(self.told_view), name="clinics_session_told"),
            *super().get_urls(),
        ]

    def _session(self, request: HttpRequest, session_id: Any) -> ClinicSession:
        session = self.get_object(request, str(session_id))
        if session is None or not self.has_view_permission(request, session):
            raise Http404
        return session  # type: ignore[no-any-return]

    def changeform_view(
        self, request: HttpRequest, object_id: Any = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show the day sheet: names are masked until someone says why they are needed."""
        session = self._session(request, object_id)
        context = {
            **self.admin_site.each_context(request),
            **self._context(session),
            "title": str(session.department),
        }
        return TemplateResponse(request, "admin/clinics/session.html", context)

    def _context(self, session: ClinicSession, *, named: bool = False) -> dict[str, Any]:
        now = clock.now()
        lines = [
            {
                "appointment": one, "name": one.patient.name if named else one.patient.name_masked,
                "acts": [
                    {"verb": verb.value, "label": label, "reason": verb in WITH_REASON}
                    for verb, label in VERB_LABELS.items()
                    if move_of(state=AppointmentState(one.state), verb=verb, actor=Actor.STAFF)
                ],
            }
            for one in selectors.appointments_day(session_id=session.pk)
        ]  # fmt: skip
        counter = selectors.slots_of_session(session_id=session.pk, now=now, pool="counter")
        public = dict(selectors.slots_of_session(session_id=session.pk, now=now))
        units, changes = desk_selectors.units_of_session(session_id=session.pk)
        return {
            "session": session, "lines": lines, "opts": self.model._meta, "now": now,
            "open": session.state == ClinicSession.State.OPEN and session.ends_at > now,
            "slots": [(slot, free + public.get(slot, 0)) for slot, free in counter if slot.ends_at > now],
            "units": [(one, POOL_LABELS.get(one.pool, one.pool)) for one in units if one.slot.ends_at > now],
            "changes": [(one, POOL_LABELS.get(one.change.pool.name, one.change.pool.name)) for one in changes],
            "ring": desk_selectors.untold_of(session_id=session.pk),
        }  # fmt: skip

    def sheet_view(self, request: HttpRequest, session_id: UUID) -> HttpResponse:
        """POST with a reason: the sheet with full names, to be printed; each look is recorded first."""
        session = self._session(request, session_id)
        patients = selectors.appointments_day(session_id=session.pk)
        reason = self._look(request, patients, "patient's name")
        if not reason:
            return self._back(session_id)
        context = {
            **self.admin_site.each_context(request), **self._context(session, named=True), "staff": staff_of(request),
            "reason": reason, "title": str(session.department),
        }  # fmt: skip
        return TemplateResponse(request, "admin/clinics/sheet.html", context)

    def ring_view(self, request: HttpRequest, session_id: UUID) -> HttpResponse:
        """POST with a reason: names and telephones of who must be rung, to be printed; each look is recorded first."""
        session = self._session(request, session_id)
        if not request.user.has_perm("clinics.change_appointment"):
            raise Http404
        reason = self._look(
            request, desk_selectors.untold_of(session_id=session.pk), "patient's name and telephone"
        )
        if not reason:
            return self._back(session_id)
        context = {
            **self.admin_site.each_context(request), **self._context(session), "staff": staff_of(request),
            "ring_reason": reason, "title": str(session.department),
        }  # fmt: skip
        return TemplateResponse(request, "admin/clinics/session.html", context)

    def _look(self, request: HttpRequest, patients: list[Appointment], data: str) -> str:
        """Record why the names are looked at and return it; empty, with a message, where nobody says why."""
        reason = posted(request, "reason").strip()[:200] if request.method == "POST" else ""
        if not reason:
            self.message_user(request, _("Please say what the names are needed for."), messages.ERROR)
            return ""
        services.names_look(
            appointments=patients, staff=staff_of(request), data=data, reason=reason, now=clock.now()
        )
        return reason

    def _back(self, session_id: UUID) -> HttpResponseRedirect:
        return HttpResponseRedirect(reverse("admin:clinics_clinicsession_change", args=[session_id]))

    def _act(self, request: HttpRequest, session_id: UUID, work: Any) -> HttpResponse:
        """Do ``work`` for a POST by someone who sees the session, and go back with what came of it."""
        if request.method != "POST":
            return HttpResponse(status=405)
        self._session(request, session_id)
        if not request.user.has_perm("clinics.change_appointment"):
            raise Http404
        try:
            said = work()
        except Refused as refused:
            self.message_user(request, refused.text(), messages.ERROR)
        else:
            self.message_user(request, said, messages.SUCCESS)
        return self._back(session_id)

    def act_view(self, request: HttpRequest, session_id: UUID) -> HttpResponse:
        """POST: one act on one appointment."""

        def work() -> Any:
            verb, number = request.POST.get("verb", ""), request.POST.get("appointment", "")
            if verb not in {one.value for one in VERB_LABELS} or uuid_of(number) is None:
                raise Http404
            done = services.appointment_act(
                appointment_id=UUID(number), staff=staff_of(request), verb=Verb(verb),
                version=whole_number(request.POST.get("version", "")), reason=posted(request, "reason"), now=clock.now(),
            )  # fmt: skip
            return _("%(number)s: %(state)s") % {"number": done.number, "state": done.get_state_display()}

        return self._act(request, session_id, work)

    def check_in_view(self, request: HttpRequest, session_id: UUID) -> HttpResponse:
        """POST: check in whoever shows the code of their appointment."""

        def work() -> Any:
            code = posted(request, "code").strip()[:40]
            done = services.check_in_by_code(code=code, staff=staff_of(request), now=clock.now())
            return _("%(number)s: %(state)s") % {"number": done.number, "state": done.get_state_display()}

        return self._act(request, session_id, work)

    def walk_in_view(self, request: HttpRequest, session_id: UUID) -> HttpResponse:
        """POST: book whoever stands at the counter."""

        def work() -> Any:
            form = WalkInForm(request.POST)
            if not form.is_valid():
                raise WalkInWrong(fields="、".join(str(form.fields[name].label) for name in form.errors))
            given = form.cleaned_data
            draft = PatientDraft(
                relation="self", name=given["name"], id_kind="resident", id_number=given["id_number"],
                phone=given["phone"],
            )  # fmt: skip
            booked = services.walk_in(
                slot_id=given["slot"], draft=draft, staff=staff_of(request), now=clock.now()
            )
            return _("Booked at the counter: %(number)s") % {"number": booked.appointment.number}

        return self._act(request, session_id, work)

    def suspend_view(self, request: HttpRequest, session_id: UUID) -> HttpResponse:
        """POST: the session does not take place."""

        def work() -> Any:
            done = services.session_suspend(
                session_id=session_id,
                staff=staff_of(request),
                reason=posted(request, "reason"),
                now=clock.now(),
            )
            ring = len(desk_selectors.untold_of(session_id=session_id))
            if not ring:
                return _("Suspended; %(count)s patients are told and another time is looked for.") % {
                    "count": done.met
                }
            return _(
                "Suspended; %(count)s patients are told and another time is looked for. No notice reaches %(ring)s others: "
                "please ring them, the list stands below."
            ) % {"count": done.met - ring, "ring": ring}

        return self._act(request, session_id, work)

    def units_view(self, request: HttpRequest, session_id: UUID) -> HttpResponse:
        """POST: more units of a slot, or fewer."""

        def work() -> Any:
            # The choice says what the person saw: identifier of the slot, pool, units.
            slot_text, pool, seen = [*posted(request, "slot").split(":"), "", ""][:3]
            slot_id = uuid_of(slot_text)
            slot = Slot.objects.filter(pk=slot_id, session_id=session_id).first() if slot_id else None
            if slot is None or pool not in POOL_LABELS:
                raise Http404
            total, before = whole_number(posted(request, "total").strip()), whole_number(seen)
            offered = services.slot_units_change(
                slot_id=slot.pk, pool=pool, total=total, seen=before, staff=staff_of(request),
                reason=posted(request, "reason"), now=clock.now(),
            )  # fmt: skip
            return _(
                "%(time)s, %(pool)s: from %(before)s to %(total)s; %(offered)s who waited are offered one."
            ) % {
                "time": f"{clock.local(slot.starts_at):%H:%M}", "pool": POOL_LABELS[pool], "before": before, "total": total,
                "offered": offered,
            }  # fmt: skip

        return self._act(request, session_id, work)

    def told_view(self, request: HttpRequest, session_id: UUID) -> HttpResponse:
        """POST: somebody rang a patient whom no notice reaches."""

        def work() -> Any:
            found = uuid_of(request.POST.get("appointment", ""))
            if found is None:
                raise Http404
            done = services.untold_tell(appointment_id=found, staff=staff_of(request), now=clock.now())
            return _("%(number)s: told by telephone") % {"number": done.number}

        return self._act(request, session_id, work)


class WalkInWrong(Refused):
    code = "walk_in_wrong"
    message = _("Please check: %(fields)s")
    status = 400
