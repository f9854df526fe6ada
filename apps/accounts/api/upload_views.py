"""Uploads and the list of streets: common's data behind the doors of residents."""

from __future__ import annotations

import hashlib

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.base import PublicView, ResidentView, resident_of
from apps.common import clock, selectors
from apps.common.api.idempotency import answer_once
from apps.common.api.serializers import StreetOutput, UploadInput, UploadOutput, upload_shape
from apps.common.files import MAX_BYTES, FileTooBig, image_clean
from apps.common.uploads import upload_keep

# The form's own lines beside the file.
FORM_MARGIN_BYTES = 64 * 1024


class UploadView(ResidentView):
    """POST uploads"""

    throttle_scope = "upload"
    parser_classes = [MultiPartParser]

    @extend_schema(
        parameters=[OpenApiParameter("Idempotency-Key", OpenApiTypes.STR, OpenApiParameter.HEADER)],
        request=UploadInput,
        responses={201: UploadOutput},
    )
    def post(self, request: Request) -> HttpResponseBase:
        # Told from the header before the body is read: 100 MB must not travel to be refused.
        if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BYTES + FORM_MARGIN_BYTES:
            raise FileTooBig(attr="file", limit_mb=MAX_BYTES // 1024 // 1024)
        given = UploadInput(data=request.data)
        given.is_valid(raise_exception=True)
        file, purpose = given.validated_data["file"], given.validated_data["purpose"]
        owner_id = resident_of(request).id

        def work() -> Response:
            upload = upload_keep(clean=clean, owner_id=owner_id, purpose=purpose, now=clock.now())
            return Response(upload_shape(upload), status=201)

        content = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        clean = image_clean(stream=file)  # before the transaction: decoding takes up to a second
        return answer_once(
            request=request, actor_id=owner_id, work=work, body={"sha256": content, "purpose": purpose}
        )


class StreetsView(PublicView):
    """GET streets"""

    @extend_schema(responses=StreetOutput(many=True))
    def get(self, _request: Request) -> Response:
        return Response(selectors.streets_in_force(on=clock.today()))
