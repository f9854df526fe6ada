"""The inbox and the permissions for WeChat messages."""

from __future__ import annotations

from typing import ClassVar

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.authentication import ResidentAuthentication
from apps.accounts.api.base import PublicView, ResidentView, resident_of
from apps.common import clock
from apps.common.api.idempotency import answer_once
from apps.common.api.paging import page_of
from apps.common.api.schema import paged
from apps.common.ids import uuid7
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


class SubscriptionsView(ResidentView):
    """GET, PUT subscriptions"""

    @extend_schema(responses=shapes.SubscriptionOutput(many=True))
    def get(self, request: Request) -> Response:
        return self._list(request)

    @extend_schema(
        request=shapes.SubscriptionInput(many=True), responses=shapes.SubscriptionOutput(many=True)
    )
    def put(self, request: Request) -> Response:
        given = shapes.SubscriptionInput(many=True).run_validation(request.data)
        wanted = [
            services.Wanted(one["topic"], one["channels"]["wechat"], one["channels"]["sms"]) for one in given
        ]
        services.subscriptions_put(resident_id=resident_of(request).id, wanted=wanted, now=clock.now())
        return self._list(request)

    def _list(self, request: Request) -> Response:
        rows = selectors.subscriptions_of(resident_id=resident_of(request).id)
        return Response(shapes.SubscriptionOutput(rows, many=True).data)


class TemplatesView(PublicView):
    """GET wechat/templates: with a token also what is at hand, and whether to ask now"""

    authentication_classes = [ResidentAuthentication]

    @extend_schema(
        parameters=[OpenApiParameter("moment", OpenApiTypes.STR, required=True)],
        responses=shapes.TemplateOutput(many=True),
    )
    def get(self, request: Request) -> Response:
        # Without a token there is no user.
        resident_id = resident_of(request).id if request.user else None
        found = selectors.templates_to_ask(
            moment=request.query_params.get("moment", ""), resident_id=resident_id
        )
        shown = Response(shapes.TemplateOutput(found, many=True).data)
        if resident_id is not None:
            shown["Cache-Control"] = "no-store"
        return shown


class GrantsView(ResidentView):
    """POST wechat/grants"""

    @extend_schema(
        parameters=[OpenApiParameter("Idempotency-Key", OpenApiTypes.STR, OpenApiParameter.HEADER)],
        request=shapes.GrantsInput, responses=shapes.GrantsOutput,
    )  # fmt: skip
    def post(self, request: Request) -> HttpResponse:
        given, resident = shapes.GrantsInput.of(request), resident_of(request)
        # A report without a key is one of its own; with one it counts once, however often it comes.
        key = request.headers.get("Idempotency-Key") or uuid7().hex

        def work() -> Response:
            remaining = services.grants_report(
                resident_id=resident.id, results=given["results"], key=key, now=clock.now()
            )
            return Response({"remaining": remaining})

        return answer_once(request=request, actor_id=resident.id, work=work)
