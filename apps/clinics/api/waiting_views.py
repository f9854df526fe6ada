"""Waiting lists, restrictions and their appeals, referrals as their patients see them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.base import ResidentView, resident_of
from apps.capacity.selectors import wait_positions
from apps.clinics import selectors, services
from apps.clinics.api import serializers as shapes
from apps.clinics.api.shapes import appointment_shape, referral_shape, restriction_shape, wait_shape
from apps.clinics.api.views import KEY, PAGE
from apps.clinics.errors import AppointmentUnknown, WaitUnknown
from apps.clinics.models import WaitRequest
from apps.clinics.referral_errors import ReferralUnknown
from apps.common import clock
from apps.common.api.idempotency import answer_once
from apps.common.api.paging import page_of
from apps.common.api.schema import paged


def _wait(request: Request, wait_id: UUID) -> dict[str, object]:
    wait = selectors.waits_own(resident_id=resident_of(request).id).filter(pk=wait_id).first()
    if wait is None:
        raise WaitUnknown
    return _shapes([wait])[0]


def _shapes(waits: Sequence[WaitRequest]) -> list[dict[str, object]]:
    """Return the shapes of waiting requests.  2 queries."""
    claims = [one.entry.claim for one in waits if one.entry.claim]
    slots = selectors.offered_slots(capacity_ids=[claim.pool.capacity_id for claim in claims])
    positions = wait_positions(entry_ids=[one.entry_id for one in waits])
    return [wait_shape(one, slots, positions) for one in waits]


class WaitlistView(ResidentView):
    """GET and POST clinics/waitlist"""

    @extend_schema(operation_id="clinics_waitlist", parameters=PAGE, responses=paged(shapes.WaitOutput))
    def get(self, request: Request) -> Response:
        page = page_of(
            rows=selectors.waits_own(resident_id=resident_of(request).id), request=request, keys=("-id",)
        )
        return Response({"results": _shapes(page.rows), "next": page.next})

    @extend_schema(parameters=[KEY], request=shapes.WaitInput, responses={201: shapes.WaitOutput})
    def post(self, request: Request) -> HttpResponseBase:
        given, resident_id = shapes.WaitInput.of(request), resident_of(request).id

        def work() -> Response:
            wait = services.waitlist_join(
                department_id=given["department"], patient_id=given["patient"], resident_id=resident_id,
                first_on=given["from"], last_on=given["to"], now=clock.now(),
            )  # fmt: skip
            return Response(_wait(request, wait.pk), status=201)

        return answer_once(request=request, actor_id=resident_id, work=work)


class WaitView(ResidentView):
    """DELETE clinics/waitlist/{id}"""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, wait_id: UUID) -> Response:
        services.waitlist_leave(wait_id=wait_id, resident_id=resident_of(request).id, now=clock.now())
        return Response(status=204)


class WaitAcceptView(ResidentView):
    """POST clinics/waitlist/{id}/accept"""

    @extend_schema(request=None, responses=shapes.AppointmentOutput)
    def post(self, request: Request, wait_id: UUID) -> Response:
        resident_id, now = resident_of(request).id, clock.now()
        made = services.waitlist_accept(wait_id=wait_id, resident_id=resident_id, now=now)
        found = selectors.appointments_own(resident_id=resident_id, now=now).filter(pk=made.pk).first()
        if found is None:
            raise AppointmentUnknown
        return Response(appointment_shape(found, now))


class WaitDeclineView(ResidentView):
    """POST clinics/waitlist/{id}/decline"""

    @extend_schema(request=None, responses=shapes.WaitOutput)
    def post(self, request: Request, wait_id: UUID) -> Response:
        services.waitlist_decline(wait_id=wait_id, resident_id=resident_of(request).id, now=clock.now())
        return Response(_wait(request, wait_id))


class RestrictionsView(ResidentView):
    """GET clinics/restrictions"""

    @extend_schema(
        operation_id="clinics_restrictions", parameters=PAGE, responses=paged(shapes.RestrictionOutput)
    )
    def get(self, request: Request) -> Response:
        rows = selectors.restrictions_own(resident_id=resident_of(request).id, now=clock.now())
        page = page_of(rows=rows, request=request, keys=("-id",))
        return Response({"results": [restriction_shape(one) for one in page.rows], "next": page.next})


class AppealView(ResidentView):
    """POST clinics/restrictions/{id}/appeal"""

    @extend_schema(request=shapes.AppealInput, responses=shapes.RestrictionOutput)
    def post(self, request: Request, restriction_id: UUID) -> Response:
        text, resident_id, now = shapes.AppealInput.of(request)["text"], resident_of(request).id, clock.now()
        services.restriction_appeal(
            restriction_id=restriction_id, resident_id=resident_id, text=text, now=now
        )
        rows = selectors.restrictions_own(resident_id=resident_id, now=now)
        return Response(restriction_shape(rows.get(pk=restriction_id)))


def _referral(request: Request, referral_id: UUID) -> dict[str, object]:
    found = (
        selectors.referrals_own(resident_id=resident_of(request).id, now=clock.now())
        .filter(pk=referral_id)
        .first()
    )
    if found is None:
        raise ReferralUnknown
    return referral_shape(found, consented=found.pk in selectors.consented(referrals=[found]))


class ReferralsView(ResidentView):
    """GET clinics/referrals"""

    @extend_schema(operation_id="clinics_referrals", parameters=PAGE, responses=paged(shapes.ReferralOutput))
    def get(self, request: Request) -> Response:
        rows = selectors.referrals_own(resident_id=resident_of(request).id, now=clock.now())
        page = page_of(rows=rows, request=request, keys=("-id",))
        agreed = selectors.consented(referrals=page.rows)
        results = [referral_shape(one, consented=one.pk in agreed) for one in page.rows]
        return Response({"results": results, "next": page.next})


class ReferralConsentView(ResidentView):
    """POST clinics/referrals/{id}/consent"""

    @extend_schema(request=None, responses=shapes.ReferralOutput)
    def post(self, request: Request, referral_id: UUID) -> Response:
        services.consent_give(referral_id=referral_id, resident_id=resident_of(request).id, now=clock.now())
        return Response(_referral(request, referral_id))


class ReferralWithdrawView(ResidentView):
    """POST clinics/referrals/{id}/withdraw"""

    @extend_schema(request=None, responses=shapes.ReferralOutput)
    def post(self, request: Request, referral_id: UUID) -> Response:
        services.consent_withdraw(
            referral_id=referral_id, resident_id=resident_of(request).id, now=clock.now()
        )
        return Response(_referral(request, referral_id))
