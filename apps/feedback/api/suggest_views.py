"""Before the form: what a text is about, who reported the same, what may answer it."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.base import ResidentView
from apps.common import clock
from apps.feedback import selectors, services
from apps.feedback.api import serializers as shapes
from apps.feedback.incident_selectors import Alike


class SuggestView(ResidentView):
    """POST feedback/suggest"""

    # Nothing of the resident is written: the look is recorded masked and without who asked.
    consent_needed: ClassVar[bool] = False

    @extend_schema(request=shapes.SuggestInput, responses=shapes.SuggestOutput)
    def post(self, request: Request) -> Response:
        given = shapes.SuggestInput.of(request)
        found = services.suggest(
            text=given["text"], street=given.get("street"), point=given.get("point"), now=clock.now()
        )
        return Response(
            {
                "id": str(found.id),
                "categories": [
                    {"code": code, "name": name, "score": round(score, 4)}
                    for code, name, score in found.categories
                ],
                "similar": [_similar(one) for one in found.similar],
                "answers": [{"kind": one.kind, "title": one.title, "url": one.url} for one in found.answers],
            }
        )


class SuggestSolvedView(ResidentView):
    """POST feedback/suggest/{id}/solved"""

    consent_needed: ClassVar[bool] = False

    @extend_schema(request=shapes.SolvedInput, responses={204: None})
    def post(self, request: Request, inquiry_id: Any) -> Response:
        given = shapes.SolvedInput.of(request)
        services.inquiry_solved(inquiry_id=inquiry_id, kind=given["kind"], url=given["url"], now=clock.now())
        return Response(status=204)


def _similar(one: Alike) -> dict[str, Any]:
    """Return what strangers learn of a live case: its matter and street, by the number under which it can be followed."""
    return {
        "number": one.public_number,
        "title": selectors.matter_words(category=one.category, street=one.street, on=clock.today()),
        "state": one.state,
        "distance_m": one.distance_m,
    }
