"""The inbox and the permissions for WeChat messages."""

from __future__ import annotations

from typing import ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.base import PublicView, ResidentView, resident_of
from apps.common import clock
from apps.common.api.paging import page_of
from apps.common.api.schema import paged
from apps.notifications import selectors, services
from apps.notifications.api import serializers as shapes


class InboxView(ResidentView):
    """GET inbox"""

    @extend_schema(
        parameters=[
            OpenApiParameter("unread", OpenApiTypes.BOOL), OpenApiParameter("limit", OpenApiTypes.INT),
            OpenApiParameter("cursor", OpenApiTypes.STR),
        ],
        responses=paged(shapes.InboxOutput),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        unread = request.query_params.get("unread") in ("1", "true")
        rows = selectors.inbox_of(resident_id=resident_of(request).id, unread=unread)
        page = page_of(rows=rows, request=request, keys=("-id",))
        return Response({"results": shapes.InboxOutput(page.rows, many=True).data, "next": page.next})


class UnreadCountView(ResidentView):
    """GET inbox/unread-count"""

    @extend_schema(responses=shapes.UnreadOutput)
    def get(self, request: Request) -> Response:
        return Response({"count": selectors.unread_count(resident_id=resident_of(request).id)})


class InboxReadView(ResidentView):
    """POST inbox/read"""

    consent_needed: ClassVar[bool] = False

    @extend_schema(request=shapes.ReadInput, responses=shapes.ReadOutput)
    def post(self, request: Request) -> Response:
        given = shapes.ReadInput.of(request)
        ids = None if given["all"] else given.get("ids", [])
        changed = services.inbox_read(resident_id=resident_of(request).id, ids=ids, now=clock.now())
        return Response({"changed": changed})


class TemplatesView(PublicView):
    """GET wechat/templates"""

    @extend_schema(
        parameters=[OpenApiParameter("moment", OpenApiTypes.STR, required=True)],
        responses=shapes.TemplateOutput(many=True),
    )
    def get(self, request: Request) -> Response:
        templates = selectors.templates_to_ask(moment=request.query_params.get("moment", ""))
        return Response(shapes.TemplateOutput(templates, many=True).data)


class GrantsView(ResidentView):
    """POST wechat/grants"""

    @extend_schema(request=shapes.GrantsInput, responses=shapes.GrantsOutput)
    def post(self, request: Request) -> Response:
        given = shapes.GrantsInput.of(request)
        remaining = services.grants_report(
            resident_id=resident_of(request).id, results=given["results"], now=clock.now()
        )
        return Response({"remaining": remaining})
