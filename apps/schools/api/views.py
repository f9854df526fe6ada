"""What everybody may read: rounds, the seat counter, and all that is needed to check a draw."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.base import PublicView
from apps.common import clock
from apps.common.api.paging import page_of
from apps.common.api.schema import paged
from apps.common.times import iso_text
from apps.schools import draw_selectors, selectors, verify
from apps.schools.api import serializers as schema
from apps.schools.api.shapes import count_shape, intake_shape, round_shape, round_whole

PAGE = [OpenApiParameter("limit", OpenApiTypes.INT), OpenApiParameter("cursor", OpenApiTypes.STR)]
VERIFIER = "verify.py"


class RoundsView(PublicView):
    """GET schools/rounds"""

    @extend_schema(operation_id="schools_rounds", parameters=PAGE, responses=paged(schema.RoundOutput))
    def get(self, request: Request) -> Response:
        page, now = (
            page_of(rows=selectors.rounds_public(), request=request, keys=("-year", "id")),
            clock.now(),
        )
        return Response({"results": [round_shape(one, now) for one in page.rows], "next": page.next})


class RoundView(PublicView):
    """GET schools/rounds/{id}"""

    @extend_schema(operation_id="schools_round", responses=schema.RoundWhole)
    def get(self, _request: Request, round_id: UUID) -> Response:
        return Response(round_whole(selectors.round_public(round_id=round_id), clock.now()))


class IntakesView(PublicView):
    """GET schools/rounds/{id}/intakes"""

    @extend_schema(operation_id="schools_intakes", responses=schema.IntakeOutput(many=True))
    def get(self, _request: Request, round_id: UUID) -> Response:
        held = selectors.round_public(round_id=round_id)
        return Response([intake_shape(one) for one in selectors.intakes_public(round_id=held.pk)])


class HistoryView(PublicView):
    """GET schools/rounds/{id}/history"""

    @extend_schema(operation_id="schools_history", parameters=PAGE, responses=paged(schema.CountOutput))
    def get(self, request: Request, round_id: UUID) -> Response:
        held = selectors.round_public(round_id=round_id)
        page = page_of(rows=selectors.counts_of(round_id=held.pk), request=request, keys=("-on", "id"))
        return Response({"results": [count_shape(one) for one in page.rows], "next": page.next})


class DrawView(PublicView):
    """GET schools/rounds/{id}/draw"""

    @extend_schema(operation_id="schools_draw", responses=schema.DrawOutput)
    def get(self, _request: Request, round_id: UUID) -> Response:
        held = selectors.round_public(round_id=round_id)
        told = draw_selectors.draw_public(held=held)
        names = told.files
        return Response(
            {
                "round": held.pk, "roster_hash": told.roster_hash, "frozen_at": iso_text(told.frozen_at),
                "applicants": told.applicants, "public_number_source": held.public_number_source,
                "commitment": told.commitment, "committed_at": iso_text(told.committed_at),
                "public_number": told.public_number, "secret": told.secret, "revealed_at": iso_text(told.revealed_at),
                "algorithm": told.algorithm, "certificate_holds": told.certificate_holds,
                "bundle_hash": told.bundle_hash, "files": [*names, VERIFIER] if names else [],
            }
        )  # fmt: skip


class DrawFileView(PublicView):
    """GET schools/rounds/{id}/draw/files/{name}"""

    @extend_schema(
        operation_id="schools_draw_file",
        responses={(200, "application/octet-stream"): OpenApiResponse(OpenApiTypes.BINARY)},
    )
    def get(self, _request: Request, round_id: UUID, name: str) -> HttpResponse:
        held = selectors.round_public(round_id=round_id)
        data: bytes | None
        if name == VERIFIER:
            data = Path(verify.__file__).read_bytes()
        else:
            data = draw_selectors.file_public(held=held, name=name)
        if data is None:
            raise NotFound
        answer = HttpResponse(data, content_type="application/octet-stream")
        answer["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer
