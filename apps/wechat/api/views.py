"""What a scanned code leads to."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.common.api.permissions import Public
from apps.wechat import selectors
from apps.wechat.api import serializers as shapes


class SceneView(APIView):
    """GET scenes/{token}"""

    permission_classes = [Public]
    authentication_classes = []

    @extend_schema(responses=shapes.SceneOutput)
    def get(self, _request: Request, token: str) -> Response:
        scene = selectors.scene_of(token=token)
        if scene is None:
            raise NotFound
        return Response(scene)
