"""The figures that everybody may read."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts import selectors as accounts
from apps.accounts.api.base import PublicView
from apps.common import clock
from apps.common.api.fields import text_clean
from apps.reports import selectors
from apps.reports.api.serializers import StatsOutput, stats_shape
from apps.reports.errors import FigureUnitUnknown
from apps.reports.periods import period_of
from apps.reports.selectors import Filters


class StatsView(PublicView):
    """GET feedback/stats"""

    @extend_schema(
        operation_id="feedback_stats",
        parameters=[
            OpenApiParameter("from", OpenApiTypes.DATE, description="Default: 29 days before `to`."),
            OpenApiParameter("to", OpenApiTypes.DATE, description="Default: today; at most 400 days with `from`."),
            OpenApiParameter("unit", OpenApiTypes.STR, description="The code of a unit; without it the district."),
        ],
        responses=StatsOutput,
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        given = request.query_params
        period = period_of(since=given.get("from", ""), until=given.get("to", ""), today=clock.today())
        unit = None
        if code := text_clean(given.get("unit", "")).strip():
            unit = accounts.department_by_code(code=code)
            if unit is None:
                raise FigureUnitUnknown(attr="unit")
        units = frozenset({unit.id}) if unit else None
        table = selectors.figure_table(
            since=period.since, until=period.until, by="all", filters=Filters(units=units), published=True
        )
        return Response(stats_shape(table=table, unit=unit))
