"""The figure that everybody may check: units taken against claims counted."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.base import PublicView
from apps.capacity import selectors


class ReconciliationOutput(serializers.Serializer[object]):
    """``differing`` counters that are not the sum of their claims: zero, or something is wrong."""

    counted_at = serializers.DateTimeField(source="at", allow_null=True)
    pools = serializers.IntegerField()
    units = serializers.IntegerField()
    used = serializers.IntegerField()
    claimed = serializers.IntegerField()
    differing = serializers.IntegerField()


class ReconciliationView(PublicView):
    """GET capacity/reconciliation"""

    @extend_schema(operation_id="capacity_reconciliation", responses=ReconciliationOutput)
    def get(self, _request: Request) -> Response:
        newest = selectors.reconciliation_newest()
        never = {"at": None, "pools": 0, "units": 0, "used": 0, "claimed": 0, "differing": 0}
        return Response(ReconciliationOutput(newest or never).data)
