"""A family's doors: children, applications, papers, results, answers."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.base import ResidentView, resident_of
from apps.common import clock
from apps.common.api.idempotency import answer_once
from apps.common.files import MAX_BYTES, FileTooBig
from apps.common.geo import Point
from apps.common.times import iso_text
from apps.schools import selectors, services
from apps.schools.api import serializers as schema
from apps.schools.api.shapes import application_shape, child_shape, offer_shape, story_shape
from apps.schools.models import ApplicationDocument
from apps.schools.services import By, ChildDraft, Filing

KEY = OpenApiParameter("Idempotency-Key", OpenApiTypes.STR, OpenApiParameter.HEADER)
# The form's own lines beside the file.
FORM_MARGIN_BYTES = 64 * 1024


class ChildrenView(ResidentView):
    """GET and POST children"""

    @extend_schema(operation_id="children_list", responses=schema.ChildOutput(many=True))
    def get(self, request: Request) -> Response:
        rows = selectors.children_of(resident_id=resident_of(request).id)
        return Response([child_shape(row) for row in rows])

    @extend_schema(parameters=[KEY], request=schema.ChildInput, responses={201: schema.ChildOutput})
    def post(self, request: Request) -> HttpResponseBase:
        given, resident_id = schema.ChildInput.of(request), resident_of(request).id
        gender = given.get("gender")
        draft = ChildDraft(
            relation=given["relation"], name=given["name"], id_kind=given["id_kind"], id_number=given["id_number"],
            birth_on=given.get("birth_on"), is_female=None if gender is None else gender == "female", consent=given["consent"],
        )  # fmt: skip

        def work() -> Response:
            services.child_add(resident_id=resident_id, draft=draft, now=clock.now())
            rows = selectors.children_of(resident_id=resident_id)
            return Response(child_shape(rows[-1]), status=201)

        return answer_once(request=request, actor_id=resident_id, work=work)


class GuardianConfirmView(ResidentView):
    """POST children/guardians/{guardianship}/confirm"""

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, guardianship_id: UUID) -> Response:
        services.guardian_confirm(
            guardianship_id=guardianship_id, by_resident_id=resident_of(request).id, now=clock.now()
        )
        return Response(status=204)


class GuardianView(ResidentView):
    """DELETE children/guardians/{guardianship}"""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, guardianship_id: UUID) -> Response:
        services.guardian_end(
            guardianship_id=guardianship_id, resident_id=resident_of(request).id, now=clock.now()
        )
        return Response(status=204)


def _filing(given: dict[str, Any]) -> Filing:
    home = given.get("home")
    return Filing(
        address=given.get("address"), community=given.get("community"), category=given.get("category"),
        phone=given.get("phone"), choices=given.get("preferences"),
        home=None if home is None else Point(home["lng"], home["lat"], home["crs"]),
    )  # fmt: skip


def _shown(application_id: UUID, resident_id: UUID) -> dict[str, Any]:
    return application_shape(
        selectors.application_shown(application_id=application_id, resident_id=resident_id)
    )


class ApplicationsView(ResidentView):
    """GET and POST schools/applications"""

    @extend_schema(operation_id="schools_applications_list", responses=schema.ApplicationOutput(many=True))
    def get(self, request: Request) -> Response:
        rows = selectors.applications_of(resident_id=resident_of(request).id)
        return Response([application_shape(row) for row in rows])

    @extend_schema(
        parameters=[KEY], request=schema.ApplicationInput, responses={201: schema.ApplicationOutput}
    )
    def post(self, request: Request) -> HttpResponseBase:
        given, resident_id = schema.ApplicationInput.of(request), resident_of(request).id

        def work() -> Response:
            row = services.application_begin(
                round_id=given["round"], child_id=given["child"], by=By(resident_id=resident_id), filing=_filing(given),
                now=clock.now(),
            )  # fmt: skip
            return Response(_shown(row.pk, resident_id), status=201)

        return answer_once(request=request, actor_id=resident_id, work=work)


class ApplicationView(ResidentView):
    """GET and PUT schools/applications/{id}"""

    @extend_schema(operation_id="schools_application", responses=schema.ApplicationOutput)
    def get(self, request: Request, application_id: UUID) -> Response:
        return Response(_shown(application_id, resident_of(request).id))

    @extend_schema(
        operation_id="schools_application_change",
        request=schema.ApplicationChange,
        responses=schema.ApplicationOutput,
    )
    def put(self, request: Request, application_id: UUID) -> Response:
        given, resident_id = schema.ApplicationChange.of(request), resident_of(request).id
        services.application_change(
            application_id=application_id, by=By(resident_id=resident_id), filing=_filing(given), now=clock.now(),
            version=given.get("version"),
        )  # fmt: skip
        return Response(_shown(application_id, resident_id))


class PaperInput(serializers.Serializer[object]):
    file = serializers.FileField()
    kind = serializers.ChoiceField(choices=ApplicationDocument.Kind.values)


class DocumentsView(ResidentView):
    """POST schools/applications/{id}/documents"""

    throttle_scope = "upload"
    parser_classes = [MultiPartParser]

    @extend_schema(
        parameters=[KEY],
        request={"multipart/form-data": PaperInput},
        responses={201: schema.PaperOutput},
    )
    def post(self, request: Request, application_id: UUID) -> HttpResponseBase:
        # Told from the header before the body is read: 100 MB must not travel to be refused.
        if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BYTES + FORM_MARGIN_BYTES:
            raise FileTooBig(attr="file", limit_mb=MAX_BYTES // 1024 // 1024)
        given = PaperInput(data=request.data)
        given.is_valid(raise_exception=True)
        file, kind = given.validated_data["file"], given.validated_data["kind"]
        resident_id = resident_of(request).id
        content = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)

        def work() -> Response:
            row = services.document_add(
                application_id=application_id,
                by=By(resident_id=resident_id),
                kind=kind,
                stream=file,
                now=clock.now(),
            )
            shape = {
                "id": row.pk,
                "kind": row.kind,
                "kind_label": row.get_kind_display(),
                "added_at": iso_text(row.added_at),
            }
            return Response(shape, status=201)

        return answer_once(
            request=request, actor_id=resident_id, work=work, body={"sha256": content, "kind": kind}
        )


class DocumentView(ResidentView):
    """DELETE schools/applications/{id}/documents/{document}"""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, application_id: UUID, document_id: UUID) -> Response:
        services.document_remove(
            application_id=application_id, document_id=document_id, by=By(resident_id=resident_of(request).id),
            now=clock.now(),
        )  # fmt: skip
        return Response(status=204)


class SubmitView(ResidentView):
    """POST schools/applications/{id}/submit"""

    @extend_schema(parameters=[KEY], request=None, responses=schema.ApplicationOutput)
    def post(self, request: Request, application_id: UUID) -> HttpResponseBase:
        resident_id = resident_of(request).id

        def work() -> Response:
            shown = services.application_submit(
                application_id=application_id, by=By(resident_id=resident_id), now=clock.now()
            )
            return Response(application_shape(shown))

        return answer_once(request=request, actor_id=resident_id, work=work)


class WithdrawView(ResidentView):
    """POST schools/applications/{id}/withdraw"""

    @extend_schema(request=None, responses=schema.ApplicationOutput)
    def post(self, request: Request, application_id: UUID) -> Response:
        resident_id = resident_of(request).id
        services.application_withdraw(
            application_id=application_id, by=By(resident_id=resident_id), now=clock.now()
        )
        return Response(_shown(application_id, resident_id))


class ObjectView(ResidentView):
    """POST schools/applications/{id}/object"""

    @extend_schema(request=schema.ObjectionInput, responses=schema.ApplicationOutput)
    def post(self, request: Request, application_id: UUID) -> Response:
        given, resident_id = schema.ObjectionInput.of(request), resident_of(request).id
        services.application_object(
            application_id=application_id, resident_id=resident_id, text=given["text"], now=clock.now()
        )
        return Response(_shown(application_id, resident_id))


def _result(application_id: UUID, resident_id: UUID) -> dict[str, Any]:
    row = selectors.application_of_guardian(application_id=application_id, resident_id=resident_id)
    offer = selectors.offer_newest(application_id=row.pk)
    return {
        "application": row.pk, "number": row.number, "roster_code": selectors.roster_code(application_id=row.pk),
        "choices": [story_shape(one) for one in selectors.result_of(application=row)], "offer": offer_shape(offer),
    }  # fmt: skip


class ResultView(ResidentView):
    """GET schools/applications/{id}/result"""

    @extend_schema(responses=schema.ResultOutput)
    def get(self, request: Request, application_id: UUID) -> Response:
        return Response(_result(application_id, resident_of(request).id))


class AcceptView(ResidentView):
    """POST schools/applications/{id}/offer/accept"""

    @extend_schema(parameters=[KEY], request=schema.PlaceAnswerInput, responses=schema.ResultOutput)
    def post(self, request: Request, application_id: UUID) -> HttpResponseBase:
        given, resident_id = schema.PlaceAnswerInput.of(request), resident_of(request).id

        def work() -> Response:
            services.offer_accept(
                application_id=application_id, by=By(resident_id=resident_id), intake_id=given.get("intake"), now=clock.now()
            )  # fmt: skip
            return Response(_result(application_id, resident_id))

        return answer_once(request=request, actor_id=resident_id, work=work)


class DeclineView(ResidentView):
    """POST schools/applications/{id}/offer/decline"""

    @extend_schema(parameters=[KEY], request=schema.PlaceAnswerInput, responses=schema.ResultOutput)
    def post(self, request: Request, application_id: UUID) -> HttpResponseBase:
        given, resident_id = schema.PlaceAnswerInput.of(request), resident_of(request).id

        def work() -> Response:
            services.offer_decline(
                application_id=application_id, by=By(resident_id=resident_id), intake_id=given.get("intake"), now=clock.now()
            )  # fmt: skip
            return Response(_result(application_id, resident_id))

        return answer_once(request=request, actor_id=resident_id, work=work)


class AppealView(ResidentView):
    """POST schools/applications/{id}/offer/appeal"""

    @extend_schema(parameters=[KEY], request=schema.AppealTextInput, responses={204: None})
    def post(self, request: Request, application_id: UUID) -> HttpResponseBase:
        given, resident_id = schema.AppealTextInput.of(request), resident_of(request).id

        def work() -> Response:
            services.appeal_make(
                application_id=application_id, resident_id=resident_id, text=given["text"], now=clock.now()
            )
            return Response(status=204)

        return answer_once(request=request, actor_id=resident_id, work=work)
