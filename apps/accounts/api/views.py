"""Sign-in, the resident's own data, consents."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts import selectors, services
from apps.accounts.api import serializers as shapes
from apps.accounts.api.base import PublicView, ResidentView, resident_of
from apps.accounts.tokens import TokenPair
from apps.accounts.wechat_sign_in import wechat_login, wechat_phone
from apps.common import clock
from apps.common.api.paging import page_of
from apps.common.api.schema import paged


def _tokens(pair: TokenPair) -> dict[str, Any]:
    return {key: value for key, value in asdict(pair).items() if key != "refresh_jti"}


class SignInView(PublicView):
    """POST auth/wechat"""

    throttle_scope = "sign_in"

    @extend_schema(request=shapes.SignInInput, responses=shapes.SignInOutput)
    def post(self, request: Request) -> Response:
        given = shapes.SignInInput.of(request)
        login = wechat_login(code=given["code"])  # before the transaction: a slow WeChat holds no row
        resident, pair, is_new = services.resident_sign_in(
            openid=login.openid,
            unionid=login.unionid,
            privacy_version=given.get("privacy_version"),
            now=clock.now(),
        )
        shown = {
            "id": resident.id,
            "nickname": resident.nickname,
            "phone_masked": resident.phone_masked,
            "elder_mode": resident.elder_mode,
            "is_new": is_new,
        }
        return Response(shapes.SignInOutput({**_tokens(pair), "resident": shown}).data)


class RefreshView(PublicView):
    """POST auth/refresh"""

    throttle_scope = "sign_in"

    @extend_schema(request=shapes.RefreshInput, responses=shapes.TokensOutput)
    def post(self, request: Request) -> Response:
        given = shapes.RefreshInput.of(request)
        return Response(_tokens(services.session_refresh(refresh=given["refresh"], now=clock.now())))


class LogoutView(PublicView):
    """POST auth/logout"""

    throttle_scope = "sign_in"

    @extend_schema(request=shapes.RefreshInput, responses={204: None})
    def post(self, request: Request) -> Response:
        given = shapes.RefreshInput.of(request)
        services.session_logout(refresh=given["refresh"], now=clock.now())
        return Response(status=204)


class MeView(ResidentView):
    """GET me"""

    @extend_schema(responses=shapes.MeOutput)
    def get(self, request: Request) -> Response:
        return Response(shapes.MeOutput(resident_of(request)).data)


class ProfileView(ResidentView):
    """PUT me/profile"""

    @extend_schema(request=shapes.ProfileInput, responses=shapes.MeOutput)
    def put(self, request: Request) -> Response:
        given = shapes.ProfileInput.of(request)
        resident = services.profile_update(
            resident_id=resident_of(request).id, now=clock.now(), on=clock.today(), **given
        )
        return Response(shapes.MeOutput(resident).data)


class PhoneView(ResidentView):
    """POST me/phone"""

    @extend_schema(request=shapes.PhoneInput, responses=shapes.PhoneOutput)
    def post(self, request: Request) -> Response:
        given = shapes.PhoneInput.of(request)
        resident = resident_of(request)
        phone = wechat_phone(code=given["code"], openid=resident.openid)
        resident = services.phone_set(resident_id=resident.id, phone=phone)
        return Response({"phone_masked": resident.phone_masked})


class PrivacyView(PublicView):
    """GET privacy"""

    @extend_schema(responses=shapes.PolicyOutput)
    def get(self, _request: Request) -> Response:
        policy = selectors.policy_current(now=clock.now())
        if policy is None:
            raise NotFound
        return Response(shapes.PolicyOutput(policy).data)


class ConsentsView(ResidentView):
    """GET and POST me/consents"""

    consent_needed: ClassVar[bool] = False

    @extend_schema(responses=paged(shapes.ConsentOutput))
    def get(self, request: Request) -> Response:
        rows = selectors.consents_of(resident_id=resident_of(request).id)
        page = page_of(rows=rows, request=request, keys=("-given_at", "-id"))
        return Response({"results": shapes.ConsentOutput(page.rows, many=True).data, "next": page.next})

    @extend_schema(request=shapes.ConsentInput, responses={201: shapes.ConsentOutput})
    def post(self, request: Request) -> Response:
        given = shapes.ConsentInput.of(request)
        consent = services.consent_give(
            resident_id=resident_of(request).id,
            purpose=given["purpose"],
            version=given["version"],
            now=clock.now(),
        )
        return Response(shapes.ConsentOutput(consent).data, status=201)


class ConsentWithdrawView(ResidentView):
    """POST me/consents/{purpose}/withdraw"""

    consent_needed: ClassVar[bool] = False

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, purpose: str) -> Response:
        services.consent_withdraw(resident_id=resident_of(request).id, purpose=purpose, now=clock.now())
        return Response(status=204)


class AccessLogView(ResidentView):
    """GET me/access-log"""

    @extend_schema(responses=paged(shapes.AccessLogOutput))
    def get(self, request: Request) -> Response:
        rows = selectors.access_log_of(resident_id=resident_of(request).id)
        page = page_of(rows=rows, request=request, keys=("-id",))
        return Response({"results": shapes.AccessLogOutput(page.rows, many=True).data, "next": page.next})
