"""Cases of the signed-in resident."""

from __future__ import annotations

from typing import Any

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.base import PublicView, ResidentView, resident_of
from apps.common import clock
from apps.common.api.idempotency import answer_once
from apps.common.api.paging import page_of
from apps.common.api.schema import paged
from apps.feedback import selectors, services
from apps.feedback.api import serializers as shapes
from apps.feedback.api.shapes import case_shape
from apps.feedback.states import CaseState

_KEY = OpenApiParameter("Idempotency-Key", OpenApiTypes.STR, OpenApiParameter.HEADER)


class CategoriesView(PublicView):
    """GET feedback/categories"""

    @extend_schema(responses=shapes.CategoryGroup(many=True))
    def get(self, _request: Request) -> Response:
        return Response(selectors.category_tree(on=clock.today()))


class CasesView(ResidentView):
    """GET and POST feedback/cases"""

    @extend_schema(
        operation_id="feedback_cases_list",
        parameters=[
            OpenApiParameter("state", OpenApiTypes.STR, enum=[s.value for s in CaseState]),
            OpenApiParameter("limit", OpenApiTypes.INT), OpenApiParameter("cursor", OpenApiTypes.STR),
        ],
        responses=paged(shapes.CaseOutput),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        state = request.query_params.get("state")
        rows = selectors.cases_own(resident_id=resident_of(request).id, state=state)
        page = page_of(rows=rows, request=request, keys=("-submitted_at", "-id"))
        history, now = selectors.histories_of(cases=page.rows), clock.now()
        results = [case_shape(case=case, history=history, now=now) for case in page.rows]
        return Response({"results": results, "next": page.next})

    @extend_schema(parameters=[_KEY], request=shapes.CaseInput, responses={201: shapes.CaseOutput})
    def post(self, request: Request) -> HttpResponseBase:
        draft = shapes.CaseInput.draft(shapes.CaseInput.of(request))
        resident = resident_of(request)

        def work() -> Response:
            now = clock.now()
            made = services.case_submit(resident_id=resident.id, draft=draft, now=now)
            history = selectors.History({made.case.id: made.entries}, {made.entries[0].id: made.uploads})
            return Response(case_shape(case=made.case, history=history, now=now), status=201)

        return answer_once(request=request, actor_id=resident.id, work=work)


def _own_case(request: Request, number: str) -> dict[str, Any]:
    case = selectors.case_own(number=number, resident_id=resident_of(request).id)
    return case_shape(case=case, history=selectors.histories_of(cases=[case]), now=clock.now())


class CaseView(ResidentView):
    """GET feedback/cases/{number}"""

    @extend_schema(responses=shapes.CaseOutput)
    def get(self, request: Request, number: str) -> Response:
        return Response(_own_case(request, number))


class CaseSupplementView(ResidentView):
    """POST feedback/cases/{number}/supplement"""

    @extend_schema(parameters=[_KEY], request=shapes.SupplementInput, responses=shapes.CaseOutput)
    def post(self, request: Request, number: str) -> HttpResponseBase:
        given, resident_id = shapes.SupplementInput.of(request), resident_of(request).id

        def work() -> Response:
            services.case_supplement(number=number, resident_id=resident_id, now=clock.now(), **given)
            return Response(_own_case(request, number))

        return answer_once(request=request, actor_id=resident_id, work=work)


class CaseAnswerView(ResidentView):
    """POST feedback/cases/{number}/answer"""

    @extend_schema(request=shapes.AnswerInput, responses=shapes.CaseOutput)
    def post(self, request: Request, number: str) -> Response:
        given = shapes.AnswerInput.of(request)
        services.case_answer(
            number=number, resident_id=resident_of(request).id, question_id=given["question"], text=given["text"],
            uploads=given["uploads"], now=clock.now(),
        )  # fmt: skip
        return Response(_own_case(request, number))


class CaseNudgeView(ResidentView):
    """POST feedback/cases/{number}/nudge"""

    @extend_schema(request=shapes.NudgeInput, responses=shapes.CaseOutput)
    def post(self, request: Request, number: str) -> Response:
        given = shapes.NudgeInput.of(request)
        services.case_nudge(number=number, resident_id=resident_of(request).id, now=clock.now(), **given)
        return Response(_own_case(request, number))


class CaseReopenView(ResidentView):
    """POST feedback/cases/{number}/reopen"""

    @extend_schema(request=shapes.ReopenInput, responses=shapes.CaseOutput)
    def post(self, request: Request, number: str) -> Response:
        given = shapes.ReopenInput.of(request)
        services.case_reopen(number=number, resident_id=resident_of(request).id, now=clock.now(), **given)
        return Response(_own_case(request, number))


class CaseRateView(ResidentView):
    """POST feedback/cases/{number}/rate"""

    @extend_schema(request=shapes.RateInput, responses=shapes.CaseOutput)
    def post(self, request: Request, number: str) -> Response:
        given = shapes.RateInput.of(request)
        services.case_rate(number=number, resident_id=resident_of(request).id, now=clock.now(), **given)
        return Response(_own_case(request, number))


class CaseWithdrawView(ResidentView):
    """POST feedback/cases/{number}/withdraw"""

    @extend_schema(request=shapes.WithdrawInput, responses=shapes.CaseOutput)
    def post(self, request: Request, number: str) -> Response:
        given = shapes.WithdrawInput.of(request)
        services.case_withdraw(number=number, resident_id=resident_of(request).id, now=clock.now(), **given)
        return Response(_own_case(request, number))
