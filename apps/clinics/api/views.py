"""Departments, sessions and slots for everybody; patients, appointments and waiting for residents."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.base import PublicView, ResidentView, resident_of
from apps.clinics import selectors, services
from apps.clinics.api import serializers as shapes
from apps.clinics.api.calendar_links import appointment_of_link
from apps.clinics.api.inputs import days_of, facility_of
from apps.clinics.api.shapes import (
    appointment_shape,
    department_shape,
    patient_shape,
    session_shape,
    slot_shape,
)
from apps.clinics.errors import AppointmentUnknown
from apps.clinics.ical import calendar_file
from apps.clinics.models import Appointment, ClinicSession
from apps.clinics.services import PatientDraft
from apps.clinics.states import AppointmentState
from apps.common import clock
from apps.common.api.idempotency import answer_once
from apps.common.api.paging import after_of, limit_of, page_cut, page_of
from apps.common.api.schema import paged

KEY = OpenApiParameter("Idempotency-Key", OpenApiTypes.STR, OpenApiParameter.HEADER)
PAGE = [OpenApiParameter("limit", OpenApiTypes.INT), OpenApiParameter("cursor", OpenApiTypes.STR)]


class DepartmentsView(PublicView):
    """GET clinics/departments"""

    @extend_schema(
        operation_id="clinics_departments",
        parameters=[OpenApiParameter("facility", OpenApiTypes.UUID), *PAGE],
        responses=paged(shapes.DepartmentOutput),
    )
    def get(self, request: Request) -> Response:
        rows = selectors.departments_open(facility_id=facility_of(request))
        page = page_of(rows=rows, request=request, keys=("institution_id", "name", "id"))
        return Response({"results": [department_shape(one) for one in page.rows], "next": page.next})


class SessionsView(PublicView):
    """GET clinics/departments/{id}/sessions"""

    @extend_schema(
        operation_id="clinics_sessions",
        parameters=[
            OpenApiParameter("from", OpenApiTypes.DATE, description="Default: today."),
            OpenApiParameter(
                "to", OpenApiTypes.DATE, description="Default: 13 days later; at most 31 days in all."
            ),
            *PAGE,
        ],
        responses=paged(shapes.SessionOutput),
    )
    def get(self, request: Request, department_id: int) -> Response:
        (first, last), limit = days_of(request, today=clock.today()), limit_of(request)
        after = after_of(request, model=ClinicSession, keys=("starts_at", "id"))
        department = selectors.department_get(department_id=department_id)
        lines = selectors.sessions_of(
            department=department, first=first, last=last, now=clock.now(), limit=limit + 1,
            after=(after[0], after[1]) if after else None,
        )  # fmt: skip
        page = page_cut(lines, limit=limit, keys=("starts_at", "id"))
        return Response({"results": [session_shape(line) for line in page.rows], "next": page.next})


class SlotsView(PublicView):
    """GET clinics/sessions/{id}/slots"""

    @extend_schema(operation_id="clinics_slots", parameters=PAGE, responses=paged(shapes.SlotOutput))
    def get(self, request: Request, session_id: UUID) -> Response:
        session = selectors.session_get(session_id=session_id)
        if session is None:
            raise NotFound
        page = page_of(rows=session.slots.all(), request=request, keys=("starts_at", "id"))
        lines = selectors.slots_free(slots=page.rows, now=clock.now())
        return Response({"results": [slot_shape(slot, left) for slot, left in lines], "next": page.next})


class PatientsView(ResidentView):
    """GET and POST patients"""

    @extend_schema(operation_id="patients_list", parameters=PAGE, responses=paged(shapes.PatientOutput))
    def get(self, request: Request) -> Response:
        rows = selectors.patients_of(resident_id=resident_of(request).id, now=clock.now())
        page, today = page_of(rows=rows, request=request, keys=("id",)), clock.today()
        return Response({"results": [patient_shape(one, today) for one in page.rows], "next": page.next})

    @extend_schema(parameters=[KEY], request=shapes.PatientInput, responses={201: shapes.PatientOutput})
    def post(self, request: Request) -> HttpResponseBase:
        given, resident_id = shapes.PatientInput.of(request), resident_of(request).id
        draft = _patient_draft(given)

        def work() -> Response:
            access = services.patient_add(resident_id=resident_id, draft=draft, now=clock.now())
            return Response(patient_shape(access, clock.today()), status=201)

        return answer_once(request=request, actor_id=resident_id, work=work)


def _patient_draft(given: dict[str, Any]) -> PatientDraft:
    gender = given.get("gender")
    return PatientDraft(
        relation=given["relation"], name=given["name"], id_kind=given["id_kind"], id_number=given["id_number"],
        phone=given.get("phone") or "", birth_on=given.get("birth_on"),
        is_female=None if gender is None else gender == "female", days=given.get("days"), consent=given["consent"],
    )  # fmt: skip


class PatientAccessView(ResidentView):
    """DELETE patients/{access}"""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, access_id: UUID) -> Response:
        services.access_end(access_id=access_id, resident_id=resident_of(request).id, now=clock.now())
        return Response(status=204)


class HoldsView(ResidentView):
    """POST clinics/holds"""

    @extend_schema(parameters=[KEY], request=shapes.HoldInput, responses={201: shapes.HoldOutput})
    def post(self, request: Request) -> HttpResponseBase:
        given, resident_id = shapes.HoldInput.of(request), resident_of(request).id

        def work() -> Response:
            held = services.hold_make(
                slot_id=given["slot"], patient_id=given["patient"], resident_id=resident_id, now=clock.now()
            )
            until = clock.local(held.hold_until) if held.hold_until else None
            return Response(
                {"id": held.pk, "expires_at": until and until.isoformat(timespec="seconds")}, status=201
            )

        return answer_once(request=request, actor_id=resident_id, work=work)


def own_appointment(request: Request, number: str) -> Appointment:
    """Return the appointment of the signed-in resident.  1 query.  Raises AppointmentUnknown."""
    found = selectors.appointments_own(resident_id=resident_of(request).id, now=clock.now())
    appointment = found.filter(number=number).first()
    if appointment is None:
        raise AppointmentUnknown
    return appointment


class AppointmentsView(ResidentView):
    """GET and POST clinics/appointments"""

    @extend_schema(
        operation_id="clinics_appointments_list", parameters=PAGE, responses=paged(shapes.AppointmentOutput)
    )
    def get(self, request: Request) -> Response:
        now = clock.now()
        rows = selectors.appointments_own(resident_id=resident_of(request).id, now=now)
        page = page_of(rows=rows, request=request, keys=("-starts_at", "-id"))
        return Response({"results": [appointment_shape(one, now) for one in page.rows], "next": page.next})

    @extend_schema(
        parameters=[KEY], request=shapes.AppointmentInput, responses={201: shapes.AppointmentOutput}
    )
    def post(self, request: Request) -> HttpResponseBase:
        given, resident_id = shapes.AppointmentInput.of(request), resident_of(request).id
        shapes.AppointmentInput.one_way(given)

        def work() -> Response:
            now, reason = clock.now(), given.get("reason") or ""
            if given.get("hold"):
                booked = services.hold_book(
                    hold_id=given["hold"], resident_id=resident_id, reason=reason, now=now
                )
            else:
                booked = services.appointment_book(
                    slot_id=given["slot"],
                    patient_id=given["patient"],
                    resident_id=resident_id,
                    reason=reason,
                    now=now,
                )
            booked.appointment.session, booked.appointment.department = (
                booked.slot.session,
                booked.slot.session.department,
            )
            return Response(appointment_shape(booked.appointment, now), status=201)

        return answer_once(request=request, actor_id=resident_id, work=work)


class AppointmentView(ResidentView):
    """GET clinics/appointments/{number}"""

    @extend_schema(responses=shapes.AppointmentOutput)
    def get(self, request: Request, number: str) -> Response:
        return Response(appointment_shape(own_appointment(request, number), clock.now()))


class AppointmentCancelView(ResidentView):
    """POST clinics/appointments/{number}/cancel"""

    @extend_schema(request=None, responses=shapes.AppointmentOutput)
    def post(self, request: Request, number: str) -> Response:
        services.appointment_cancel(number=number, resident_id=resident_of(request).id, now=clock.now())
        return Response(appointment_shape(own_appointment(request, number), clock.now()))


class CheckInView(ResidentView):
    """POST clinics/appointments/{number}/check-in"""

    @extend_schema(request=shapes.CheckInInput, responses=shapes.AppointmentOutput)
    def post(self, request: Request, number: str) -> Response:
        code = shapes.CheckInInput.of(request)["code"]
        services.check_in(number=number, resident_id=resident_of(request).id, door_code=code, now=clock.now())
        return Response(appointment_shape(own_appointment(request, number), clock.now()))


class CalendarView(ResidentView):
    """GET clinics/appointments/{number}/calendar.ics"""

    @extend_schema(
        operation_id="clinics_appointment_calendar",
        responses={(200, "text/calendar"): OpenApiResponse(OpenApiTypes.STR)},
    )
    def get(self, request: Request, number: str) -> HttpResponse:
        return _calendar(own_appointment(request, number))


class CalendarLinkView(PublicView):
    """GET clinics/calendar/{token}"""

    @extend_schema(
        operation_id="clinics_calendar_link",
        responses={(200, "text/calendar"): OpenApiResponse(OpenApiTypes.STR)},
    )
    def get(self, _request: Request, token: str) -> HttpResponse:
        appointment_id = appointment_of_link(token=token)
        one = selectors.appointment_get(appointment_id=appointment_id) if appointment_id else None
        if one is None:
            raise AppointmentUnknown
        return _calendar(one)


def _calendar(one: Appointment) -> HttpResponse:
    institution = one.department.institution
    body = calendar_file(
        number=one.number, title=f"{one.department.name} · {institution.facility.name}",
        place=institution.facility.address or institution.facility.name, starts_at=one.starts_at, ends_at=one.ends_at,
        made_at=one.created_at, version=one.version,
        cancelled=one.state in (AppointmentState.CANCELLED, AppointmentState.ENTERED_IN_ERROR),
        tentative=one.state == AppointmentState.PROPOSED,
    )  # fmt: skip
    answer = HttpResponse(body, content_type="text/calendar; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{one.number}.ics"'
    answer["Cache-Control"] = "no-store"
    return answer
