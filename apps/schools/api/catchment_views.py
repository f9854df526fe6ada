"""Which schools a home belongs to."""

from __future__ import annotations

import datetime as dt
import re

from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.base import PublicView
from apps.common import clock
from apps.common.api.fields import text_clean
from apps.schools.ground_errors import QuestionInvalid
from apps.schools.ground_selectors import CatchmentHit, catchment_schools
from apps.schools.models import Stage

ADDRESS_CHARS = 120
COMMUNITY_CHARS = 12
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class CatchmentOutput(serializers.Serializer[object]):
    school = serializers.CharField()
    school_code = serializers.CharField()
    facility = serializers.UUIDField(allow_null=True)
    by = serializers.ChoiceField(
        choices=["road", "community"], help_text="Which sort of line it is found by."
    )
    version = serializers.CharField()
    valid_from = serializers.DateField()
    valid_to = serializers.DateField(allow_null=True, help_text="The first day on which it no longer holds.")
    source = serializers.CharField()  # type: ignore[assignment]  # a field of that name, not the base's setting


class CatchmentView(PublicView):
    """GET schools/catchment"""

    @extend_schema(
        operation_id="schools_catchment",
        parameters=[
            OpenApiParameter("stage", OpenApiTypes.STR, enum=Stage.values, required=True),
            OpenApiParameter("community", OpenApiTypes.STR, description="The community's code."),
            OpenApiParameter(
                "address", OpenApiTypes.STR, description="As people write it; this or community. It is not kept or logged."
            ),
            OpenApiParameter("on", OpenApiTypes.DATE, description="Left out: today."),
        ],
        responses=CatchmentOutput(many=True),
    )  # fmt: skip
    def get(self, request: Request) -> Response:
        stage, on = _stage(request), _day(request)
        community = _text(request, "community", COMMUNITY_CHARS)
        address = _text(request, "address", ADDRESS_CHARS)
        if not community and not address:
            raise QuestionInvalid(attr="address", name="address", limit=_("an address, or community a code"))
        hits = catchment_schools(stage=stage, on=on, community=community or None, address=address)
        return Response([_shape(hit) for hit in hits])


def _shape(hit: CatchmentHit) -> dict[str, object]:
    return {
        "school": hit.school_name, "school_code": hit.school_code, "facility": hit.facility, "by": hit.by,
        "version": hit.version_name, "valid_from": hit.valid_from, "valid_to": hit.valid_to, "source": hit.source,
    }  # fmt: skip


def _stage(request: Request) -> str:
    stage = request.query_params.get("stage", "")
    if stage not in Stage.values:
        raise QuestionInvalid(
            attr="stage", name="stage", limit=_("one of: %(choices)s") % {"choices": ", ".join(Stage.values)}
        )
    return stage


def _day(request: Request) -> dt.date:
    text = request.query_params.get("on", "")
    if not text:
        return clock.today()
    try:
        # Without its dashes, or as a week, it is another format than the contract's.
        return dt.date.fromisoformat(text if _DAY.fullmatch(text) else "")
    except ValueError:
        raise QuestionInvalid(attr="on", name="on", limit=_("a date (YYYY-MM-DD)")) from None


def _text(request: Request, name: str, most: int) -> str:
    text = text_clean(request.query_params.get(name, "")).strip()
    if len(text) > most:
        raise QuestionInvalid(attr=name, name=name, limit=_("at most %(most)s characters") % {"most": most})
    return text
