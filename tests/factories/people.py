"""Residents and staff for tests; names and numbers that can not be taken for a real person's."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group
from django.http import HttpResponse
from django.test import Client

from apps.accounts import services
from apps.accounts.models import Department, Membership, Resident, Staff
from apps.accounts.selectors import policy_current
from apps.common import clock
from apps.news.querysets import DESK
from apps.news.services import column_right_grant

_numbers = itertools.count(1)
POLICY = "2026-11"
BASE = "/api/v1/"


@dataclass
class ResidentClient:
    """HTTP as the mini-program speaks it: paths below /api/v1/, JSON bodies, the resident's token."""

    resident_id: UUID | None
    token: str
    openid: str = ""

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        return ({"Authorization": f"Bearer {self.token}"} if self.token else {}) | more

    def get(self, path: str, headers: dict[str, str] | None = None, **query: Any) -> HttpResponse:
        """GET a path."""
        return Client().get(BASE + path, query, headers=self._headers(headers or {}))

    def send(self, method: str, path: str, body: Any, *, key: str | None = None) -> HttpResponse:
        """Send JSON, or bytes as they are."""
        raw = body if isinstance(body, bytes) else json.dumps(body)
        more = {"Idempotency-Key": key} if key else {}
        return Client(raise_request_exception=False).generic(
            method, BASE + path, raw, content_type="application/json", headers=self._headers(more)
        )

    def post(self, path: str, body: Any = None, *, key: str | None = None) -> HttpResponse:
        """POST JSON."""
        return self.send("POST", path, {} if body is None else body, key=key)

    def put(self, path: str, body: Any) -> HttpResponse:
        """PUT JSON."""
        return self.send("PUT", path, body)

    def upload(self, file: Any, *, purpose: str = "case", key: str | None = None) -> HttpResponse:
        """POST a file as a form."""
        return self.upload_to("uploads", file, {"purpose": purpose}, key=key)

    def upload_to(
        self, path: str, file: Any, fields: dict[str, str], *, key: str | None = None
    ) -> HttpResponse:
        """POST a file and fields as a form to a path."""
        more = {"Idempotency-Key": key} if key else {}
        return Client(raise_request_exception=False).post(
            BASE + path, {"file": file, **fields}, headers=self._headers(more)
        )


def resident_make(
    *, agreed: bool = True, openid: str | None = None, phone: str | None = None
) -> ResidentClient:
    """Return a signed-in resident; the policy in force on the running clock is agreed to."""
    number = next(_numbers)
    openid = openid or f"test-openid-{number}"
    now = clock.now()
    resident, pair, _new = services.resident_sign_in(
        openid=openid, unionid=None, privacy_version=policy_now() if agreed else None, now=now
    )
    if phone:
        services.phone_set(resident_id=resident.id, phone=phone)
    return ResidentClient(resident.id, pair.access, openid)


def policy_now() -> str:
    """Return the version in force, writing an old one for tests that turn the clock back."""
    services.policy_publish(
        version="2020-01", major=1, text_url="/p", valid_from=clock.midnight("2020-01-01"),
        items=[{"purpose": "basic_service", "fields": [], "retention": ""}],
    )  # fmt: skip
    policy = policy_current(now=clock.now())
    assert policy is not None
    return policy.version


def staff_make(*roles: str, unit: str | None = None, is_head: bool = False) -> Staff:
    """Return a member of staff with roles and unit; the content desk works in all columns."""
    number = next(_numbers)
    staff = Staff.objects.create(
        username=f"test.{number}", display_name=f"测试·{number}", is_staff=True, password="!"
    )
    staff.groups.set(Group.objects.filter(name__in=roles))
    if set(roles) & {role.value for role in DESK}:
        column_right_grant(staff=staff, column=None)
    if unit:
        Membership.objects.create(staff=staff, department=Department.objects.get(code=unit), is_head=is_head)
    return Staff.objects.get(pk=staff.pk)


def resident_row(client: ResidentClient) -> Resident:
    """Return the row of a resident's client."""
    return Resident.objects.get(id=client.resident_id)


def code_of(answer: HttpResponse) -> str:
    """Return the code of the first error."""
    return str(json.loads(answer.content)["errors"][0]["code"])


def attr_of(answer: HttpResponse) -> str | None:
    """Return the field of the first error."""
    attr: str | None = json.loads(answer.content)["errors"][0]["attr"]
    return attr
