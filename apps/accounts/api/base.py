"""Base classes of views: each names who may call it."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from rest_framework.request import Request
from rest_framework.views import APIView

from apps.accounts.models import Resident
from apps.accounts.services import ConsentRequired
from apps.accounts.states import BASIC_SERVICE
from apps.common.api.permissions import Public, ResidentOnly


class PublicView(APIView):
    """Open to everybody; knows no resident, so that one answer can serve all."""

    permission_classes = [Public]
    authentication_classes = []


class ResidentView(APIView):
    """For a signed-in resident.  A write needs the basic consent of the policy in force, unless it says otherwise."""

    permission_classes = [ResidentOnly]
    consent_needed: ClassVar[bool] = True

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse a write without consent after DRF's own checks.  Raises ConsentRequired."""
        super().initial(request, *args, **kwargs)
        if self.consent_needed and request.method != "GET" and not getattr(request.user, "agreed", False):
            raise ConsentRequired(purpose=BASIC_SERVICE)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Keep a resident's own data out of every cache on the way."""
        response.setdefault("Cache-Control", "no-store")
        return super().finalize_response(request, response, *args, **kwargs)


def resident_of(request: Request) -> Resident:
    """Return the signed-in resident of a ``ResidentView``."""
    return cast(Resident, request.user)
