"""The directory: lists, one network point, the circle, services, and residents' corrections."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.base import PublicView, ResidentView, resident_of
from apps.common import clock
from apps.common.api.idempotency import answer_once
from apps.common.api.paging import limit_of, page_of
from apps.common.api.schema import paged
from apps.facilities import circle, selectors, services
from apps.facilities.access import Profile
from apps.facilities.api import inputs, shapes
from apps.facilities.api import serializers as schema
from apps.facilities.circle_selectors import circle_around
from apps.facilities.errors import FacilityNotFound
from apps.facilities.search import walk_of
from apps.facilities.search_errors import NearInvalid
from apps.facilities.search_text import MAX_CHARS
from apps.facilities.service_selectors import matters_of, services_public
from apps.facilities.states import Tier

_KEY = OpenApiParameter("Idempotency-Key", OpenApiTypes.STR, OpenApiParameter.HEADER)
_CRS = OpenApiParameter("crs", OpenApiTypes.STR, enum=["gcj02", "wgs84"])
_PAGE = [OpenApiParameter("limit", OpenApiTypes.INT), OpenApiParameter("cursor", OpenApiTypes.STR)]


class FacilitiesView(PublicView):
    """GET facilities"""

    @extend_schema(
        operation_id="facilities_list",
        parameters=[
            OpenApiParameter("kind", OpenApiTypes.STR), OpenApiParameter("street", OpenApiTypes.STR),
            OpenApiParameter("service", OpenApiTypes.STR, description="The code of what must be offered there."),
            OpenApiParameter("q", OpenApiTypes.STR, description="Words, parts of names, pinyin or initials."),
            OpenApiParameter("near", OpenApiTypes.STR, description="lng,lat: nearest first, with distance_m."), _CRS,
            OpenApiParameter("radius_m", OpenApiTypes.INT, description=f"1 to {inputs.MOST_RADIUS_M}, with near."),
            OpenApiParameter("open_now", OpenApiTypes.STR, enum=["1", "0"]),
            OpenApiParameter("accessible_for", OpenApiTypes.STR, enum=[one.value for one in Profile]), *_PAGE,
        ],
        responses=paged(schema.FacilityItem),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        open_now = inputs.choice_of(request, "open_now", ["1", "0"]) == "1"
        near = inputs.near_of(request)
        radius_m = inputs.radius_of(request, near=near)
        asked, limit, now = inputs.asked_of(request, can_open=open_now), limit_of(request), clock.now()
        after = inputs.cursor_of(request, near=near is not None, words=bool(asked.text))
        walk = walk_of(asked=asked, near=near, radius_m=radius_m)
        page = selectors.facilities_page(walk=walk, after=after, limit=limit, open_now=open_now, now=now)
        today = clock.local(now).date()
        results = [shapes.facility_item(line, today=today) for line in page.lines]
        return Response({"results": results, "next": inputs.cursor_text(page.next)})


class FacilityView(PublicView):
    """GET facilities/{id}"""

    @extend_schema(responses=schema.FacilityOutput)
    def get(self, _request: Request, facility_id: UUID) -> Response:
        now = clock.now()
        whole = selectors.facility_whole(facility_id=facility_id, now=now)
        if whole is None:
            raise FacilityNotFound
        return Response(shapes.facility_detail(whole, now=now))


class CircleView(PublicView):
    """GET circle"""

    @extend_schema(
        parameters=[
            OpenApiParameter("near", OpenApiTypes.STR, required=True, description="lng,lat"), _CRS,
            OpenApiParameter(
                "minutes", OpenApiTypes.INT, description=f"{circle.LEAST_MINUTES} to {circle.MOST_MINUTES}, default 15."
            ),
        ],
        responses=schema.CircleOutput,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        near, minutes = inputs.near_of(request), inputs.minutes_of(request)
        if near is None:
            raise NearInvalid(attr="near")
        return Response(shapes.circle_shape(circle_around(here=near, minutes=minutes, on=clock.today())))


class ServicesView(PublicView):
    """GET services"""

    @extend_schema(
        operation_id="services_list",
        parameters=[
            OpenApiParameter("level", OpenApiTypes.STR, enum=[one.value for one in Tier]),
            OpenApiParameter("q", OpenApiTypes.STR), *_PAGE,
        ],
        responses=paged(schema.MatterOutput),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        level = inputs.choice_of(request, "level", [one.value for one in Tier])
        rows = services_public(level=level, text=inputs.text_of(request, "q", most=MAX_CHARS))
        page = page_of(rows=rows, request=request, keys=("code", "id"))
        results = [shapes.matter_shape(matter) for matter in matters_of(services=page.rows)]
        return Response({"results": results, "next": page.next})


class CorrectionView(ResidentView):
    """POST facilities/{id}/corrections"""

    @extend_schema(parameters=[_KEY], request=schema.CorrectionInput, responses={201: schema.CorrectionMade})
    def post(self, request: Request, facility_id: UUID) -> HttpResponseBase:
        given, resident_id = schema.CorrectionInput.of(request), resident_of(request).id

        def work() -> Response:
            made = services.correction_submit(
                facility_id=facility_id, resident_id=resident_id, now=clock.now(), **given
            )
            return Response({"id": str(made.id), "state": made.state}, status=201)

        return answer_once(request=request, actor_id=resident_id, work=work)


class CorrectionsView(ResidentView):
    """GET me/facility-corrections"""

    @extend_schema(parameters=_PAGE, responses=paged(schema.CorrectionOutput))
    def get(self, request: Request) -> Response:
        rows: Any = selectors.corrections_own(resident_id=resident_of(request).id)
        page = page_of(rows=rows, request=request, keys=("-id",))
        results = [shapes.correction_shape(row) for row in page.rows]
        return Response({"results": results, "next": page.next})
